"""Captures of a made-up site, the same for the same seed: ``python benchmarks/captures.py OUT [options]``.

Nodes talk CoAP, BACnet and opaque UDP to gateways, gateways TLS to a server, firmware goes over TFTP
between two ephemeral ports. ``--flows`` conversations share ``--packets`` packets evenly, in random order;
``--coap``, ``--bacnet``, ``--tftp`` are shares of the conversations, the rest is opaque UDP and TLS.
``--scan`` makes every conversation one SYN and its RST.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ETHERNET = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0"
START = 1_750_000_000 * 10**6
STEP = 37
CHUNK = 20_000
ANSWERED = 400  # packets after which every request has its answer: 15 ms, as on a healthy site
COAP, BACNET, TFTP, TLS, OPAQUE = range(5)


def payload(kind: int, back: bool, number: int, size: int) -> bytes:
    """About ``size`` bytes of one message; ``number`` makes messages differ."""
    mid = number & 0xFFFF
    if kind == COAP:
        if back:
            return (
                struct.pack(">BBHI", 0x64, 0x45, mid, number & 0xFFFFFFFF)
                + b"\xc0\xff"
                + b"v" * max(1, size - 10)
            )
        path = b"\xb5state\x05value"
        return (
            struct.pack(">BBHI", 0x44, 0x02, mid, number & 0xFFFFFFFF)
            + path
            + b"\xff"
            + b"p" * max(1, size - 21)
        )
    if kind == BACNET:
        apdu = (
            b"\x30%c\x0c\x0c\0\0\0\1\x19\x55\x3e\x44\x42\x28\0\0\x3f"
            if back
            else b"\0\5%c\x0c\x0c\0\0\0\1\x19\x55"
        )
        npdu = b"\1\0" if back else b"\1\4"
        body = npdu + apdu % (mid & 0xFF)
        return struct.pack(">BBH", 0x81, 0x0A, 4 + len(body)) + body
    if kind == TFTP:
        return (
            struct.pack(">HH", 4, mid) if back else struct.pack(">HH", 3, mid) + b"f" * min(512, max(1, size))
        )
    if kind == TLS:
        size = max(32, size)
        return struct.pack(">BHH", 23, 0x0303, size) + struct.pack(">Q", number) + b"t" * (size - 8)
    return struct.pack(">BI", 0xF3, number & 0xFFFFFFFF) + b"o" * size


def kinds(draw: random.Random, count: int, coap: float, bacnet: float, tftp: float) -> list[int]:
    rest = max(0.0, 1 - coap - bacnet - tftp) / 2
    return draw.choices((COAP, BACNET, TFTP, TLS, OPAQUE), (coap, bacnet, tftp, rest, rest), k=count)


PORTS = {COAP: 5683, BACNET: 47808, TLS: 443, OPAQUE: 50197}


def frames(options: argparse.Namespace) -> Iterator[bytes]:
    """Ethernet frames in time order."""
    draw = random.Random(options.seed)
    mix = kinds(draw, options.flows, options.coap, options.bacnet, options.tftp)
    asked: list[tuple[int, int, int]] = []  # when the answer is due, of which flow, to which request
    blocks: dict[int, int] = {}  # flow of TFTP: number of its latest block
    for number in range(options.packets):
        if options.scan:
            flow, back, message = number // 2 % options.flows, bool(number & 1), number
        else:
            back = bool(asked) and asked[0][0] <= number
            _, flow, message = heapq.heappop(asked) if back else (0, draw.randrange(options.flows), number)
            if not back:
                if mix[flow] == TFTP:
                    blocks[flow] = message = blocks.get(flow, 0) + 1
                heapq.heappush(asked, (number + draw.randrange(1, ANSWERED), flow, message))
        kind = mix[flow]
        node, gateway = 0x0A010000 + flow % 60_000 + 1, 0x0A000001 + flow % 40
        client = 49152 + (flow // 60_000 * 17 + flow) % 16_000
        port = PORTS.get(kind, 40_000 + flow % 9_000)
        if kind == COAP:
            client = 5683 if flow % 4 else client
        source, target, sport, dport = (node, gateway, client, port)
        if back:
            source, target, sport, dport = target, source, dport, sport
        if options.scan:
            flags = 0x14 if back else 0x02
            inner = struct.pack(">HHIIBBHHH", sport, dport, number, back * number, 0x50, flags, 1024, 0, 0)
            protocol = 6
        else:
            body = payload(kind, back, message, int(options.size * 2 * draw.random()))
            if kind == TLS:
                head = struct.pack(">HHIIBBHHH", sport, dport, number, number, 0x50, 0x18, 1024, 0, 0)
                inner, protocol = head + body, 6
            else:
                inner, protocol = struct.pack(">HHHH", sport, dport, 8 + len(body), 0) + body, 17
        fields = (0x45, 0, 20 + len(inner), number & 0xFFFF, 0, 64, protocol, 0, source, target)
        yield ETHERNET + struct.pack(">BBHHHBBHII", *fields) + inner


def write_pcap(out: BinaryIO, options: argparse.Namespace) -> None:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    parts: list[bytes] = []
    for number, frame in enumerate(frames(options)):
        seconds, rest = divmod(START + number * STEP, 10**6)
        parts.append(struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame)
        if len(parts) == CHUNK:
            out.write(b"".join(parts))
            parts.clear()
    out.write(b"".join(parts))


def write_pcapng(out: BinaryIO, options: argparse.Namespace) -> None:
    out.write(struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))
    out.write(struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20))
    parts: list[bytes] = []
    for number, frame in enumerate(frames(options)):
        ticks, pad = START + number * STEP, -len(frame) % 4
        length = 32 + len(frame) + pad
        head = struct.pack("<IIIIIII", 6, length, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        parts.append(head + frame + bytes(pad) + struct.pack("<I", length))
        if len(parts) == CHUNK:
            out.write(b"".join(parts))
            parts.clear()
    out.write(b"".join(parts))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("out", type=Path, help="ends in .pcap, .pcapng or either with .gz")
    made.add_argument("--packets", type=int, default=2_000_000)
    made.add_argument("--flows", type=int, default=20_000)
    made.add_argument("--size", type=int, default=230, help="mean bytes of a payload")
    made.add_argument("--coap", type=float, default=0.3)
    made.add_argument("--bacnet", type=float, default=0.1)
    made.add_argument("--tftp", type=float, default=0.02)
    made.add_argument("--scan", action="store_true")
    made.add_argument("--seed", type=int, default=1)
    return made


def write(options: argparse.Namespace) -> None:
    name = options.out.name.removesuffix(".gz")
    with gzip.open(options.out, "wb", 6) if name != options.out.name else options.out.open("wb") as out:
        (write_pcapng if name.endswith("ng") else write_pcap)(out, options)  # type: ignore[arg-type]


if __name__ == "__main__":
    write(parser().parse_args())
