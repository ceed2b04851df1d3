"""FLOWS and protocols become conversations: which protocol, who opened it, how sure, on what basis.

A port number is not a role. The question "who is addressed" is asked in a fixed order, and the first
answer stands: 1. TCP handshake, 2. payload, 3. a session it belongs to (:mod:`analyzer.sessions`),
4. multicast or broadcast destination, 5. roles, 6. ports, 7. the first packet, which is a guess.
:func:`recognise` answers 1 and 2, :func:`orient` 4 to 7; the pipeline ties sessions in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from analyzer import protocols, transports
from analyzer.addresses import is_broadcast, is_multicast, looks_broadcast
from analyzer.conversation import Address, Conversation
from analyzer.model import Basis, Confidence
from analyzer.protocol import Fit, Payload, Protocol, Reading, Says
from analyzer.tables import FLOWS, Flows

DYNAMIC: Final = 49152
"""First port of the dynamic range (RFC 6335 section 6): a claim below it beats one inside it."""
LINUX_EPHEMERAL: Final = 32768
"""First port that Linux gives to clients (net.ipv4.ip_local_port_range)."""
OLD_EPHEMERAL: Final = 5000
"""Last port that BSD and Windows before Vista gave to clients; the first is 1025."""
TFTP_OPCODES: Final = frozenset((b"\0\3", b"\0\4", b"\0\5", b"\0\6"))
"""DATA, ACK, ERROR, OACK (RFC 1350 section 5, RFC 2347)."""
SYSTEM: Final = 1024
"""End of the system ports (RFC 6335 section 6): no client takes one by itself."""
PAIRS: Final = (
    "packets",
    "bytes",
    "payload",
    "duplicates",
    "syn",
    "synack",
    "rst",
    "flags",
    "first_frame",
    "last_frame",
    "first_time",
    "last_time",
)
"""Columns of FLOWS that come once for each way."""
ARP_REQUEST, ARP_REPLY = 1 << 1, 1 << 2

Readings = tuple[tuple[Reading, ...], tuple[Reading, ...]]


def conversations(flows: Flows) -> list[Conversation]:
    """Rows of a FLOWS table as conversations, in the table's order, not yet classified."""
    columns = {column.name: flows.columns[column.name].tolist() for column in FLOWS.columns}
    pairs: dict[str, Any] = {
        name: list(zip(columns[f"{name}_ab"], columns[f"{name}_ba"], strict=True)) for name in PAIRS
    }
    speakers = set(zip(columns["version"], columns["a_hi"], columns["a_lo"], strict=True))
    found = []
    for row, version in enumerate(columns["version"]):
        a = (version, columns["a_hi"][row], columns["a_lo"][row])
        b = (version, columns["b_hi"][row], columns["b_lo"][row])
        silent = not pairs["packets"][row][1]
        found.append(
            Conversation(
                row=row,
                transport=transports.name(columns["transport"][row]),
                a=a,
                b=b,
                a_port=columns["a_port"][row],
                b_port=columns["b_port"][row],
                fragments=columns["fragments"][row],
                heads=flows.heads.get(row, ((), ())),
                errors=flows.errors.get(row, ()),
                group=silent and _is_group(b, speakers),
                **{name: pairs[name][row] for name in PAIRS},
            )
        )
    return found


def _is_group(address: Address, speakers: set[Address]) -> bool:
    """Whether a multicast or broadcast address is meant.

    A subnet's mask is not in the capture: an address that ends in 255 and never speaks is its broadcast.
    """
    if is_multicast(*address) or is_broadcast(*address):
        return True
    return looks_broadcast(*address) and address not in speakers


# ---------------------------------------------------------------- handshake and payload


def recognise(flows: Flows) -> list[Conversation]:
    """The conversations of ``flows``, with protocol and direction as far as handshake and payload tell."""
    found = conversations(flows)
    for conversation in found:
        _handshake(conversation)
        if conversation.ported:
            _read(conversation)
        else:
            _own_transport(conversation)
    return found


def _handshake(conversation: Conversation) -> None:
    if conversation.transport != "tcp":
        return
    if conversation.synack[0] != conversation.synack[1]:
        forward = conversation.synack[1] > conversation.synack[0]
    elif conversation.syn[0] != conversation.syn[1]:
        forward = conversation.syn[0] > conversation.syn[1]
    elif any(conversation.syn):
        forward = True  # both sent SYN: the table's A is the one who did first
    else:
        return
    _settle(conversation, forward, "certain", "syn")


