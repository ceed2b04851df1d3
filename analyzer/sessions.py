"""What belongs together: the legs of a TFTP transfer, the unicast answers to a multicast search.

TFTP leaves port 69: the server answers from a port of its own (RFC 1350 section 4), so a transfer's data
goes between two ports that no sheet lists. A search sent to a group is answered by unicast, sometimes from
a port that is not the service's (SSDP, RFC 7252 section 8.2). :func:`tie` gives such flows their parent and,
with it, protocol and direction.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

import numpy as np

from analyzer import protocols
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations
from analyzer.kinds import Array, among
from analyzer.protocol import Fit, Says
from analyzer.tables import UDP

SECOND: Final = 1_000_000_000
ANSWER_WITHIN: Final = 15 * SECOND
"""How long after the last search an answer still belongs to it: SSDP's MX is at most 5 s (UDA 1.1 section
1.3.2) and CoAP's default leisure 5 s (RFC 7252 section 8.2); the rest is for slow devices."""
LEG_WITHIN: Final = 120 * SECOND
"""How long after the last request a TFTP server may begin to answer; retries are 1 to 5 s apart."""
EARLY: Final = 100_000_000
"""How long before its request an answer may stand, ns: a tap gives each direction to a port of its own, and
the clocks of merged captures differ. As long two messages of one direction may be swapped."""
TFTP: Final = "tftp"
SHORTEST: Final = 4
"""Bytes of the shortest message of TFTP."""

CANDIDATES: Final = 16
"""How many of a client port's latest requests before a flow may have caused it. A real client has a few at
a time; a sweep of a whole network from one port must not cost a comparison of all pairs."""

Client = tuple[Address, int]


class Openers:
    """Flows that may have caused others, for "the latest ones before this moment"."""

    def __init__(self) -> None:
        self._added: dict[Hashable, list[Conversation]] = defaultdict(list)
        self._sorted: dict[Hashable, tuple[list[int], list[tuple[int, int, int, Conversation]]]] = {}

    def __len__(self) -> int:
        return len(self._added)

    def add(self, key: Hashable, opener: Conversation) -> None:
        """File ``opener`` under ``key``. Not after the first :meth:`before`."""
        self._added[key].append(opener)

    def before(self, key: Hashable, moment: int, within: int) -> list[Conversation]:
        """The latest ``CANDIDATES`` flows of ``key`` that began by ``moment``, in order of their rows.

        Those that ended more than ``within`` ns before it are left out.
        """
        if key not in self._added:
            return []
        if key not in self._sorted:
            openers = sorted((one.start, one.row, one.end, one) for one in self._added[key])
            self._sorted[key] = [opener[0] for opener in openers], openers
        starts, openers = self._sorted[key]
        place = bisect_right(starts, moment)
        latest = openers[max(0, place - CANDIDATES) : place]
        fitting = [opener[1:] for opener in latest if moment <= opener[2] + within]
        return [opener for _, _, opener in sorted(fitting)]


def tie(found: Sequence[Conversation]) -> None:
    """Give every leg in ``found`` its parent. Expects handshake and payload to have been read."""
    found = Conversations.of(found)
    requests, searches, rows = _openers(found)
    for conversation in found.at(_around(found, rows)):
        if conversation.protocol == TFTP and _asked(conversation):
            continue  # a request opens a family and is nobody's leg, whatever the ports look like
        for client, server, side in _readings_of_ends(conversation):
            parent = _request(conversation, requests, client, server, side)
            parent = parent or _search(conversation, searches, client, server, side)
            if parent is not None:
                _adopt(parent, conversation, client_is_a=side == 0)
                break


def _openers(found: Conversations) -> tuple[Openers, Openers, list[int]]:
    """The TFTP requests, by client and by client and server (None: a group). The searches, by client and what
    shows in their answers: the protocol, or the port they come from. The rows of both.
    """
    requests, searches = Openers(), Openers()
    rows = []
    udp, tftp = found.columns["transport"] == UDP, found.facts["protocol"].among(TFTP)
    group = found.group & found.forward
    some = np.flatnonzero(udp & (tftp | group))
    asked = np.zeros(len(found), bool)
    firsts, of = found.kinds(some, (found.payloads, found.facts["reader"].codes))
    asked[some] = np.array([_asked(found[row]) for row in firsts.tolist()], bool)[of]
    opaque = np.zeros(len(found), bool)
    firsts, of = found.kinds(some, (found.columns["b_port"], found.facts["fit"].codes))
    opaque[some] = np.array([_opaque(found[row]) for row in firsts.tolist()], bool)[of]
    some = some[(tftp & asked | group & (opaque | asked))[some]]
    for row, asks, secret in zip(some.tolist(), asked[some].tolist(), opaque[some].tolist(), strict=True):
        conversation = found[row]
        protocol = conversation.protocol
        client = (conversation.originator, conversation.originator_port)
        if protocol == TFTP and asks:
            requests.add(client, conversation)
            requests.add((client, None if conversation.to_group else conversation.responder), conversation)
            rows.append(row)
        if conversation.to_group and (secret or asks):
            searches.add((client, conversation.b_port if secret else protocol), conversation)
            rows.append(row)
    return requests, searches, rows


