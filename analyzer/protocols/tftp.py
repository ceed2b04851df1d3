"""TFTP: RFC 1350, with options (RFC 2347, 2348, 2349, 7440).

The answer to a request comes from a new port, so data and acknowledgements are seen between two
ephemeral ports; which request they belong to only the session can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from analyzer.errors import DissectError
from analyzer.protocol import UNSURE, Cursor, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._judge import judge
from analyzer.protocols._text import short

PORT: Final = 69
MODES: Final = frozenset({"octet", "netascii", "mail"})

OPTIONS: Final = frozenset({"blksize", "timeout", "tsize", "windowsize"})
"""RFC 2348, 2349, 7440."""

DEFAULT_BLOCK: Final = 512
_EARLY: Final = 16

ERRORS: Final = (
    "undefined error",
    "file not found",
    "access violation",
    "disk full",
    "illegal operation",
    "unknown transfer ID",
    "file exists",
    "no such user",
    "option negotiation failed",
)
"""RFC 1350 appendix I, RFC 2347."""


class Request(NamedTuple):
    """RRQ or WRQ. ``operation`` is ``read`` or ``write``, ``mode`` and option names are lower case.

    ``complete`` is False where a cut ended it: strings that were not whole are left out, but for the
    file name, of which ``named`` says whether it is whole.
    """

    operation: str
    file: str
    mode: str
    options: Mapping[str, str]
    complete: bool = True
    named: bool = True


class Data(NamedTuple):
    """DATA: ``data`` are the bytes in sight."""

    block: int
    data: bytes


class Ack(NamedTuple):
    """ACK of a block."""

    block: int


class Error(NamedTuple):
    """ERROR with its code and text."""

    code: int
    message: str


class Oack(NamedTuple):
    """OACK: the options that the server accepts. ``complete`` as in :class:`Request`."""

    options: Mapping[str, str]
    complete: bool = True


Packet = Request | Data | Ack | Error | Oack


def _strings(data: bytes) -> tuple[list[str], bytes]:
    """The NUL-terminated strings of ``data`` and what follows the last NUL."""
    *strings, rest = data.split(b"\0")
    return [string.decode("utf-8", "replace") for string in strings], rest


def _pairs(strings: list[str]) -> dict[str, str]:
    """Option names, in lower case, and values; a name without a value is dropped."""
    return {name.lower(): value for name, value in zip(strings[::2], strings[1::2], strict=False) if name}


def parse(data: bytes, cut: bool = False) -> Packet:
    """Dissect one TFTP packet.

    ``cut`` says that bytes are missing at the end. Raises :class:`analyzer.errors.DissectError` for
    an unknown opcode, a packet without its block number or code, and a complete request without two
    NUL-terminated strings.
    """
    cursor = Cursor(data, "TFTP")
    opcode = cursor.u16()
    if opcode in (1, 2):
        strings, rest = _strings(cursor.take(cursor.left))
        if len(strings) < 2 and not cut:
            raise DissectError("TFTP request", len(data), 1, 0)
        file = strings[0] if strings else rest.decode("utf-8", "replace")
        mode = strings[1].lower() if len(strings) > 1 else ""
        operation = "read" if opcode == 1 else "write"
        return Request(operation, file, mode, _pairs(strings[2:]), not cut, bool(strings))
    if opcode == 3:
        return Data(cursor.u16(), cursor.take(cursor.left))
    if opcode == 4:
        return Ack(cursor.u16())
    if opcode == 5:
        return Error(cursor.u16(), cursor.take(cursor.left).partition(b"\0")[0].decode("utf-8", "replace"))
    if opcode == 6:
        return Oack(_pairs(_strings(cursor.take(cursor.left))[0]), not cut)
    raise DissectError("TFTP opcode", 0)


def _options(options: Mapping[str, str]) -> str:
    return "".join(f" {name}={value}" for name, value in options.items())


def describe(packet: Packet) -> str:
    """One line: ``RRQ node-6.0.2.bin octet blksize=1428``."""
    match packet:
        case Request(operation, file, mode, options):
            line = f"{'RRQ' if operation == 'read' else 'WRQ'} {file} {mode}{_options(options)}"
        case Data(block, _):
            line = f"DATA {block}"
        case Ack(block):
            line = f"ACK {block}"
        case Error(code, message):
            named = ERRORS[code] if code < len(ERRORS) else "unassigned"
            line = f"ERROR {code} {named}" + (f": {message}" if message else "")
        case Oack(options):
            line = f"OACK{_options(options)}"
    return short(line.encode(), 160)


def recognise(payload: Payload) -> Reading:
    """A TFTP packet. A request with a known mode is believed on any port.

    The others often have only two bytes to show: away from port 69 such a packet is UNSURE, and the
    session that expects it decides.
    """
    if payload.transport != "udp" or not payload.data:
        return UNSURE
    try:
        packet = parse(payload.data, payload.cut)
    except DissectError as error:
        if len(payload.data) == 1 and payload.cut and payload.data != b"\0":
            return judge(DissectError("TFTP opcode", 0), payload)
        return judge(error, payload)
    detail = describe(packet)
    if isinstance(packet, Request):
        # At its own port a request that the snap length cuts inside the file's name is one all the same.
        begun = payload.cut and not packet.mode and payload.dst_port == PORT and packet.file.isprintable()
        if packet.mode in MODES or begun:
            return Reading(Fit.YES, Says.REQUEST, True, detail)
        return UNSURE
    at_home = PORT in (payload.src_port, payload.dst_port)
    return Reading(Fit.YES if at_home or _certain(packet, payload.wire) else Fit.UNSURE, detail=detail)


def _certain(packet: Packet, wire: int) -> bool:
    """Whether chance cannot make a packet that is no request, wherever it is seen.

    That holds for an OACK of known options, for an ERROR with a known code and a readable text, and for
    the first blocks of a transfer at full size.
    """
    match packet:
        case Oack(options):
            return not OPTIONS.isdisjoint(options)
        case Error(code, message):
            return code < len(ERRORS) and len(message) > 3 and message.isprintable()
        case Data(block, _):
            return 1 <= block <= _EARLY and wire >= 4 + DEFAULT_BLOCK
        case _:
            return False


PROTOCOL = Protocol(
    name="tftp",
    title="TFTP",
    ports=ports("udp", PORT),
    recognise=recognise,
    distinctive=True,
    answers_elsewhere=True,
    openings={"udp": frozenset({0})},
    plain="tftp",
)
