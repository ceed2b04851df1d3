"""The BACnet messages of a capture, shown to each who makes something of them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

import numpy as np

from analyzer import model
from analyzer.errors import DissectError
from analyzer.flowtable.copies import Recent
from analyzer.kinds import among
from analyzer.observation import Ends, Observation, Setting, Tally
from analyzer.observations.bacnet import devices, refusals, segments
from analyzer.observations.bacnet.pick import MOST, PLAIN, TIED, sift, wants
from analyzer.observations.bacnet.sighting import Sighting
from analyzer.observations.bacnet.waiting import Waiting
from analyzer.picking import Want, sifted
from analyzer.protocols.bacnet import Message, parse
from analyzer.tables import Packets

_COLUMNS: Final = (
    *("frame", "time", "interface", "version", "src_hi", "src_lo", "dst_hi", "dst_lo"),
    *("src_port", "dst_port", "ip_id", "payload", "payload_wire", "payload_captured", "digest"),
)
_BEGIN: Final = _COLUMNS.index("payload")


@functools.lru_cache(maxsize=4096)
def _message(data: bytes, wire: int) -> Message | None:
    """The message of ``data``, None for what is none. Sites say the same few things over and over."""
    try:
        return parse(data, wire)
    except DissectError:
        return None


class Observer:
    """Watches the BACnet messages of consecutive batches."""

    def __init__(self) -> None:
        self.refusals = refusals.Refusals()
        self.devices = devices.Devices()
        self.segments = segments.Segments()
        self._recent = Recent()
        self._waiting = Waiting(_COLUMNS, MOST)

    @staticmethod
    def wants(packets: Packets) -> Want:
        """The messages that are worth a look."""
        return wants(packets)

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added, in frame order."""
        rows, ties, keys = sifted(packets, sift)
        if not len(rows):
            return
        plain = ties == PLAIN
        if not plain.all():
            plain &= ~among(keys, keys[ties == TIED])
            loud = np.flatnonzero(~plain)
            part = [packets.columns[name][rows[loud]].tolist() for name in _COLUMNS]
            buffer = memoryview(packets.buffer)
            for key, row in zip(keys[loud].tolist(), zip(*part, strict=True), strict=True):
                if key:
                    # Only now somebody asks what was requested.
                    for earlier, data in self._waiting.take(key):
                        self._see(earlier, data)
                self._see(row, buffer[row[_BEGIN] : row[_BEGIN] + MOST])
            rows, keys = rows[plain], keys[plain]
        self._waiting.add(packets, rows, keys)

    def _see(self, row: tuple[int, ...], data: bytes | memoryview) -> None:
        """Look at one message: ``_COLUMNS`` of it, and the bytes where its payload begins."""
        frame, time, interface, version, *ends, ip_id, _, wire, captured, digest = row
        if self._recent.is_copy(digest, wire, ip_id, time, interface):
            return
        message = _message(bytes(data[: min(captured, MOST)]), wire)
        if message is None:
            return
        src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port = ends
        source, target = (version, src_hi, src_lo), (version, dst_hi, dst_lo)
        seen = Sighting(time, frame, (source, src_port), (target, dst_port), message)
        self.refusals.add(seen)
        self.devices.add(seen)
        self.segments.add(seen)

    def observe(self, setting: Setting) -> Iterator[Observation]:
        """What is to be told of all that was added."""
        yield from refusals.tell(self.refusals, setting)
        yield from devices.tell(self.devices, setting)
        yield from segments.tell(self.segments, setting)

    def attempts(self, setting: Setting) -> tuple[model.Attempt, ...]:  # noqa: ARG002 - the interface
        """None: BACnet carries no firmware that could be told from other files."""
        return ()

    def ends(self) -> Iterator[Ends]:
        """The ends of the flows of which it may still speak: those that its tallies name."""
        return (("udp", one, other) for tally in self._tallies() for one, other in tally.ends)

    def forget(self, before: int) -> None:
        """Give up segmented messages that ended before ``before``, ns. All else is counted by hosts."""
        self.segments.forget(before)

    def _tallies(self) -> Iterator[Tally]:
        refused, found = self.refusals, self.devices
        for tallies in (refused.results, refused.refusals, refused.rejections):
            yield from tallies.values()
        yield from (search.tally for search in found.searches.values())
        yield from (claim.tally for held in found.claims.values() for claim in held.values())
        yield from (held.tally for held in self.segments.open.values())
