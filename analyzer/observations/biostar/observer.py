"""The BioStar connections of a capture, judged by how they behave.

Only hosts whose roles are declared are judged. What is healthy is in Suprema's BioStar SDK Manual V1.9: in
server mode a device keeps two connections to the server and is heard on them within 100 seconds; in direct
mode a PC connects to the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analyzer.model import Attempt
from analyzer.observation import Endpoint, Ends, Observation, Setting
from analyzer.observations.biostar import sessions
from analyzer.observations.biostar.kept import kept
from analyzer.observations.biostar.link import LISTENER, OPENER, Link, Packet
from analyzer.observations.biostar.pick import PORTS, wants
from analyzer.observations.biostar.upgrades import upgrades
from analyzer.picking import Want
from analyzer.tables import ACK, SYN, Packets

LINKS: Final = 20_000
"""Connections remembered: a scan must not cost memory."""

_COLUMNS: Final = (
    *("frame", "time", "version", "src_hi", "src_lo", "dst_hi", "dst_lo"),
    *("src_port", "dst_port", "flags", "seq", "payload_wire"),
)


class Observer:
    """Watches the connections of consecutive batches. ``links`` are in order of their first packets."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self._current: dict[tuple[Endpoint, Endpoint], Link] = {}

    @staticmethod
    def wants(packets: Packets) -> Want:
        """The packets that show how connections behave."""
        return wants(packets)

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        rows = wants(packets).rows
        part = [packets.columns[name][rows].tolist() for name in _COLUMNS]
        for frame, time, version, *ends, flags, seq, length in zip(*part, strict=True):
            src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port = ends
            source: Endpoint = (version, src_hi, src_lo), src_port
            target: Endpoint = (version, dst_hi, dst_lo), dst_port
            link = self._link(source, target, flags, seq, time, frame)
            if link is not None:
                side = OPENER if link.opener == source else LISTENER
                link.add(Packet(time, frame, side, flags, seq, length))

    def _link(
        self, source: Endpoint, target: Endpoint, flags: int, seq: int, time: int, frame: int
    ) -> Link | None:
        opens = flags & (SYN | ACK) == SYN
        current = self._current.get((source, target)) or self._current.get((target, source))
        if current is not None and not (opens and current.renewed(source, seq, time)):
            return current
        if len(self.links) >= LINKS:
            return None
        asks = opens or (not flags & SYN and target[1] in PORTS)
        opener, listener = (source, target) if asks else (target, source)
        link = Link(opener, listener, time, frame, opened=bool(flags & SYN))
        for key in ((source, target), (target, source)):
            self._current.pop(key, None)
        self._current[opener, listener] = link
        self.links.append(link)
        return link

    def observe(self, setting: Setting) -> Iterator[Observation]:
        """What is to be told of all that was added."""
        return sessions.tell(self.links, setting)

    def attempts(self, setting: Setting) -> tuple[Attempt, ...]:
        """What looks like firmware upgrades inside connections."""
        return upgrades(self.links, setting)

    def ends(self) -> Iterator[Ends]:
        """The ends of the flows of which it may still speak."""
        return (("tcp", link.opener, link.listener) for link in self.links)

    def forget(self, before: int) -> None:
        """Give up connections that were over before ``before``, ns, but a few of each kind."""
        self.links = kept(self.links, before)
        there = {id(link) for link in self.links}
        self._current = {ends: link for ends, link in self._current.items() if id(link) in there}