def _settle(conversation: Conversation, forward: bool, confidence: Confidence, basis: Basis) -> None:
    conversation.forward, conversation.confidence, conversation.basis = forward, confidence, basis


def _own_transport(conversation: Conversation) -> None:
    protocol = protocols.for_transport(conversation.transport)
    if protocol is not None:
        conversation.protocol, conversation.fit = protocol.name, Fit.YES
    if conversation.transport == "arp":
        asked, answered = conversation.flags
        if asked & ARP_REQUEST or answered & ARP_REPLY:
            _settle(conversation, True, "certain", "payload")
        elif asked & ARP_REPLY:
            _settle(conversation, False, "certain", "payload")
    elif conversation.group:
        _settle(conversation, True, "certain", "multicast")


def _read(conversation: Conversation) -> None:
    """Ask the protocols that claim either port, then the distinctive ones, what the payloads are."""
    claiming = _claiming(conversation)
    if not any(conversation.heads):
        return
    best: tuple[Protocol, Readings] | None = None
    for protocol in claiming:
        readings = _readings(protocol, conversation)
        if _accepts(protocol, readings, conversation):
            best = protocol, readings
            break
    else:
        octets = {head.data[0] for side in conversation.heads for head in side if head.data}
        for protocol in protocols.opened(conversation.transport, octets):
            if protocol not in claiming:
                readings = _readings(protocol, conversation)
                if any(reading.fit is Fit.YES for side in readings for reading in side):
                    best = protocol, readings
                    break
    if best is None:
        return
    protocol, readings = best
    conversation.protocol, conversation.fit, conversation.readings = protocol.name, Fit.YES, readings
    forward = _direction(protocol, conversation, readings)
    if conversation.group and forward is False:
        _settle(conversation, True, "certain", "multicast")  # an answer to everyone: no group opens a flow
    elif forward is not None and conversation.basis != "syn":
        _settle(conversation, forward, "certain", "payload")
    asking = [any(reading.says is Says.REQUEST for reading in side) for side in readings]
    conversation.asks_back = all(asking)


def _claiming(conversation: Conversation) -> list[Protocol]:
    transport = conversation.transport
    found = dict.fromkeys(
        (*protocols.claims(transport, conversation.b_port), *protocols.claims(transport, conversation.a_port))
    )
    return list(found)


def _readings(protocol: Protocol, conversation: Conversation) -> Readings:
    recognise = protocol.recognise
    if recognise is None:
        return ((), ())
    transport, a, b = conversation.transport, conversation.a_port, conversation.b_port
    from_a, from_b = conversation.heads
    return (
        tuple([recognise(Payload(head.data, head.wire, transport, a, b)) for head in from_a]),
        tuple([recognise(Payload(head.data, head.wire, transport, b, a)) for head in from_b]),
    )


def _accepts(protocol: Protocol, readings: Readings, conversation: Conversation) -> bool:
    """Whether the readings prove the protocol here.

    A header that one random byte in four resembles proves nothing by itself: for a protocol that is not
    distinctive, requests have to go to a port it claims and responses to come from one.
    """
    claimed = {port for transport, port in protocol.ports if transport == conversation.transport}
    proven = False
    for side, source, target in (
        (readings[0], conversation.a_port, conversation.b_port),
        (readings[1], conversation.b_port, conversation.a_port),
    ):
        for reading in side:
            if reading.fit is not Fit.YES:
                continue
            if not protocol.distinctive and (
                (reading.says is Says.REQUEST and target not in claimed)
                or (reading.says is Says.RESPONSE and source not in claimed)
            ):
                return False
            proven = True
    return proven


def _direction(protocol: Protocol, conversation: Conversation, readings: Readings) -> bool | None:
    """Whether A is the originator, from the first payload that tells; None where none does.

    An announcement to one host, from the protocol's port to one that is not, answers a question of that host
    (a BACnet client on a port of its own choice gets its I-Am there).
    """
    claimed = {port for transport, port in protocol.ports if transport == conversation.transport}
    ports = conversation.a_port, conversation.b_port
    told: list[tuple[int, bool]] = []
    announced: list[tuple[int, bool]] = []
    for from_a, side, heads in (
        (True, readings[0], conversation.heads[0]),
        (False, readings[1], conversation.heads[1]),
    ):
        for reading, head in zip(side, heads, strict=True):
            if reading.fit is not Fit.YES:
                continue
            if reading.says is Says.REQUEST:
                told.append((head.frame, from_a))
            elif reading.says is Says.RESPONSE:
                told.append((head.frame, not from_a))
            elif reading.says is Says.ANNOUNCE:
                source, target = ports if from_a else ports[::-1]
                answers = not conversation.group and source in claimed and target not in claimed
                announced.append((head.frame, from_a is not answers))
    ordered = told or announced
    return min(ordered)[1] if ordered else None


