"""What a protocol is to portmatrix: the ports it claims and how its payloads are recognised.

A file in ``analyzer/protocols`` holds one :class:`Protocol` named ``PROTOCOL``; the folder is the
registry (:func:`analyzer.protocols.load`). A recogniser takes one datagram's or segment's first
bytes and says whether they are this protocol and what they tell. It never reads files and never
knows flows.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer.errors import DissectError


class Fit(enum.Enum):
    """Whether a payload is this protocol."""

    YES = "yes"
    NO = "no"
    """The bytes contradict the protocol. Never said of a payload that was cut before the proof."""
    UNSURE = "unsure"
    """Cut, too short, encrypted, opaque, or the middle of a stream: could not judge."""


class Says(enum.Enum):
    """What the payload tells about its sender."""

    REQUEST = "request"
    """The sender asks: it is the originator."""
    RESPONSE = "response"
    """The sender answers: it is the responder."""
    ANNOUNCE = "announce"
    """The sender tells without being asked and expects no answer (SSDP NOTIFY, I-Am): originator."""
    NOTHING = "nothing"


class Reading(NamedTuple):
    """What one payload says.

    ``reply_due`` is True where the protocol obliges the other end to reply to this payload (CoAP CON,
    a TFTP request, a BACnet confirmed request, a DNS query), False where it does not (CoAP NON,
    I-Am), None where the payload does not tell. ``detail`` is one short line for a report, still
    carrying a stranger's bytes: renderers neutralise it.
    """

    fit: Fit
    says: Says = Says.NOTHING
    reply_due: bool | None = None
    detail: str = ""


NO = Reading(Fit.NO)
UNSURE = Reading(Fit.UNSURE)


class Payload(NamedTuple):
    """A payload's captured bytes and where they were seen.

    ``data`` may be shorter than ``wire`` (the length that the headers announce): cut by the snap
    length or by the number of bytes the flow table keeps (``flows.HEAD_BYTES``).
    ``transport`` is ``"tcp"`` or ``"udp"``.
    """

    data: bytes
    wire: int
    transport: str = "udp"
    src_port: int = 0
    dst_port: int = 0

    @property
    def cut(self) -> bool:
        """Whether bytes are missing at the end."""
        return len(self.data) < self.wire


Recogniser = Callable[[Payload], Reading]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol.

    ``ports`` are ``(transport, port)`` pairs it claims on the responder's side. ``transports`` are
    transport names it owns whole (``"arp"``, ``"icmp"``, ``"lldp"``). ``recognise`` is None for an
    opaque protocol, whose payload can neither prove nor contradict the claim. ``distinctive`` says
    that a ``YES`` may be believed on any port (ClientHello, an HTTP request line, BVLC); a CoAP
    header, one byte in four, may not. ``groups`` are the multicast addresses it searches on.
    ``broadcasts`` says that it searches by broadcast as well, ``answers_elsewhere`` that answers leave a port
    other than the one asked: only a request that can be read is tied to them.
    ``openings`` says, by transport, with which bytes a payload can begin that is a ``YES`` on a port that the
    protocol does not claim: others are not even looked at. None: any transport, any byte.
    ``plain`` names the rule of ``analyzer/payloads/fast.pyx`` that knows which payloads this protocol reads
    the same; only speed depends on it.
    """

    name: str
    title: str
    ports: frozenset[tuple[str, int]] = frozenset()
    transports: frozenset[str] = frozenset()
    recognise: Recogniser | None = None
    distinctive: bool = False
    groups: frozenset[str] = frozenset()
    broadcasts: bool = False
    answers_elsewhere: bool = False
    openings: Mapping[str, frozenset[int]] | None = field(default=None, compare=False)
    plain: str = ""


def ports(transport: str, *numbers: int | range) -> frozenset[tuple[str, int]]:
    """``ports("udp", 5683, range(47808, 47824))`` as a set of claims."""
    claims: set[tuple[str, int]] = set()
    for number in numbers:
        claims.update((transport, port) for port in (number if isinstance(number, range) else (number,)))
    return frozenset(claims)


class Cursor:
    """A bounded reader over a payload: every read says where it stopped and what it lacked.

    Raises :class:`analyzer.errors.DissectError` instead of reading past the end.
    """

    __slots__ = ("data", "end", "offset", "what")

    def __init__(self, data: bytes, what: str, offset: int = 0, end: int | None = None) -> None:
        self.data, self.what, self.offset = data, what, offset
        self.end = len(data) if end is None else min(end, len(data))

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return self.end - self.offset

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count < 0 or count > self.left:
            raise DissectError(self.what, self.offset, count, self.left)
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def u8(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """The next two bytes, network order."""
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        """The next four bytes, network order."""
        return int.from_bytes(self.take(4), "big")
