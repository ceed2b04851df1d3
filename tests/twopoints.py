"""A TFTP transfer over a path with two capture points, in simulated time: what each point records is known.

The gateway's clock is off by a constant and drifts; the router between the points lowers the TTL and tags a
VLAN.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from tftpwire import CPORT, TID, ack, data, error, oack, rrq
from traffic import Traffic

NODE, OTHER, GATEWAY = "10.20.1.21", "10.20.1.22", "10.20.0.10"
TRIES = 6


@dataclass
class Road:
    """The path. ``cut`` is ``(to_gateway, between)``: all packets of it die there while ``closed``."""

    seed: int = 0
    offset: float = 0.0
    drift: float = 0.0
    loss: float = 0.0
    zero_ids: bool = False
    twice: bool = False
    cut: tuple[bool, bool] | None = None
    now: float = 0.0
    closed: bool = False
    node: Traffic = field(default_factory=Traffic)
    gateway: Traffic = field(default_factory=Traffic)
    lost: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    sent: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.number = 0

    def send(self, payload: bytes, to_gateway: bool, ports: tuple[int, int], *, other: bool = False) -> bool:
        """Send a datagram; whether it arrives at the host behind the far point."""
        self.number = self.number % 65535 + 1
        delay = 0.002 + self.chance.random() * 0.001
        source, target = (OTHER if other else NODE, GATEWAY)[:: 1 if to_gateway else -1]
        kept = Traffic().udp(0, source, ports[0], target, ports[1], payload).frames[0][1]
        ident = b"\0\0" if self.zero_ids and not other else self.number.to_bytes(2, "big")
        frame = kept[:18] + ident + kept[20:]
        between = not other and (
            (self.closed and self.cut == (to_gateway, True)) or self.chance.random() < self.loss
        )
        begin, end = (self.now, self.now + delay)[:: 1 if to_gateway else -1]
        if not other:
            self.sent[to_gateway] += 1
            self.lost[to_gateway] += between
        if to_gateway or not between:
            self.node.frames.append((begin, frame))
        if not to_gateway or not between:
            moved = frame[:12] + b"\x81\0\0\7" + frame[12:22] + bytes([frame[22] - 1]) + frame[23:]
            at = end * (1 + self.drift) + self.offset
            self.gateway.frames.append((at, moved))
            if self.twice:
                self.gateway.frames.append((at + 0.0001, moved))
        self.now += delay
        return not between and not (not other and self.closed and self.cut == (to_gateway, False))

    def background(self, count: int = 20) -> None:
        """Other traffic over the same path, a second apart."""
        for number in range(count):
            self.send(b"\x41\1" + number.to_bytes(2, "big") + b"\7\xb5light", True, (40000, 5683), other=True)
            self.send(b"\x61\x45" + number.to_bytes(2, "big") + b"\7\xffon", False, (5683, 40000), other=True)
            self.now += 1

    def transfer(self, blocks: int = 8, cut_at: int = 99) -> bool:
        """A read with timers at both ends; cut before DATA ``cut_at``, at 0 before the request."""
        self.closed = cut_at == 0
        for _ in range(TRIES):
            if self.send(rrq(), True, (CPORT, 69)):
                break
            self.now += 1
        else:
            return False
        for block in range(1, blocks + 1):
            self.closed = self.closed or block == cut_at
            if not self._block(block, 512 if block < blocks else 100):
                return False
        return True

    def _block(self, block: int, size: int) -> bool:
        for _ in range(TRIES):
            if self.send(data(block, size), False, (TID, CPORT)):
                if self.send(ack(block), True, (CPORT, TID)):
                    return True
                self.now += 1
                continue
            self.now += 0.5
            if block > 1:
                self.send(ack(block - 1), True, (CPORT, TID))
            else:
                self.send(rrq(), True, (CPORT, 69))
            self.now += 0.5
        return False

    def write(self, folder: Path) -> tuple[str, str]:
        return str(self.node.write(folder / "node.pcap")), str(self.gateway.write(folder / "gateway.pcap"))


__all__ = ["GATEWAY", "NODE", "OTHER", "Road", "error", "oack"]
