"""TCP connections of a BioStar site, packet by packet, with sequence numbers that are right."""

from __future__ import annotations

from observing import shown
from traffic import ACK, FIN, PSH, RST, SYN, Traffic

from analyzer.observations.biostar.observer import Observer

SERVER, CLIENT, DOOR, DOOR2, DOOR3 = "10.20.0.50", "10.20.0.60", "10.20.3.11", "10.20.3.12", "10.20.3.13"
SITE = (f"biostar-server={SERVER}", f"biostar-client={CLIENT}", "biostar-device=10.20.3.0/24")
SEGMENT = 1400
HELLO = bytes.fromhex("160301002e0100002a0303") + bytes(40)
ALERT = bytes.fromhex("15030100020228")


class Session:
    """One connection. Sides are 0, the opener, and 1, the listener."""

    def __init__(self, traffic: Doors, opener: str, port: int, listener: str, to: int) -> None:
        self.traffic = traffic
        self.ends = ((opener, port), (listener, to))
        self.seq = [1000, 5000]
        self.at = 0.0

    def packet(
        self, at: float, side: int, flags: int, payload: bytes = b"", seq: int | None = None
    ) -> Session:
        source, target = self.ends[side], self.ends[1 - side]
        number = self.seq[side] if seq is None else seq
        self.traffic.tcp(
            at, *source, *target, flags, payload, number & 0xFFFFFFFF, self.seq[1 - side] & 0xFFFFFFFF
        )
        return self

    def handshake(self, at: float) -> Session:
        self.packet(at, 0, SYN)
        self.seq[0] += 1
        self.packet(at + 0.001, 1, SYN | ACK)
        self.seq[1] += 1
        return self.packet(at + 0.002, 0, ACK)

    def say(self, at: float, side: int, payload: bytes = b"\x4c\x42 invented") -> Session:
        """Data and its acknowledgement."""
        self.packet(at, side, PSH | ACK, payload)
        self.seq[side] += len(payload)
        return self.packet(at + 0.001, 1 - side, ACK)

    def bulk(self, at: float, side: int, size: int) -> Session:
        """Much data in a second."""
        count = -(-size // SEGMENT)
        for number in range(count):
            self.say(at + number / count, side, bytes(min(SEGMENT, size - number * SEGMENT)))
        return self

    def alive(self, begin: float, end: float, step: float = 50, side: int = 0) -> Session:
        """Keep-alives of one side."""
        at = begin
        while at < end:
            self.say(at, side)
            at += step
        return self

    def close(self, at: float, side: int, *, reset: bool = False) -> Session:
        self.packet(at, side, RST if reset else FIN | ACK)
        if not reset:
            self.seq[side] += 1
            self.packet(at + 0.001, 1 - side, FIN | ACK)
            self.seq[1 - side] += 1
            self.packet(at + 0.002, side, ACK)
        return self


class Doors(Traffic):
    """A BioStar site."""

    def __init__(self) -> None:
        super().__init__()
        self.next_port = 49200

    def connect_to(
        self, at: float, opener: str, listener: str, port: int, *, source: int = 0, isn: int = 1000
    ) -> Session:
        """A connection that comes about."""
        self.next_port += 1
        session = Session(self, opener, source or self.next_port, listener, port)
        session.seq[0] = isn
        return session.handshake(at)

    def device(self, at: float, until: float, door: str = DOOR, *, both: bool = True) -> Doors:
        """A device in server mode, healthy: two connections with keep-alives."""
        self.connect_to(at, door, SERVER, 1480).say(at + 0.1, 0).say(at + 0.2, 1).alive(at + 10, until)
        if both:
            self.connect_to(at + 1, door, SERVER, 1480).say(at + 1.1, 0).alive(at + 30, until)
        return self

    def observer(self, cuts: tuple[int, ...] = (), *, picked: bool = False) -> Observer:
        """An observer that has seen everything, in batches that end after the frames ``cuts``."""
        return shown(Observer(), self.frames, cuts, picked=picked)
