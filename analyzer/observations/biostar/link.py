"""One TCP connection as its packets show it: who opened it, who ended it, when who said something new."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from analyzer.observation import SECOND, Endpoint
from analyzer.sessions import EARLY
from analyzer.tables import ACK, FIN, RST, SYN

PAUSE: Final = 10 * SECOND
"""Silence of one side that ends a burst of data."""
WRAP: Final = 1 << 32
OPENER, LISTENER = 0, 1


class Packet(NamedTuple):
    """What is known of a packet, nothing of its payload but the length."""

    time: int
    frame: int
    side: int
    flags: int
    seq: int
    length: int


class Burst(NamedTuple):
    """A stretch of data of one side without a long pause: bytes, and the times and frames of its ends."""

    bytes: int
    first: int
    last: int
    first_frame: int
    last_frame: int


class Gap(NamedTuple):
    """A silence of one side: the times and frames of the packets around it."""

    first: int
    last: int
    first_frame: int
    last_frame: int

    @property
    def length(self) -> int:
        """Nanoseconds."""
        return self.last - self.first


@dataclass(slots=True)
class Side:
    """What one end sent. ``next`` is the sequence number after its newest byte."""

    next: int | None = None
    bytes: int = 0
    last_data: int = 0
    last_frame: int = 0
    burst: Burst | None = None
    largest: Burst | None = None
    gap: Gap | None = None

    def send(self, packet: Packet, begun: int) -> None:
        """Count data that is new; a repetition is none, nor a keep-alive's old byte (RFC 9293, 3.8.4)."""
        after = (packet.seq + packet.length) % WRAP
        if self.next is None:
            self.next = packet.seq
        fresh = (after - self.next) % WRAP
        if not packet.length or not 0 < fresh < WRAP // 2:
            return
        self.next = after
        self.bytes += fresh
        since = self.last_data or begun
        if packet.time - since > (self.gap.length if self.gap else 0):
            self.gap = Gap(since, packet.time, self.last_frame, packet.frame)
        if self.burst is None or packet.time - self.burst.last > PAUSE:
            self.burst = Burst(fresh, packet.time, packet.time, packet.frame, packet.frame)
        else:
            old = self.burst
            self.burst = Burst(old.bytes + fresh, old.first, packet.time, old.first_frame, packet.frame)
        if self.largest is None or self.burst.bytes > self.largest.bytes:
            self.largest = self.burst
        self.last_data, self.last_frame = packet.time, packet.frame


@dataclass(slots=True)
class Link:
    """A connection. ``opened``: its handshake is here. ``ended_by`` is the side that ended it first."""

    opener: Endpoint
    listener: Endpoint
    begun: int
    frame: int
    opened: bool = False
    established: bool = False
    ended: int = 0
    ended_by: int | None = None
    reset: bool = False
    end_frame: int = 0
    last: int = 0
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    alike: int = 0
    """Connections of its kind that were over long ago, and that it stands for."""
    together: int = 1
    """How many of those between its hosts were open at the same time at the most, where some are given up."""
    settled: bool = False
    """Whether ``silence`` says all that there is to say of its silences, for those beside it may be gone."""
    silence: tuple[Gap, bool] | None = None
    """The silence that was too long, and whether the connection ended with it."""
    excused: Gap | None = None
    """A silence in which its device was heard on a connection that was given up since."""

    def add(self, packet: Packet) -> None:
        """Count a packet of this connection, in frame order."""
        side = self.sides[packet.side]
        self.last = max(self.last, packet.time)
        if packet.flags & SYN:
            side.next = (packet.seq + 1) % WRAP
            if packet.flags & ACK:
                self.established = True
            return
        if packet.length:
            self.established = True
        side.send(packet, self.begun)
        if packet.flags & (FIN | RST) and self.ended_by is None:
            self.ended, self.ended_by, self.end_frame = packet.time, packet.side, packet.frame
            self.reset = bool(packet.flags & RST)

    def renewed(self, source: Endpoint, seq: int, time: int) -> bool:
        """Whether a SYN begins another connection between the same ports: it is no repetition, and none that
        the capture put behind its SYN-ACK."""
        if source != self.opener:
            return self.ended_by is not None
        if self.opened and self.sides[OPENER].next is None and time - self.begun <= EARLY:
            return False
        return not self.opened or self.sides[OPENER].next != (seq + 1) % WRAP

    @property
    def frames(self) -> tuple[int, ...]:
        """Where it begins and where it ends."""
        return (self.frame, self.end_frame) if self.end_frame else (self.frame,)

    def lasted(self, until: int) -> int:
        """Nanoseconds from its beginning to its end; to ``until`` if it is still open."""
        return (self.ended if self.ended_by is not None else until) - self.begun
