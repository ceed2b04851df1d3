"""BACnet/IP messages built by hand (ANSI/ASHRAE 135, clause 20 and annex J), and hosts that send them."""

from __future__ import annotations

import ipaddress
import struct

from observing import shown
from tftpwire import make_batch
from traffic import Traffic

from analyzer.decode import decode
from analyzer.observations.bacnet.observer import Observer
from analyzer.tables import Packets

PORT = 47808
Station = tuple[int, bytes]
"""A network and a station on it."""
EVERYONE = "10.20.255.255"
READ, READ_MULTIPLE, WRITE, COV = 12, 14, 15, 5


def bvlc(function: int, body: bytes = b"", kind: int = 0x81) -> bytes:
    return bytes((kind, function)) + struct.pack("!H", 4 + len(body)) + body


def station(address: str, port: int = PORT) -> bytes:
    """A B/IP address, or with ``network:station`` text such as ``"5:0b"`` the bytes of the station."""
    return ipaddress.ip_address(address).packed + struct.pack("!H", port)


def npdu(apdu: bytes, *, source: Station | None = None, target: Station | None = None) -> bytes:
    control = (0x20 if target else 0) | (0x08 if source else 0)
    out = bytes((1, control))
    for end in (target, source):
        if end:
            out += struct.pack("!HB", end[0], len(end[1])) + end[1]
    return out + (b"\xff" if target else b"") + apdu


def unicast(apdu: bytes, **routed: Station) -> bytes:
    return bvlc(10, npdu(apdu, **routed))


def broadcast(apdu: bytes, **routed: Station) -> bytes:
    return bvlc(11, npdu(apdu, **routed))


def forwarded(origin: str, apdu: bytes, **routed: Station) -> bytes:
    return bvlc(4, station(origin) + npdu(apdu, **routed))


def number(tag: int, value: int) -> bytes:
    """An unsigned under a context or application tag byte without its length."""
    data = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes((tag | len(data),)) + data


def who_is(low: int | None = None, high: int | None = None) -> bytes:
    if low is None:
        return b"\x10\x08"
    return b"\x10\x08" + number(0x08, low) + number(0x18, low if high is None else high)


def i_am(instance: int) -> bytes:
    return b"\x10\x00\xc4" + struct.pack("!I", 8 << 22 | instance) + b"\x22\x05\xc4\x91\x03\x21\x07"


def request(invoke: int, service: int = READ) -> bytes:
    return bytes((0x02, 0x45, invoke, service)) + b"\x0c\x00\x00\x00\x01\x19\x55"


def answer(invoke: int, service: int = READ) -> bytes:
    return bytes((0x30, invoke, service)) + b"\x0c\x00\x00\x00\x01\x19\x55\x3e\x44\x00\x00\x00\x00\x3f"


def error(invoke: int, kind: int, code: int, service: int = READ) -> bytes:
    return bytes((0x50, invoke, service)) + number(0x90, kind) + number(0x90, code)


def reject(invoke: int, reason: int) -> bytes:
    return bytes((0x60, invoke, reason))


def abort(invoke: int, reason: int, *, server: bool = True) -> bytes:
    return bytes((0x70 | server, invoke, reason))


def segment(invoke: int, sequence: int, *, more: bool = True, service: int = READ_MULTIPLE) -> bytes:
    """A segment of an answer."""
    return bytes((0x38 | 4 * more, invoke, sequence, 4, service)) + b"\x0c" * 20


def request_segment(invoke: int, sequence: int, *, more: bool = True, service: int = 16) -> bytes:
    return bytes((0x08 | 4 * more, 0x75, invoke, sequence, 4, service)) + b"\x0c" * 20


def segment_ack(invoke: int, sequence: int, *, server: bool = False) -> bytes:
    return bytes((0x40 | server, invoke, sequence, 4))


class Building(Traffic):
    """A site that speaks BACnet."""

    def say(self, at: float, source: str, target: str, data: bytes, *, port: int = PORT) -> Building:
        """One message from ``source``, port ``port``, to port 47808 of ``target``; a reply the other way
        round."""
        self.udp(at, source, PORT if port == PORT else port, target, PORT, data)
        return self

    def back(self, at: float, source: str, target: str, data: bytes, *, port: int = PORT) -> Building:
        """A reply to ``port`` of ``target``."""
        self.udp(at, source, PORT, target, port, data)
        return self

    def read(self, at: float, asker: str, device: str, invoke: int = 1) -> Building:
        """A ReadProperty that goes well: both ends are seen to send and receive."""
        self.say(at, asker, device, unicast(request(invoke)))
        return self.say(at + 0.01, device, asker, unicast(answer(invoke)))

    def packets(self) -> Packets:
        return decode(make_batch(sorted(self.frames, key=lambda item: item[0])), 1)

    def observer(self, cuts: tuple[int, ...] = (), *, picked: bool = False) -> Observer:
        """An observer that has seen everything, in batches that end after the frames ``cuts``."""
        return shown(Observer(), self.frames, cuts, picked=picked)
