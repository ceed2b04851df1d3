"""Roles, modes and editions that nobody stated, read from the traffic, each with its reason.

Whatever stands on an inference is at most a warning. Roles are inferred only where the user declared none;
a mode or an edition is inferred for any host that has none. The sheets themselves say what to look for: a
host is likely to be the role whose rows explain what it opens and accepts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from analyzer.addresses import is_broadcast, is_multicast, is_unspecified, text
from analyzer.conversation import Address, Conversation
from analyzer.directory import Directory
from analyzer.model import Direction, Edition, Host, Ruleset, Site

OPEN_PROTOCOLS: Final = frozenset({"coap", "tftp", "ssdp", "upnp", "coaps"})
"""Used by many products: evidence, but weak."""
COMMON_PROTOCOLS: Final = frozenset({"http", "tls", "bacnet"})
"""Used by everybody: they only tell roles apart where stronger evidence has spoken."""
STRONG, WEAK, FAINT = 12, 4, 1
ENOUGH: Final = 2 * WEAK
"""Evidence a role needs: one service of the vendor's own, or two of the open ones."""
BACNET_SERVICE: Final = "igor-bacnet-service"
BACNET_SYSTEM: Final = "bacnet-system"
GATEWAY: Final = "igor-gateway"

Use = tuple[Direction, str, int]
"""``(direction, transport, port)`` seen from a host."""


def complete(site: Site, found: Sequence[Conversation], rulesets: Sequence[Ruleset]) -> Site:
    """``site`` with what the traffic adds: roles if none were declared, then modes and editions."""
    hosts = site.hosts if site.declared else tuple(_roles(found, rulesets))
    hosts = (*hosts, *_implied(hosts, found, rulesets))
    uses = _uses(hosts, found)
    return replace(site, hosts=tuple(_edition(host, hosts, uses, rulesets) for host in hosts))


# ---------------------------------------------------------------- roles


def _roles(found: Sequence[Conversation], rulesets: Sequence[Ruleset]) -> Iterable[Host]:
    ballot = _Ballot(rulesets)
    for conversation in found:
        ballot.count(conversation)
    for address in sorted(ballot.votes):
        if is_multicast(*address) or is_broadcast(*address) or is_unspecified(*address):
            continue  # no host has such an address, whatever a capture shows as coming from it
        role = ballot.elect(address)
        if role and ballot.telling[address] >= ENOUGH:
            reasons = list(dict.fromkeys(ballot.because[address][role]))
            several = len(ballot.partners[address])
            yield Host(
                name=text(*address),
                networks=(text(*address),),
                roles=(role,),
                basis="inferred",
                reason=f"behaves like {role}: {', '.join(reasons[:4])}"
                + (f", with {several} partners" if several > 1 else ""),
            )


