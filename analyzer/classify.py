"""FLOWS and protocols become conversations: which protocol, who opened it, how sure, on what basis.

A port number is not a role. The question "who is addressed" is asked in a fixed order, and the first
answer stands: 1. TCP handshake, 2. payload, 3. a session it belongs to (:mod:`analyzer.sessions`),
4. multicast or broadcast destination, 5. roles, 6. ports, 7. the first packet, which is a guess.
:func:`recognise` answers 1 and 2, :func:`orient` 4 to 7; the pipeline ties sessions in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from analyzer import payloads, protocols
from analyzer.addresses import is_broadcast, is_multicast, looks_broadcast
from analyzer.conversation import Address, Conversation, Readings
from analyzer.conversations import Conversations
from analyzer.kinds import Array, among, distinct
from analyzer.model import Basis, Confidence
from analyzer.payloads import TFTP_OPCODES
from analyzer.protocol import Fit, Protocol, Says
from analyzer.tables import TCP, TO_ALL, UDP, Columns, Flows

DYNAMIC: Final = 49152
"""First port of the dynamic range (RFC 6335 section 6): a claim below it beats one inside it."""
LINUX_EPHEMERAL: Final = 32768
"""First port that Linux gives to clients (net.ipv4.ip_local_port_range)."""
OLD_EPHEMERAL: Final = 5000
"""Last port that BSD and Windows before Vista gave to clients; the first is 1025."""
SYSTEM: Final = 1024
"""End of the system ports (RFC 6335 section 6): no client takes one by itself."""
ARP_REQUEST, ARP_REPLY = 1 << 1, 1 << 2

SETTLED: Final = ("forward", "confidence", "basis")
"""What tells who opened a conversation."""


def recognise(flows: Flows) -> Conversations:
    """The conversations of ``flows``, with protocol and direction as far as handshake and payload tell."""
    found = Conversations(flows)
    columns = found.columns
    found.group |= _groups(columns)
    found.payloads = payloads.alike(found)
    order = [
        np.sign(columns[f"{name}_ab"] - columns[f"{name}_ba"]).astype(np.int8) for name in ("synack", "syn")
    ]
    tcp = np.flatnonzero(columns["transport"] == TCP)
    for one in found.alike(tcp, (*order, columns["syn_ab"] > 0), SETTLED):
        _handshake(one)
    flags = [columns[f"flags_{way}"] & (ARP_REQUEST | ARP_REPLY) for way in ("ab", "ba")]
    portless = np.flatnonzero(~found.ported)
    for one in found.alike(
        portless, (columns["transport"], found.group, *flags), ("protocol", "fit", *SETTLED)
    ):
        _own_transport(one)
    told = ("protocol", "reader", "fit", "asks_back", *SETTLED)
    syn = found.facts["basis"].among("syn")
    with_payload = np.flatnonzero(found.ported & (found.payloads > 0))
    for one in found.alike(with_payload, (found.payloads, found.group, syn, found.forward), told):
        _read(one)
    return found


def _groups(columns: Columns) -> Array:
    """The rows whose B is a multicast or broadcast address, as booleans."""
    version, hi, lo = (columns[name] for name in ("version", "b_hi", "b_lo"))
    ip4 = (version == 4) & ((lo & 0xFF == 0xFF) | (lo >> 28 == 0xE))
    ip6 = (version == 6) & (hi >> 56 == 0xFF)
    mac = (version == 0) & (lo >> 40 & 1 == 1)
    maybe: Array = (columns["packets_ba"] == 0) & (ip4 | ip6 | mac)
    speaking = np.flatnonzero((version == 4) & (columns["a_lo"] & 0xFF == 0xFF))
    speakers = set(
        zip(*(columns[name][speaking].tolist() for name in ("version", "a_hi", "a_lo")), strict=True)
    )
    known: dict[Address, bool] = {}
    for row in np.flatnonzero(maybe).tolist():
        address = int(version[row]), int(hi[row]), int(lo[row])
        if address not in known:
            known[address] = _is_group(address, speakers)
        maybe[row] = known[address]
    return maybe | _called_by_all(columns)


def _called_by_all(columns: Columns) -> Array:
    """The rows whose B is a subnet's broadcast address, as the link layer tells, whatever its mask.

    All that was sent to such an address went to everyone on the link, and it never spoke. One packet to it
    that did not, of whatever protocol, or a search for its MAC, and it counts as a host.
    """
    four = columns["version"] == 4
    to_all: Array = four & (columns["transport"] == UDP) & (columns["flags_ab"] == TO_ALL)
    to_all &= columns["packets_ba"] == 0
    if to_all.any():
        others = np.concatenate((columns["a_lo"][four], columns["b_lo"][four & ~to_all]))
        to_all &= ~among(columns["b_lo"], distinct(others))
    return to_all


def _is_group(address: Address, speakers: set[Address]) -> bool:
    """Whether a multicast or broadcast address is meant.

    A subnet's mask is not in the capture: an address that ends in 255 and never speaks is its broadcast.
    """
    if is_multicast(*address) or is_broadcast(*address):
        return True
    return looks_broadcast(*address) and address not in speakers


# ---------------------------------------------------------------- handshake and payload


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
        readings = conversation.read_as(protocol)
        if _accepts(protocol, readings, conversation):
            best = protocol, readings
            break
    else:
        octets = {head.data[0] for side in conversation.heads for head in side if head.data}
        for protocol in protocols.opened(conversation.transport, octets):
            if protocol not in claiming:
                readings = conversation.read_as(protocol)
                if any(reading.fit is Fit.YES for side in readings for reading in side):
                    best = protocol, readings
                    break
    if best is None:
        return
    protocol, readings = best
    conversation.protocol, conversation.fit, conversation.reader = protocol.name, Fit.YES, protocol.name
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


Question = Callable[[Conversation, bool], bool]
Relations = Callable[[Conversations], Sequence[Array]]


def orient(
    found: Sequence[Conversation],
    has_row: Question = lambda _conversation, _forward: False,
    knows_port: Question = lambda _conversation, _forward: False,
    relations: Relations = lambda found: (found.all,),
) -> None:
    """Settle the direction of every conversation that is still open, then claim by port.

    ``has_row(conversation, forward)`` says whether some row of the matrix covers the conversation when
    read with A (True) or B (False) as the originator; ``knows_port`` whether a sheet of either end has the
    addressed port at all. ``relations`` gives columns that tell apart whatever these two read of the ends.
    """
    found = Conversations.of(found)
    facts, columns = found.facts, found.columns
    transport = columns["transport"]
    read = transport, found.payloads, facts["protocol"].codes, facts["fit"].codes
    undecided = np.flatnonzero(facts["basis"].among("first-packet"))
    if len(undecided):
        looks = [_look(transport, columns[f"{end}_port"]) for end in "ab"]
        for one in found.alike(undecided, (*read, found.group, *looks, *relations(found)), SETTLED):
            _decide(one, has_row, knows_port)
    heads = found.heads
    heads = heads[found.ported[heads]]
    addressed = payloads.claims(transport, found.pair("port")[1])
    for one in found.alike(
        heads,
        (*read, facts["confidence"].codes, addressed),
        ("protocol", "claimed", "fit"),
    ):
        _claim(one)
    for row, legs in found.legs.items():
        for leg in legs:
            leg.protocol = found[row].protocol


def _decide(
    conversation: Conversation,
    has_row: Question,
    knows_port: Question,
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


def _look(transport: Array, port: Array) -> Array:
    """What the rules see of each port by itself, as a number: its rank, and whether it is ephemeral."""
    claimed = among(transport, (TCP, UDP)) & (payloads.claims(transport, port) > 0)
    ranks = np.where(claimed & (port > 0) & (port < DYNAMIC), 2, (port > 0) & (port < SYSTEM))
    ephemeral = (port >= LINUX_EPHEMERAL) | (port > SYSTEM) & (port <= OLD_EPHEMERAL)
    seen: Array = 2 * ranks + ephemeral
    return seen


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
    readings = [reading for side in conversation.read_as(protocol) for reading in side]
    if conversation.fit is Fit.YES:  # another protocol is proven: only an opaque claim survives that
        return bool(readings) and not any(reading.detail for reading in readings)
    fits = {reading.fit for reading in readings}
    return fits == {Fit.NO}