# ---------------------------------------------------------------- what is left open


def orient(
    found: Iterable[Conversation],
    has_row: Callable[[Conversation, bool], bool] = lambda _conversation, _forward: False,
    knows_port: Callable[[Conversation, bool], bool] = lambda _conversation, _forward: False,
) -> None:
    """Settle the direction of every conversation that is still open, then claim by port.

    ``has_row(conversation, forward)`` says whether some row of the matrix covers the conversation when
    read with A (True) or B (False) as the originator; ``knows_port`` whether a sheet of either end has the
    addressed port at all.
    """
    for conversation in found:
        if conversation.basis == "first-packet":
            _decide(conversation, has_row, knows_port)
        if conversation.ported and conversation.parent is None:
            _claim(conversation)
            for leg in conversation.legs:
                leg.protocol = conversation.protocol


def _decide(
    conversation: Conversation,
    has_row: Callable[[Conversation, bool], bool],
    knows_port: Callable[[Conversation, bool], bool],
) -> None:
    if conversation.group:
        _settle(conversation, True, "certain", "multicast")
        return
    if not conversation.ported:
        _settle(conversation, True, "likely", "first-packet")
        return
    readings = has_row(conversation, True), has_row(conversation, False)
    if readings[0] != readings[1] and (readings[0] or _ephemeral(conversation.b_port)):
        # Read against the first packet, the other port has to look like a client's: a listed number as the
        # source port of some other service must not pass for the sheet's.
        _settle(conversation, readings[0], "likely", "roles")
        return
    ranks = (
        _rank(conversation.transport, conversation.b_port),
        _rank(conversation.transport, conversation.a_port),
    )
    if ranks[0] != ranks[1]:
        _settle(conversation, ranks[0] > ranks[1], "likely", "ports")
        return
    if knows_port(conversation, True) and not knows_port(conversation, False):
        # A listed port used the wrong way round. Only where the first packet went to it: a listed port as
        # somebody's source port must not pass for the service.
        _settle(conversation, True, "likely", "roles")
        return
    if (
        _ephemeral(conversation.a_port)
        and not _ephemeral(conversation.b_port)
        and not _transfer(conversation)
    ):
        _settle(conversation, True, "likely", "ports")  # from a client's kind of port to one that is none
        return
    _settle(conversation, True, "guess", "first-packet")


def _transfer(conversation: Conversation) -> bool:
    """Whether a payload may be TFTP's: a leg whose request is not here has two ports that tell nothing."""
    return conversation.transport == "udp" and any(
        head.data[:2] in TFTP_OPCODES for side in conversation.heads for head in side
    )


def _ephemeral(port: int) -> bool:
    """Whether systems give such a port to clients: the dynamic range, Linux's, or that of old Windows."""
    return port >= LINUX_EPHEMERAL or SYSTEM < port <= OLD_EPHEMERAL


def _rank(transport: str, port: int) -> int:
    """How much a port looks like the addressed one; equal ranks tell nothing."""
    if port and port < DYNAMIC and protocols.claims(transport, port):
        return 2
    return 1 if 0 < port < SYSTEM else 0


def _claim(conversation: Conversation) -> None:
    """The protocol by the responder's port, or the contradiction of it by the payload.

    An opaque protocol can not be contradicted: TLS seen on a vendor's opaque port is that vendor's.
    """
    claiming = protocols.claims(conversation.transport, conversation.port)
    if not claiming or conversation.protocol in {protocol.name for protocol in claiming}:
        return
    possible = [protocol.name for protocol in claiming if not _contradicted(protocol, conversation)]
    if possible:
        conversation.protocol = possible[0]
    elif conversation.confidence != "guess":
        conversation.claimed = claiming[0].name
        if not conversation.protocol:
            conversation.fit = Fit.NO


def _contradicted(protocol: Protocol, conversation: Conversation) -> bool:
    """Whether every payload that tells anything tells against ``protocol``."""
    readings = [reading for side in _readings(protocol, conversation) for reading in side]
    if conversation.fit is Fit.YES:  # another protocol is proven: only an opaque claim survives that
        return bool(readings) and not any(reading.detail for reading in readings)
    fits = {reading.fit for reading in readings}
    return fits == {Fit.NO}


__all__: Sequence[str] = ("conversations", "orient", "recognise")
