"""Builds site traffic packet by packet, for tests that need a scenario no sample has.

``Traffic`` collects Ethernet frames in time order; ``write`` makes a pcap of them. Addresses are text,
times are seconds since ``START``.
"""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

import dpkt

START = 1_790_000_000
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


EVERYONE = b"\xff" * 6


def _mac(address: str) -> bytes:
    if address.endswith(".255") or address == "255.255.255.255":
        return EVERYONE
    return b"\x02\x00" + ipaddress.ip_address(address).packed[-4:]


class Traffic:
    """Frames of a made-up site."""

    def __init__(self, *broadcast: str) -> None:
        """``broadcast`` are addresses that are sent to the broadcast MAC."""
        self.broadcast = broadcast
        self.frames: list[tuple[float, bytes]] = []
        self.ident = 1

    def _ip(self, at: float, source: str, target: str, protocol: int, body: bytes) -> None:
        src, dst = ipaddress.ip_address(source), ipaddress.ip_address(target)
        self.ident = self.ident % 65535 + 1
        if src.version == 4:
            packet = bytes(
                dpkt.ip.IP(src=src.packed, dst=dst.packed, p=protocol, id=self.ident, ttl=64, data=body)
            )
            kind = 0x0800
        else:
            packet = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + src.packed + dst.packed + body
            kind = 0x86DD
        to = EVERYONE if target in self.broadcast else _mac(target)
        self.frames.append((at, to + _mac(source) + struct.pack("!H", kind) + packet))

    def udp(
        self, at: float, source: str, sport: int, target: str, dport: int, payload: bytes = b""
    ) -> Traffic:
        self._ip(at, source, target, 17, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)
        return self

    def tcp(
        self,
        at: float,
        source: str,
        sport: int,
        target: str,
        dport: int,
        flags: int,
        payload: bytes = b"",
        seq: int = 1,
        ack: int = 0,
    ) -> Traffic:
        header = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 8192, 0, 0)
        self._ip(at, source, target, 6, header + payload)
        return self

    def connect(
        self, at: float, source: str, sport: int, target: str, dport: int, payload: bytes = b""
    ) -> Traffic:
        """A handshake, one payload each way, and the end."""
        self.tcp(at, source, sport, target, dport, SYN)
        self.tcp(at + 0.001, target, dport, source, sport, SYN | ACK, seq=100, ack=2)
        self.tcp(at + 0.002, source, sport, target, dport, ACK, seq=2, ack=101)
        if payload:
            self.tcp(at + 0.003, source, sport, target, dport, PSH | ACK, payload, seq=2, ack=101)
            self.tcp(at + 0.004, target, dport, source, sport, ACK, seq=101, ack=2 + len(payload))
        self.tcp(at + 0.01, source, sport, target, dport, FIN | ACK, seq=2 + len(payload), ack=101)
        return self

    def unreachable(
        self,
        at: float,
        reporter: str,
        source: str,
        sport: int,
        target: str,
        dport: int,
        code: int,
        protocol: int = 17,
    ) -> Traffic:
        """ICMP destination unreachable by ``reporter``, quoting a packet from ``source`` to ``target``."""
        quoted = bytes(
            dpkt.ip.IP(
                src=ipaddress.ip_address(source).packed,
                dst=ipaddress.ip_address(target).packed,
                p=protocol,
                ttl=63,
                data=struct.pack("!HHHH", sport, dport, 12, 0),
            )
        )
        self._ip(at, reporter, source, 1, struct.pack("!BBHI", 3, code, 0, 0) + quoted)
        return self

    def ping(self, at: float, source: str, target: str) -> Traffic:
        """An ICMP echo request (RFC 792)."""
        self._ip(at, source, target, 1, bytes.fromhex("0800 f7ff 0000 0000"))
        return self

    def arp(self, at: float, source: str, target: str) -> Traffic:
        """A request for ``target`` by ``source`` and the answer."""
        for opcode, sender, asked in ((1, source, target), (2, target, source)):
            body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, opcode)
            body += _mac(sender) + ipaddress.ip_address(sender).packed
            body += (b"\0" * 6 if opcode == 1 else _mac(asked)) + ipaddress.ip_address(asked).packed
            where = b"\xff" * 6 if opcode == 1 else _mac(asked)
            self.frames.append((at + opcode / 10000, where + _mac(sender) + b"\x08\x06" + body))
        return self

    def coap(
        self, at: float, client: str, server: str, *, answered: bool = True, sport: int = 40000, mid: int = 1
    ) -> Traffic:
        """A confirmable GET, with its piggybacked answer or four retransmissions (RFC 7252 section 4.2)."""
        request = struct.pack("!BBH", 0x41, 1, mid) + b"\x07" + b"\xb5light"
        times = [0.0] if answered else [0.0, 2.5, 7.5, 17.5, 37.5]
        for delay in times:
            self.udp(at + delay, client, sport, server, 5683, request)
        if answered:
            self.udp(
                at + 0.01, server, 5683, client, sport, struct.pack("!BBH", 0x61, 69, mid) + b"\x07\xffon"
            )
        return self

    def read_file(
        self,
        at: float,
        client: str,
        server: str,
        name: bytes = b"node.bin",
        blocks: int = 3,
        *,
        sport: int = 2000,
        tid: int = 50123,
    ) -> Traffic:
        """A complete TFTP read (RFC 1350): the server answers from a port of its own."""
        self.udp(at, client, sport, server, 69, b"\0\1" + name + b"\0octet\0")
        for block in range(1, blocks + 1):
            size = 512 if block < blocks else 100
            self.udp(at + block / 100, server, tid, client, sport, struct.pack("!HH", 3, block) + b"x" * size)
            self.udp(at + block / 100 + 0.001, client, sport, server, tid, struct.pack("!HH", 4, block))
        return self

    def write(self, path: Path) -> Path:
        """A pcap of all frames in time order, microseconds, Ethernet."""
        out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
        for at, frame in sorted(self.frames, key=lambda item: item[0]):
            micros = round(at * 1_000_000)
            out.append(
                struct.pack("<IIII", START + micros // 1_000_000, micros % 1_000_000, len(frame), len(frame))
                + frame
            )
        path.write_bytes(b"".join(out))
        return path
