"""Feeds the segments of HTTP to their connections, and keeps the exchanges that may have carried an image."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from analyzer.flowtable.copies import Recent
from analyzer.tables import Packets
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.http.heads import begins
from analyzer.transfers.http.pick import HEAD_BYTES, LAST_CHUNK, of_streams
from analyzer.transfers.http.stream import Connection, Exchange, Segment
from analyzer.transfers.http.worth import matters, settled

CONNECTIONS: Final = 4096
"""Connections watched at a time; the one that was quiet for the longest goes first."""
EXCHANGES: Final = 20_000
"""Exchanges kept. Beyond it they are counted in ``dropped``."""
_COLUMNS: Final = (
    *(
        "frame",
        "time",
        "interface",
        "version",
        "src_hi",
        "src_lo",
        "dst_hi",
        "dst_lo",
        "src_port",
        "dst_port",
    ),
    *("flags", "seq", "ack", "ip_id", "payload_wire", "payload_captured", "digest", "payload"),
)

Ends = tuple[Endpoint, Endpoint]
"""Both ends of a connection, in order."""


class Streams:
    """The HTTP connections of consecutive frames."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.dropped = 0
        self._connections: dict[Ends, Connection] = {}
        self._keys: dict[Ends, int] = {}
        self._watched = np.zeros(0, np.uint64)
        self._changed = False
        self._recent = Recent()

    def add(self, packets: Packets) -> None:
        """Take the next batch, whole or as far as it was wanted, in frame order."""
        chosen = of_streams(packets, self._watched)
        rows = chosen.rows
        if not len(rows):
            return
        columns = packets.columns
        part = [columns[name][rows].tolist() for name in _COLUMNS]
        view = memoryview(packets.buffer)
        for most, key, row in zip(
            chosen.most.tolist(), chosen.keys.tolist(), zip(*part, strict=True), strict=True
        ):
            frame, time, interface, version, src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port, *rest = row
            flags, seq, ack, ip_id, wire, captured, digest, begin = rest
            source, target = (version, src_hi, src_lo, src_port), (version, dst_hi, dst_lo, dst_port)
            ends = (source, target) if source < target else (target, source)
            held = min(captured, most)
            data = bytes(view[begin : begin + held]) if held > 0 else b""
            if ends not in self._connections and not begins(data):
                continue  # nothing was asked yet, or nothing that matters
            if self._recent.is_copy(digest, wire, ip_id, time, interface):
                continue
            last = held == wire and data.endswith(LAST_CHUNK)
            cut = captured < min(wire, HEAD_BYTES) if most else False
            data = data[:HEAD_BYTES]
            self._feed(
                ends, Segment(source, target, seq, ack, flags, wire, data, cut, last, time, frame), key
            )
        if self._changed:
            self._watched = np.array(list(self._keys.values()), np.uint64)
            self._changed = False

    def _feed(self, ends: Ends, one: Segment, key: int) -> None:
        connection = self._connections.pop(ends, None)
        if connection is None:
            if len(self._connections) >= CONNECTIONS:
                self._keep(self._drop(next(iter(self._connections))).close())
            connection = Connection()
            self._keys[ends], self._changed = key, True
        self._connections[ends] = connection  # the latest one last
        self._keep(connection.feed(one))
        waiting = connection.exchanges
        if one.data and waiting and all(settled(exchange, one.time) for exchange in waiting):
            self._drop(ends)  # until it asks for something else

    def _drop(self, ends: Ends) -> Connection:
        self._changed = True
        del self._keys[ends]
        return self._connections.pop(ends)

    def _keep(self, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            if not matters(exchange):
                continue
            if len(self.exchanges) >= EXCHANGES:
                self.dropped += 1
            else:
                self.exchanges.append(exchange)

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before`` and does not begin with one of the frames ``kept``."""
        self.exchanges = [one for one in self.exchanges if one.first_frame in kept or one.last >= before]
        for exchange in self.exchanges:
            exchange.alike += counted.get(exchange.first_frame, 0)

    def finish(self) -> list[Exchange]:
        """All exchanges that matter, those of open connections too, in order of their first frames."""
        for connection in self._connections.values():
            self._keep(connection.close())
        return sorted(self.exchanges, key=lambda exchange: exchange.first_frame)
