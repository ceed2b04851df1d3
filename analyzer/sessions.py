"""What belongs together: the legs of a TFTP transfer, the unicast answers to a multicast search.

TFTP leaves port 69: the server answers from a port of its own (RFC 1350 section 4), so a transfer's data
goes between two ports that no sheet lists. A search sent to a group is answered by unicast, sometimes from
a port that is not the service's (SSDP, RFC 7252 section 8.2). :func:`tie` gives such flows their parent and,
with it, protocol and direction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from analyzer import protocols
from analyzer.conversation import Address, Conversation
from analyzer.protocol import Fit, Payload, Reading, Says

SECOND: Final = 1_000_000_000
ANSWER_WITHIN: Final = 15 * SECOND
"""How long after the last search an answer still belongs to it: SSDP's MX is at most 5 s (UDA 1.1 section
1.3.2) and CoAP's default leisure 5 s (RFC 7252 section 8.2); the rest is for slow devices."""
LEG_WITHIN: Final = 120 * SECOND
"""How long after the last request a TFTP server may begin to answer; retries are 1 to 5 s apart."""
TFTP: Final = "tftp"

Client = tuple[Address, int]


def tie(found: Sequence[Conversation]) -> None:
    """Give every leg in ``found`` its parent. Expects handshake and payload to have been read."""
    requests: dict[Client, list[Conversation]] = defaultdict(list)
    searches: dict[Client, list[Conversation]] = defaultdict(list)
    for conversation in found:
        if conversation.transport != "udp":
            continue
        client = (conversation.originator, conversation.originator_port)
        if conversation.protocol == TFTP and _asked(conversation):
            requests[client].append(conversation)
        if conversation.to_group and (_asked(conversation) or _opaque(conversation)):
            searches[client].append(conversation)
    if not requests and not searches:
        return
    for conversation in found:
        if conversation.transport != "udp" or conversation.group:
            continue
        for client, server, side in _readings_of_ends(conversation):
            parent = _request(conversation, requests.get(client, ()), server, side)
            parent = parent or _search(conversation, searches.get(client, ()), server, side)
            if parent is not None:
                _adopt(parent, conversation, client_is_a=side == 0)
                break


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
    conversation: Conversation, requests: Sequence[Conversation], server: Client, side: int
) -> Conversation | None:
    """The TFTP request that the flow is a leg of, the latest one before it."""
    best: Conversation | None = None
    for request in requests:
        if request is conversation or request.row == conversation.row:
            continue
        if not request.start <= conversation.start <= request.end + LEG_WITHIN:
            continue
        same_server = request.to_group or request.responder == server[0]
        if not _speaks(TFTP, conversation, side, strictly=not same_server):
            continue
        if best is None or request.start > best.start:
            best = request
    return best


def _speaks(name: str, conversation: Conversation, client_side: int, *, strictly: bool) -> bool:
    """Whether the payloads of a would-be leg are ``name``.

    ``strictly``: the server's own payload has to prove it (an answer from another address than the one
    asked); otherwise no payload may contradict it.
    """
    recognise = protocols.load()[name].recognise
    assert recognise is not None
    readings: list[list[Reading]] = []
    for side, heads in enumerate(conversation.heads):
        ports = (conversation.a_port, conversation.b_port)
        source, target = ports if side == 0 else ports[::-1]
        readings.append([recognise(Payload(head.data, head.wire, "udp", source, target)) for head in heads])
    if strictly:
        # Away from its port a short data packet or an acknowledgement only looks right: two bytes say so.
        server = readings[1 - client_side]
        return bool(server) and all(reading.fit is not Fit.NO and reading.detail for reading in server)
    return not any(reading.fit is Fit.NO for side_readings in readings for reading in side_readings)


def _search(
    conversation: Conversation, searches: Sequence[Conversation], server: Client, side: int
) -> Conversation | None:
    """The multicast search that the flow answers."""
    if conversation.packets[side] and not conversation.packets[1 - side]:
        return None
    for search in searches:
        if server[0] == search.originator:
            continue
        if not search.start <= conversation.start <= search.end + ANSWER_WITHIN:
            continue
        if _opaque(search):
            # Nothing in the bytes tells: the answer comes from the searched port to a searcher who is silent.
            if server[1] == search.b_port and not conversation.packets[side]:
                return search
            continue
        if conversation.protocol == search.protocol and any(
            reading.says is Says.RESPONSE for reading in conversation.readings[1 - side]
        ):
            # A flow in which the searcher also asks by unicast stands on its own feet.
            if any(reading.says is Says.REQUEST for reading in conversation.readings[side]):
                continue
            return search
    return None


def _adopt(parent: Conversation, leg: Conversation, *, client_is_a: bool) -> None:
    leg.parent = parent
    parent.legs.append(leg)
    leg.protocol = parent.protocol
    leg.fit = Fit.YES
    leg.forward = client_is_a
    leg.confidence, leg.basis = "certain", "session"
