"""The rows of all sheets, asked by service: what a flow is worth as evidence, and which role explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from analyzer import protocols
from analyzer.conversation import Conversation
from analyzer.model import Direction, Ruleset

OPEN_PROTOCOLS: Final = frozenset({"coap", "tftp", "ssdp", "upnp", "coaps"})
"""Used by many products: evidence, but weak."""
COMMON_PROTOCOLS: Final = frozenset({"http", "tls", "bacnet"})
"""Used by everybody: they only tell roles apart where stronger evidence has spoken."""
STRONG, WEAK, FAINT = 12, 4, 1
"""Evidence: a service of the vendor's own; an open one, or one whose port others claim too; a common one."""
BACNET_SERVICE: Final = "igor-bacnet-service"
"""Any BACnet device accepts 47808: this role is implied, not inferred."""
UNNAMED: Final = 0.5
"""What a relation weighs where neither sheet names the other end, against one where a sheet does."""
ONE_SHEET: Final = 0.25
"""What it weighs where only one of the two sheets lists it."""
DUE: Final = 1.25
"""What a row that is due in normal operation counts more than one that is not."""

Key = tuple[str, int]
"""A service: transport and port."""


class Sheets:
    """The rows of all editions, asked by service."""

    def __init__(self, rulesets: Sequence[Ruleset]) -> None:
        self.protocols: dict[Key, dict[str, None]] = defaultdict(dict)
        self.lists: dict[tuple[str, Direction, Key], frozenset[str] | None] = {}
        """Role, direction, service → the roles it may be with; None where the sheet names none."""
        self.claims: dict[Key, list[str]] = defaultdict(list)
        for name, protocol in protocols.load().items():
            for key in protocol.ports:
                self.claims[key].append(name)
        self.due: set[tuple[str, Direction, Key]] = set()
        self.roles: dict[str, None] = {}
        only: set[tuple[str, str]] = set()
        for ruleset in rulesets:
            for edition in ruleset.editions:
                role = edition.subject
                if role == BACNET_SERVICE:
                    continue
                self.roles[role] = None
                sides: tuple[tuple[Direction, tuple[Key, ...]], ...] = (
                    ("incoming", edition.incoming),
                    ("outgoing", edition.outgoing),
                )
                for direction, keys in sides:
                    for key in keys:
                        service = ruleset.services.get(key)
                        self.protocols[key][service.protocol if service is not None else ""] = None
                        peers = edition.peers_of(direction, *key)
                        self._list((role, direction, key), peers)
                        if service is not None and edition.due_of(direction, service):
                            self.due.add((role, direction, key))
                if edition.peers.get("incoming") and len(edition.peers["incoming"]) == 1:
                    only |= {(role, peer) for peer in edition.peers["incoming"]}
        self.middle = {peer for role, peer in only if (peer, role) not in only}
        """Roles that another sheet names as its only peer."""
        self.around = {role for role, peer in only if (peer, role) not in only}

    def shared(self, key: Key, mine: Collection[str]) -> bool:
        """Whether a protocol of others claims the port too, as Kerberos does 88."""
        return any(name not in mine for name in self.claims.get(key, ()))

    def _list(self, row: tuple[str, Direction, Key], peers: frozenset[str] | None) -> None:
        before = self.lists.get(row, frozenset())
        self.lists[row] = None if peers is None or before is None else before | peers

    def weight(self, conversation: Conversation) -> float:
        """What a flow is worth as evidence, 0 where no sheet has it."""
        carried = self.protocols.get((conversation.transport, conversation.port))
        if carried is None:
            return 0
        name = conversation.protocol
        if name and name not in carried and name not in ("ssdp", "upnp", "http"):
            return 0
        own = WEAK if self.shared((conversation.transport, conversation.port), carried) else STRONG
        return max(
            FAINT if protocol in COMMON_PROTOCOLS else WEAK if protocol in OPEN_PROTOCOLS else own
            for protocol in carried
        )

    def explains(self, role: str, other: Mapping[str, float], direction: Direction, key: Key) -> float:
        """How well a relation fits ``role`` here and what the ``other`` end is believed to be."""
        if (role, direction, key) not in self.lists:
            return 0
        mine = self.lists[role, direction, key]
        back: Direction = "incoming" if direction == "outgoing" else "outgoing"
        fit = UNNAMED if mine is None and not other else 0.0
        for far, belief in other.items():
            if mine is not None and far not in mine:
                continue
            if (far, back, key) not in self.lists:
                fit += belief * ONE_SHEET
                continue
            theirs = self.lists[far, back, key]
            if theirs is None or role in theirs:
                fit += belief * (UNNAMED if mine is None and theirs is None else 1.0)
        return fit * (DUE if (role, direction, key) in self.due else 1.0)
