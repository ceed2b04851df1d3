"""BACnet/IP and BACnet/IPv6: ANSI/ASHRAE 135, annexes J and U; NPDU clause 6, APDU clause 20."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from analyzer.addresses import LOW, Address, text
from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._bacnet import ABORTS, BVLC_RESULTS, BVLC_RESULTS_6, REJECTS, reason
from analyzer.protocols._judge import judge

IP, IPV6 = 0x81, 0x82
RESULT: Final = 0
FORWARDED: Final[Mapping[int, int]] = {IP: 4, IPV6: 8}
REGISTER: Final[Mapping[int, int]] = {IP: 5, IPV6: 9}
"""Numbers of the functions by the type of BVLC."""
REJECT_MESSAGE: Final = 3
"""Network message Reject-Message-To-Network (6.4.4)."""
DEVICE: Final = 8
"""Object type of a device (clause 21)."""

CONFIRMED: Final = {
    0: "AcknowledgeAlarm", 1: "ConfirmedCOVNotification", 2: "ConfirmedEventNotification",
    3: "GetAlarmSummary", 4: "GetEnrollmentSummary", 5: "SubscribeCOV", 6: "AtomicReadFile",
    7: "AtomicWriteFile", 8: "AddListElement", 9: "RemoveListElement", 10: "CreateObject",
    11: "DeleteObject", 12: "ReadProperty", 13: "ReadPropertyConditional", 14: "ReadPropertyMultiple",
    15: "WriteProperty", 16: "WritePropertyMultiple", 17: "DeviceCommunicationControl",
    18: "ConfirmedPrivateTransfer", 19: "ConfirmedTextMessage", 20: "ReinitializeDevice", 21: "VT-Open",
    22: "VT-Close", 23: "VT-Data", 24: "Authenticate", 25: "RequestKey", 26: "ReadRange",
    27: "LifeSafetyOperation", 28: "SubscribeCOVProperty", 29: "GetEventInformation",
    30: "SubscribeCOVPropertyMultiple", 31: "ConfirmedCOVNotificationMultiple",
    32: "ConfirmedAuditNotification", 33: "AuditLogQuery",
}  # fmt: skip
_UNCONFIRMED: Final = {
    0: "I-Am", 1: "I-Have", 2: "UnconfirmedCOVNotification", 3: "UnconfirmedEventNotification",
    4: "UnconfirmedPrivateTransfer", 5: "UnconfirmedTextMessage", 6: "TimeSynchronization", 7: "Who-Has",
    8: "Who-Is", 9: "UTCTimeSynchronization", 10: "WriteGroup", 11: "UnconfirmedCOVNotificationMultiple",
    12: "UnconfirmedAuditNotification", 13: "Who-Am-I", 14: "You-Are",
}  # fmt: skip
_ASKING: Final = frozenset({7, 8, 13})
_APDUS: Final = ("", "", "SimpleACK", "ComplexACK", "SegmentACK", "Error", "Reject", "Abort")

_DUE, _FREE, _ANSWER = (Says.REQUEST, True), (Says.REQUEST, False), (Says.RESPONSE, False)
_TOLD, _NOTHING = (Says.ANNOUNCE, False), (Says.NOTHING, None)

_NETWORK: Final[dict[int, tuple[str, tuple[Says, bool | None]]]] = {
    0: ("Who-Is-Router-To-Network", _FREE),
    1: ("I-Am-Router-To-Network", _TOLD),
    2: ("I-Could-Be-Router-To-Network", _TOLD),
    3: ("Reject-Message-To-Network", _ANSWER),
    4: ("Router-Busy-To-Network", _TOLD),
    5: ("Router-Available-To-Network", _TOLD),
    6: ("Initialize-Routing-Table", _DUE),
    7: ("Initialize-Routing-Table-Ack", _ANSWER),
    8: ("Establish-Connection-To-Network", _NOTHING),
    9: ("Disconnect-Connection-To-Network", _NOTHING),
    0x12: ("What-Is-Network-Number", _FREE),
    0x13: ("Network-Number-Is", _TOLD),
}
_FUNCTIONS: Final[dict[tuple[int, int], tuple[str, tuple[Says, bool | None]]]] = {
    (IP, 0): ("BVLC-Result", _ANSWER),
    (IP, 1): ("Write-BDT", _DUE),
    (IP, 2): ("Read-BDT", _DUE),
    (IP, 3): ("Read-BDT-Ack", _ANSWER),
    (IP, 5): ("Register-FD", _DUE),
    (IP, 6): ("Read-FDT", _DUE),
    (IP, 7): ("Read-FDT-Ack", _ANSWER),
    (IP, 8): ("Delete-FDT-Entry", _DUE),
    (IP, 12): ("Secure-BVLL", _NOTHING),
    (IPV6, 0): ("BVLC-Result", _ANSWER),
    (IPV6, 3): ("Address-Resolution", _FREE),
    (IPV6, 4): ("Forwarded-Address-Resolution", _FREE),
    (IPV6, 5): ("Address-Resolution-Ack", _ANSWER),
    (IPV6, 6): ("Virtual-Address-Resolution", _DUE),
    (IPV6, 7): ("Virtual-Address-Resolution-Ack", _ANSWER),
    (IPV6, 9): ("Register-FD", _DUE),
    (IPV6, 10): ("Delete-FDT-Entry", _DUE),
    (IPV6, 11): ("Secure-BVLL", _NOTHING),
}
CARRIERS: Final = {
    (IP, 4): 6,
    (IP, 9): 0,
    (IP, 10): 0,
    (IP, 11): 0,
    (IPV6, 1): 6,
    (IPV6, 2): 3,
    (IPV6, 8): 21,
    (IPV6, 12): 3,
}
"""Functions that carry an NPDU, and the bytes between the BVLC header and it (tables J and U)."""


class Apdu(NamedTuple):
    """An APDU's header. ``service`` is None where the type has none or a segment hides it.

    ``type`` 0 confirmed request, 1 unconfirmed, 2 simple ack, 3 complex ack, 4 segment ack, 5 error,
    6 reject, 7 abort; for reject and abort ``service`` is the reason. ``data`` are the parameters in
    sight. ``sequence`` numbers a segment, or the last one that a segment ack has; ``more`` segments follow;
    ``server`` says of a segment ack or an abort that the responder of the request sent it.
    """

    type: int
    service: int | None
    invoke: int | None
    segmented: bool
    data: bytes
    sequence: int | None = None
    more: bool = False
    server: bool = False


class Npdu(NamedTuple):
    """A network layer header. ``message`` is the network message type, else None; ``apdu`` likewise.

    ``data`` are the parameters of a network message. ``target`` and ``origin`` are DADR and SADR of a routed
    message, empty for a broadcast.
    """

    control: int
    destination: int | None
    source: int | None
    message: int | None
    apdu: Apdu | None
    data: bytes = b""
    target: bytes = b""
    origin: bytes = b""


class Message(NamedTuple):
    """A BVLC message.

    ``kind`` is 0x81 (IPv4) or 0x82 (IPv6), ``length`` the length it states. ``value`` is the result
    code of a BVLC-Result and the seconds of a Register-FD. ``origin`` is who first sent a Forwarded-NPDU:
    address and port as they are on the wire. ``npdu`` is None without one or where it was cut off.
    """

    kind: int
    function: int
    length: int
    value: int | None = None
    origin: bytes | None = None
    npdu: Npdu | None = None


def _apdu(cursor: Cursor) -> Apdu:
    first = cursor.u8()
    kind, segmented, more, server = first >> 4, False, False, False
    invoke: int | None = None
    service: int | None = None
    sequence: int | None = None
    if kind > 7:
        raise DissectError("BACnet APDU type", cursor.offset - 1)
    if kind in (0, 3):
        if kind == 0:
            cursor.u8()
        segmented, more = bool(first & 8), bool(first & 4)
        invoke = cursor.u8()
        if segmented:
            sequence = cursor.u8()
            cursor.u8()
        service = cursor.u8()
    elif kind == 1:
        service = cursor.u8()
    elif kind == 4:
        server, invoke, sequence = bool(first & 1), cursor.u8(), cursor.u8()
        cursor.u8()
    else:
        server = kind == 7 and bool(first & 1)
        invoke, service = cursor.u8(), cursor.u8()
    return Apdu(kind, service, invoke, segmented, cursor.take(cursor.left), sequence, more, server)


def _npdu(cursor: Cursor) -> Npdu:
    if cursor.u8() != 1:
        raise DissectError("BACnet NPDU version", cursor.offset - 1)
    control = cursor.u8()
    destination = source = None
    target = origin = b""
    if control & 0x20:
        destination = cursor.u16()
        target = cursor.take(cursor.u8())
    if control & 0x08:
        source = cursor.u16()
        origin = cursor.take(cursor.u8())
    if control & 0x20:
        cursor.u8()
    if control & 0x80:
        kind = cursor.u8()
        return Npdu(control, destination, source, kind, None, cursor.take(cursor.left), target, origin)
    # Some devices send an NPDU without an APDU: malformed, yet BACnet.
    apdu = _apdu(cursor) if cursor.left else None
    return Npdu(control, destination, source, None, apdu, b"", target, origin)


def parse(data: bytes, wire: int | None = None) -> Message:
    """Dissect one BVLC message of a datagram of ``wire`` bytes (default: ``len(data)``).

    Raises :class:`analyzer.errors.DissectError`: another BVLC type, a stated length that is not the
    datagram's, an NPDU of another version, an unknown APDU type, and bytes that run out. Where the
    datagram was cut (``wire`` above ``len(data)``), running out inside the NPDU gives ``npdu`` None.
    """
    wire = len(data) if wire is None else wire
    cursor = Cursor(data, "BACnet BVLC")
    kind = cursor.u8()
    if kind not in (IP, IPV6):
        raise DissectError("BACnet BVLC type", 0)
    function, length = cursor.u8(), cursor.u16()
    if length != wire:
        raise DissectError("BACnet BVLC length", 2)
    value: int | None = None
    if function == RESULT or (kind, function) in REGISTER.items():
        cursor.take(3 if kind == IPV6 else 0)
        value = cursor.u16()
    between = CARRIERS.get((kind, function))
    if between is None:
        return Message(kind, function, length, value)
    origin = None
    try:
        head = cursor.take(between)
        if (kind, function) in FORWARDED.items():
            origin = head[3:] if kind == IPV6 else head
        return Message(kind, function, length, origin=origin, npdu=_npdu(cursor))
    except DissectError as error:
        if wire > len(data) and error.need > error.have:
            return Message(kind, function, length, origin=origin)
        raise


def sender(origin: bytes) -> tuple[Address, int]:
    """Address and port of a B/IP address (six bytes, J.1.2) or a B/IPv6 address (eighteen, U.3)."""
    number, port = int.from_bytes(origin[:-2], "big"), int.from_bytes(origin[-2:], "big")
    return (4 if len(origin) == 6 else 6, number >> 64, number & LOW), port


def result(message: Message) -> str:
    """What the code of a BVLC-Result is called."""
    names = BVLC_RESULTS if message.kind == IP else BVLC_RESULTS_6
    return names.get(message.value or 0, f"code 0x{message.value or 0:04x}")


def _unsigned(data: bytes, tag: int) -> tuple[int, bytes] | None:
    """The number of up to four bytes at the start of ``data`` under a one-byte tag, and the rest.

    ``tag`` is the tag byte without its length (clause 20.2.1).
    """
    length = data[0] & 7 if data else 0
    if not data or data[0] & 0xF8 != tag or not 1 <= length <= 4 or len(data) <= length:
        return None
    return int.from_bytes(data[1 : 1 + length], "big"), data[1 + length :]


def who_is(apdu: Apdu) -> tuple[int, int] | None:
    """The range of device instances that a Who-Is asks for; None for every device, or another APDU."""
    if (apdu.type, apdu.service) != (1, 8):
        return None
    low = _unsigned(apdu.data, 0x08)
    high = _unsigned(low[1], 0x18) if low else None
    return (low[0], high[0]) if low and high else None


def i_am(apdu: Apdu) -> int | None:
    """The device instance that an I-Am claims; None for another APDU."""
    if (apdu.type, apdu.service) != (1, 0) or apdu.data[:1] != b"\xc4" or len(apdu.data) < 5:
        return None
    kind, instance = divmod(int.from_bytes(apdu.data[1:5], "big"), 1 << 22)
    return instance if kind == DEVICE else None


def error(apdu: Apdu) -> tuple[int, int] | None:
    """Class and code of an Error; None where they are not in sight, or of another APDU.

    Some services wrap them in a context tag (clause 21, CreateObject-Error and others).
    """
    if apdu.type != 5:
        return None
    data = apdu.data[1:] if apdu.data[:1] == b"\x0e" else apdu.data
    found = _unsigned(data, 0x90)
    code = _unsigned(found[1], 0x90) if found else None
    return (found[0], code[0]) if found and code else None


def _service(apdu: Apdu) -> str:
    if apdu.type == 0:
        return CONFIRMED.get(apdu.service or 0, f"confirmed service {apdu.service}")
    if apdu.type != 1:
        name = _APDUS[apdu.type]
        if apdu.type in (2, 3, 5):
            return f"{name} {CONFIRMED.get(apdu.service or 0, apdu.service)}"
        if apdu.type in (6, 7):
            return f"{name} {reason(REJECTS if apdu.type == 6 else ABORTS, apdu.service)}"
        return name
    name = _UNCONFIRMED.get(apdu.service or 0, f"unconfirmed service {apdu.service}")
    wanted, claimed = who_is(apdu), i_am(apdu)
    if wanted is not None:
        return f"{name} {wanted[0]}..{wanted[1]}"
    return f"{name} device {claimed}" if claimed is not None else name


def _meaning(message: Message) -> tuple[str, tuple[Says, bool | None]]:
    npdu = message.npdu
    if npdu is None:
        name, meaning = _FUNCTIONS.get((message.kind, message.function), ("", _NOTHING))
        if message.value is None:
            return name, meaning
        value = result(message) if message.function == RESULT else str(message.value)
        return f"{name} {value}", meaning
    if npdu.message is not None:
        return _NETWORK.get(npdu.message, (f"network message {npdu.message}", _NOTHING))
    if npdu.apdu is None:
        return "", _NOTHING
    name = _service(npdu.apdu)
    if npdu.apdu.type == 0:
        return name, _DUE
    if npdu.apdu.type == 1:
        return name, _FREE if npdu.apdu.service in _ASKING else _TOLD
    return name, _ANSWER


def recognise(payload: Payload) -> Reading:
    """A BVLC message whose stated length is the datagram's. The APDU inside tells who asks.

    I-Am is told, not answered: it may also be sent unasked, so only the session can tie it to a Who-Is.
    """
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    try:
        message = parse(payload.data, payload.wire)
    except DissectError as error:
        return judge(error, payload)
    known = (message.kind, message.function)
    if known not in _FUNCTIONS and known not in CARRIERS:
        return UNSURE
    detail, (says, due) = _meaning(message)
    if message.origin is not None:
        address, port = sender(message.origin)
        detail = f"{detail} (forwarded, from {text(*address)} port {port})".lstrip()
    return Reading(Fit.YES, says, due, detail)


PROTOCOL = Protocol(
    name="bacnet",
    title="BACnet/IP",
    ports=ports("udp", range(47808, 47824)),
    recognise=recognise,
    distinctive=True,
    openings={"udp": frozenset({0x81, 0x82})},
    groups=frozenset({"ff02::bac0", "ff04::bac0", "ff05::bac0", "ff08::bac0"}),
    broadcasts=True,
    plain="bacnet",
)