class _Ballot:
    """Votes for what each host is: every flow votes for the roles whose sheets list it."""

    def __init__(self, rulesets: Sequence[Ruleset]) -> None:
        self.rulesets = rulesets
        self.listing = _listing(rulesets)
        self.hubs = {
            peer
            for ruleset in rulesets
            for edition in ruleset.editions
            for peers in edition.peers.values()
            for peer in peers
        }
        self.votes: dict[Address, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.because: dict[Address, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.partners: dict[Address, set[Address]] = defaultdict(set)
        self.telling: dict[Address, int] = defaultdict(int)
        """Weight of the services that only such equipment uses."""
        self.counted: set[tuple[Address, Address, str, int]] = set()

    def count(self, conversation: Conversation) -> None:
        """Count a flow's votes, once for each pair of hosts and service."""
        origin, target = conversation.originator, conversation.responder
        key = (origin, target, conversation.transport, conversation.port)
        pairs = self.listing.get((conversation.transport, conversation.port), {})
        if (
            not pairs
            or key in self.counted
            or origin == target
            or conversation.parent is not None
            or conversation.claimed
            or not _took_place(conversation)
            or (conversation.protocol and not _fits(conversation, pairs))
        ):
            return
        self.counted.add(key)
        weight, out_roles, in_roles = _weigh(pairs)
        if weight > FAINT:
            self.partners[origin].add(target)
            self.partners[target].add(origin)
            self.telling[origin] += weight
            self.telling[target] += weight
        for address, roles, verb in ((origin, out_roles, "opens"), (target, in_roles, "accepts")):
            for role in roles:
                self.votes[address][role] += weight
                self.because[address][role].append(
                    f"{verb} {conversation.transport.upper()} {conversation.port}"
                )

    def elect(self, address: Address) -> str:
        """The role with the most evidence; a tie goes to the hub's role where the host is a hub.

        A sheet that names its subject's only peer says as well that the peer is in the middle: the host
        with several partners is that peer, and its partners are the sheet's subjects. Empty: no telling.
        """
        tally = self.votes[address]
        best = max(tally.values())
        tied = sorted(role for role, count in tally.items() if count == best)
        if len(tied) == 1:
            return tied[0]
        mine = len(self.partners[address])
        theirs = max((len(self.partners[other]) for other in self.partners[address]), default=0)
        middle = [role for role in tied if role in self.hubs and _names_me(role, tied, self.rulesets)]
        if not middle:
            return _due_first(tied, self.rulesets)
        around = [role for role in tied if role not in middle]
        if mine > max(theirs, 1):
            return middle[0]
        if around and theirs > max(mine, 1):
            return _due_first(around, self.rulesets)
        return self._from_other(address, tied) if mine == 1 else ""

    def _from_other(self, address: Address, tied: Sequence[str]) -> str:
        """Two hosts and no hub: whatever tells the other one apart tells this one too."""
        other = next(iter(self.partners[address]))
        clear = sorted(self.votes[other].items(), key=lambda item: -item[1])
        if clear and (len(clear) == 1 or clear[0][1] > clear[1][1]):
            return next((role for role in tied if role != clear[0][0]), "")
        return ""


Pairs = dict[str, dict[Direction, set[str]]]


def _listing(rulesets: Sequence[Ruleset]) -> Mapping[tuple[str, int], Pairs]:
    """``(transport, port)`` → protocol → direction → roles whose sheets list it."""
    found: dict[tuple[str, int], Pairs] = {}
    for ruleset in rulesets:
        for edition in ruleset.editions:
            if edition.subject == BACNET_SERVICE:
                continue  # any BACnet device accepts 47808; the role is implied, not inferred
            both: tuple[tuple[Direction, tuple[tuple[str, int], ...]], ...] = (
                ("incoming", edition.incoming),
                ("outgoing", edition.outgoing),
            )
            for direction, rows in both:
                for key in rows:
                    service = ruleset.services.get(key)
                    protocol = service.protocol if service is not None else ""
                    pairs = found.setdefault(key, {})
                    pairs.setdefault(protocol, {"incoming": set(), "outgoing": set()})[direction].add(
                        edition.subject
                    )
    return found


def _took_place(conversation: Conversation) -> bool:
    """Whether both ends had a part in it: an attempt says nothing about the host it was aimed at."""
    answered = any(leg.oriented(leg.packets)[1] for leg in conversation.legs)
    return all(conversation.packets) or (answered and not conversation.group)


def _fits(conversation: Conversation, pairs: Pairs) -> bool:
    return conversation.protocol in pairs or conversation.protocol in ("ssdp", "upnp", "http")


def _weigh(pairs: Pairs) -> tuple[int, set[str], set[str]]:
    weight = 0
    out_roles: set[str] = set()
    in_roles: set[str] = set()
    for protocol, directions in pairs.items():
        own = FAINT if protocol in COMMON_PROTOCOLS else WEAK if protocol in OPEN_PROTOCOLS else STRONG
        weight = max(weight, own)
        out_roles |= directions["outgoing"]
        in_roles |= directions["incoming"]
    return weight, out_roles, in_roles


def _names_me(role: str, others: Sequence[str], rulesets: Sequence[Ruleset]) -> bool:
    """Whether one of ``others`` has a sheet that names ``role`` as its only peer throughout."""
    return any(
        edition.subject in others
        and edition.subject != role
        and edition.peers.get("incoming") == frozenset({role})
        for ruleset in rulesets
        for edition in ruleset.editions
    )


def _due_first(roles: Sequence[str], rulesets: Sequence[Ruleset]) -> str:
    """Of roles that explain the same, the one whose rows are due in normal operation."""
    due = {
        edition.subject
        for ruleset in rulesets
        for edition in ruleset.editions
        if any(key.startswith("outgoing") for key in edition.due_with)
    }
    return next((role for role in roles if role in due), roles[0])


def _implied(
    hosts: Sequence[Host], found: Sequence[Conversation], rulesets: Sequence[Ruleset]
) -> Iterable[Host]:
    """The BACnet service on a gateway's host: its BACnet/IP traffic is seen, or a BACnet system declared."""
    known = {role for ruleset in rulesets for role in ruleset.subjects}
    if BACNET_SERVICE not in known or any(BACNET_SERVICE in host.roles for host in hosts):
        return
    directory = Directory(hosts)
    declared = any(BACNET_SYSTEM in host.roles for host in hosts)
    speaking: dict[int, Host] = {}
    for conversation in found:
        if conversation.protocol != "bacnet":
            continue
        for side, address in enumerate((conversation.a, conversation.b)):
            if address[0] and (conversation.packets[side] or not conversation.group):
                for host in directory.at(*address):
                    if GATEWAY in host.roles:
                        speaking[id(host)] = host
    for host in hosts:
        if GATEWAY in host.roles and (id(host) in speaking or declared):
            why = (
                "BACnet/IP traffic of the gateway's host"
                if id(host) in speaking
                else "a BACnet system is declared"
            )
            yield replace(
                host,
                name=f"{host.name} (BACnet service)",
                roles=(BACNET_SERVICE,),
                mode="",
                edition="",
                reason=f"implied: {why}",
            )


# ---------------------------------------------------------------- modes and editions


def _uses(hosts: Sequence[Host], found: Sequence[Conversation]) -> Mapping[int, set[Use]]:
    """What each host entry opens and accepts."""
    directory = Directory(hosts)
    uses: dict[int, set[Use]] = defaultdict(set)
    for conversation in found:
        if not conversation.ported or conversation.claimed or conversation.parent is not None:
            continue
        ends: tuple[tuple[Address, Direction], ...] = (
            (conversation.originator, "outgoing"),
            (conversation.responder, "incoming"),
        )
        for address, direction in ends:
            for host in directory.at(*address) if address[0] else ():
                uses[id(host)].add((direction, conversation.transport, conversation.port))
    return uses


def _edition(
    host: Host, hosts: Sequence[Host], uses: Mapping[int, set[Use]], rulesets: Sequence[Ruleset]
) -> Host:
    """``host`` with the mode or edition that the traffic speaks for, where it has none."""
    for role in host.roles:
        for ruleset in rulesets:
            editions = [edition for edition in ruleset.editions if edition.subject == role]
            if any(edition.mode for edition in editions) and not host.mode:
                mode, stated = _mode(ruleset, hosts, uses)
                if mode:
                    spoken = next((edition.id for edition in editions if edition.mode == mode), "")
                    return replace(
                        host,
                        mode=mode,
                        edition="" if stated else spoken,
                        reason=_also(
                            host.reason,
                            f"{mode} mode {'as stated for the site' if stated else 'by its traffic'}",
                        ),
                    )
            elif len(editions) > 1 and not host.version:
                spoken = _spoken(editions, uses.get(id(host), set()))
                if spoken:
                    return replace(
                        host, edition=spoken, reason=_also(host.reason, f"edition {spoken} by its traffic")
                    )
    return host


def _also(reason: str, more: str) -> str:
    return f"{reason}; {more}" if reason else more


def _listed(edition: Edition, use: Use) -> bool:
    direction, transport, port = use
    return (transport, port) in (edition.incoming if direction == "incoming" else edition.outgoing)


def _spoken(editions: Sequence[Edition], uses: set[Use]) -> str:
    """The one edition that lists more of what was used than every other, empty if none does."""
    scores = sorted(
        ((sum(_listed(edition, use) for use in uses), edition.id) for edition in editions), reverse=True
    )
    return scores[0][1] if scores[0][0] > scores[1][0] else ""


def _mode(ruleset: Ruleset, hosts: Sequence[Host], uses: Mapping[int, set[Use]]) -> tuple[str, bool]:
    """The mode of a site, and whether somebody stated it.

    A mode declared for one host holds for all; else it is the one whose editions list most of what was used.
    """
    stated = {host.mode for host in hosts if host.mode and set(host.roles) & set(ruleset.subjects)}
    if len(stated) == 1:
        return next(iter(stated)), True
    scores: dict[str, int] = defaultdict(int)
    for edition in ruleset.editions:
        for host in hosts:
            if edition.subject in host.roles:
                scores[edition.mode] += sum(
                    1
                    for use in uses.get(id(host), ())
                    if _listed(edition, use) and _speaks_for(ruleset, use, edition.mode)
                )
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if ranked and ranked[0][1] and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0], False
    return "", False


def _speaks_for(ruleset: Ruleset, use: Use, mode: str) -> bool:
    """Whether use of a service may count for ``mode``: a service that marks a mode counts for it alone."""
    service = ruleset.services.get((use[1], use[2]))
    return service is None or not service.mode or service.mode == mode