def _around(found: Conversations, openers: Sequence[int]) -> Array:
    """The rows of unicast UDP that have the client of one of ``openers`` at either end."""
    columns, places = found.columns, found.places
    ends = [place << 16 | columns[f"{end}_port"] for end, place in (("a", places.a), ("b", places.b))]
    clients = np.where(found.forward, *ends)[list(openers)]
    near: Array = (columns["transport"] == UDP) & ~found.group
    return np.flatnonzero(near & (among(ends[0], clients) | among(ends[1], clients)))


def _asked(conversation: Conversation) -> bool:
    return any(reading.says is Says.REQUEST for side in conversation.readings for reading in side)


def _opaque(search: Conversation) -> bool:
    """Whether a message to a group goes to a port whose protocol cannot be read: it may be a search."""
    claims = protocols.claims("udp", search.b_port)
    return search.fit is not Fit.YES and any(claim.recognise is None for claim in claims)


def _readings_of_ends(conversation: Conversation) -> Iterable[tuple[Client, Client, int]]:
    """Both readings of a flow as ``(client, server, side of the client)``."""
    a, b = (conversation.a, conversation.a_port), (conversation.b, conversation.b_port)
    yield a, b, 0
    yield b, a, 1


def _request(
    conversation: Conversation, requests: Openers, client: Client, server: Client, side: int
) -> Conversation | None:
    """The TFTP request that the flow is a leg of: the latest one before it, else one just after it."""
    best: Conversation | None = None
    for moment in (conversation.start, conversation.start + EARLY):
        best = best or _latest(conversation, requests, moment, client, server, side)
    return best


def _latest(
    conversation: Conversation, requests: Openers, moment: int, client: Client, server: Client, side: int
) -> Conversation | None:
    best: Conversation | None = None
    for keys, strictly in ((((client, server[0]), (client, None)), False), ((client,), True)):
        fitting = [
            request
            for key in keys
            for request in requests.before(key, moment, LEG_WITHIN)
            if request.row != conversation.row
            and not (strictly and (request.to_group or request.responder == server[0]))
        ]
        if fitting and _speaks(TFTP, conversation, side, strictly=strictly):
            best = max(filter(None, (best, *fitting)), key=lambda request: (request.start, -request.row))
    return best


def _speaks(name: str, conversation: Conversation, client_side: int, *, strictly: bool) -> bool:
    """Whether the payloads of a would-be leg are ``name``.

    ``strictly``: the server's own payload has to prove it (an answer from another address than the one
    asked); otherwise no payload may contradict it.
    """
    if not conversation.packets[1 - client_side] and _too_short(conversation, client_side):
        return False  # a scanner's empty datagrams from the port of its RRQ
    readings = conversation.read_as(protocols.load()[name])
    if strictly:
        # Away from its port a short data packet or an acknowledgement only looks right: two bytes say so.
        server = readings[1 - client_side]
        return bool(server) and all(reading.fit is not Fit.NO and reading.detail for reading in server)
    return not any(reading.fit is Fit.NO for side_readings in readings for reading in side_readings)


def _too_short(conversation: Conversation, side: int) -> bool:
    """Whether one side says nothing that TFTP could be: opcode and number take four bytes (RFC 1350 section
    5)."""
    return all(head.wire < SHORTEST for head in conversation.heads[side])


def _search(
    conversation: Conversation, searches: Openers, client: Client, server: Client, side: int
) -> Conversation | None:
    """The multicast search that the flow answers."""
    if server[0] == client[0] or (conversation.packets[side] and not conversation.packets[1 - side]):
        return None
    fitting: list[Conversation] = []
    if not conversation.packets[side]:
        # Nothing in the bytes tells: the answer comes from the searched port to a searcher who is silent.
        fitting += searches.before((client, server[1]), conversation.start, ANSWER_WITHIN)
    answered = any(reading.says is Says.RESPONSE for reading in conversation.readings[1 - side])
    # A flow in which the searcher also asks by unicast stands on its own feet.
    if answered and not any(reading.says is Says.REQUEST for reading in conversation.readings[side]):
        fitting += searches.before((client, conversation.protocol), conversation.start, ANSWER_WITHIN)
    return min(fitting, key=lambda search: search.row, default=None)


def _adopt(parent: Conversation, leg: Conversation, *, client_is_a: bool) -> None:
    parent.adopt(leg)
    leg.protocol = parent.protocol
    leg.fit = Fit.YES
    leg.forward = client_is_a
    leg.confidence, leg.basis = "certain", "session"
