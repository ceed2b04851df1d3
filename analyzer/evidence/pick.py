"""PACKETS, flows → the frames of these flows, with the fragments and the ICMP errors that belong to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer import transports
from analyzer.addresses import parse
from analyzer.flowtable.fragments import FRAGMENT_FRAMES
from analyzer.model import FlowRecord
from analyzer.tables import Columns, Kind, Packets

Array = np.ndarray[Any, Any]

_ODD: Final = tuple(
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
)
_SHIFT: Final = np.uint64(31)

End = tuple[int, int, int]
"""Upper and lower half of an address, port (0 without ports)."""
Key = tuple[int, str, frozenset[End]]
"""Version, transport's name, both ends."""
Datagram = tuple[int, int, int, int, int, int, int]
"""Version, source, destination, protocol, identification: what the fragments of one datagram share."""


class Chosen(NamedTuple):
    """Frame numbers in ascending order, and how many there were before the limit."""

    frames: Array
    total: int


class Picker:
    """Shown every packet of an analysis in order, it keeps the numbers of those frames that were asked for.

    ``flows`` are asked for with all their packets, later fragments, and ICMP errors that quote them;
    ``frames`` by number. Memory grows with the frames kept (16 bytes each) and with the IP fragments
    between the flows' hosts.
    """

    def __init__(self, flows: Iterable[FlowRecord], frames: Sequence[int] | Array = ()) -> None:
        self._wanted: dict[Key, int] = {}
        for flow in flows:
            self._wanted.setdefault(key_of(flow), len(self._wanted))
        self._frames = np.unique(np.array(frames, np.int64))
        self._hashes = _sorted(_hash_of(key, ports=True) for key in self._wanted)
        self._pairs = _sorted(_hash_of(key, ports=False) for key in self._wanted)
        self._kept: list[Array] = []
        self._events: list[tuple[int, Datagram, int | None]] = []
        """First fragments (with their flow, -1 for another's) and later ones (None) in frame order."""

    def add(self, packets: Packets) -> None:
        """Look at a batch."""
        columns, quotes = packets.columns, packets.quotes
        if not len(columns["frame"]):
            return
        first = int(columns["frame"][0])
        named = self._frames[np.searchsorted(self._frames, first) :]
        self._keep(named[named < first + len(columns["frame"])], -1)
        if not self._wanted:
            return
        kind = columns["kind"]
        members = (kind == Kind.TRANSPORT) | (kind == Kind.IP) | (kind == Kind.LINK)
        places, flows = self._matching(columns, np.flatnonzero(members))
        self._keep(columns["frame"][places], flows)
        rows, quoted = self._matching(quotes, np.arange(len(quotes["row"])))
        self._keep(columns["frame"][quotes["row"][rows]], quoted)
        self._add_fragments(columns, dict(zip(places.tolist(), flows.tolist(), strict=True)))

    def chosen(self, limit: int = 0) -> Chosen:
        """The frames. With a positive ``limit`` and more frames than that: those asked for by number, then
        the first of each flow, the second of each flow and so on."""
        self._resolve()
        rows = np.concatenate(self._kept) if self._kept else np.zeros((0, 2), np.int64)
        # A frame may be asked for twice: by number it comes first, else with the flow that has it first.
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        rows = rows[np.unique(rows[:, 0], return_index=True)[1]]
        if not limit or len(rows) <= limit:
            return Chosen(rows[:, 0], len(rows))
        by_flow = np.argsort(rows[:, 1], kind="stable")
        owners = rows[by_flow, 1]
        starts = np.searchsorted(owners, owners)
        rank = np.empty(len(rows), np.int64)
        rank[by_flow] = np.arange(len(rows)) - starts
        rank[rows[:, 1] < 0] = -1
        kept = np.sort(rows[np.argsort(rank, kind="stable")[:limit], 0])
        return Chosen(kept, len(rows))

    def _keep(self, frames: Array, flows: Array | int) -> None:
        if len(frames):
            rows = np.empty((len(frames), 2), np.int64)
            rows[:, 0], rows[:, 1] = frames, flows
            self._kept.append(rows)

    def _matching(self, columns: Columns, places: Array) -> tuple[Array, Array]:
        """Those of the rows at ``places`` that belong to a wanted flow, and which flow each is of."""
        part = {name: columns[name][places] for name in _COLUMNS}
        likely = np.flatnonzero(np.isin(_hash(part, ports=True), self._hashes))
        rows = zip(*(part[name][likely].tolist() for name in _COLUMNS), strict=True)
        found = [self._wanted.get(_key(row), -1) for row in rows]
        flows = np.array(found, np.int64)
        return places[likely][flows >= 0], flows[flows >= 0]

    def _add_fragments(self, columns: Columns, owners: dict[int, int]) -> None:
        split = np.flatnonzero((columns["kind"] == Kind.FRAGMENT) | (columns["fragmented"] != 0))
        part = {name: columns[name][split] for name in _COLUMNS}
        split = split[np.isin(_hash(part, ports=False), self._pairs)]
        taken = ("version", "src_hi", "src_lo", "dst_hi", "dst_lo", "transport", "ip_id")
        datagrams = zip(*(columns[name][split].tolist() for name in taken), strict=True)
        for place, datagram in zip(split.tolist(), datagrams, strict=True):
            later = columns["kind"][place] == Kind.FRAGMENT
            owner = None if later else owners.get(place, -1)
            self._events.append((int(columns["frame"][place]), datagram, owner))

    def _resolve(self) -> None:
        """Give each later fragment to the flow of the first fragment before it, else after it (as
        ``flowtable.fragments`` does)."""
        recent: dict[Datagram, tuple[int, int]] = {}
        waiting: dict[Datagram, list[int]] = defaultdict(list)
        rows: list[tuple[int, int]] = []
        for frame, datagram, owner in self._events:
            if owner is not None:
                recent[datagram] = frame, owner
                rows += [
                    (other, owner) for other in waiting.pop(datagram, ()) if frame - other <= FRAGMENT_FRAMES
                ]
                continue
            before = recent.get(datagram)
            if before is not None and frame - before[0] <= FRAGMENT_FRAMES:
                rows.append((frame, before[1]))
            else:
                waiting[datagram].append(frame)
        self._events = []
        ours = np.array([row for row in rows if row[1] >= 0], np.int64).reshape(-1, 2)
        self._keep(ours[:, 0], ours[:, 1])


_COLUMNS: Final = (
    "version",
    "transport",
    "src_hi",
    "src_lo",
    "src_port",
    "dst_hi",
    "dst_lo",
    "dst_port",
)


def key_of(flow: FlowRecord) -> Key:
    """What every packet of a flow has in common."""
    ends = (flow.originator, flow.responder)
    parsed = [parse(end.address) for end in ends]
    both = ((hi, lo, end.port or 0) for (_, hi, lo), end in zip(parsed, ends, strict=True))
    return parsed[0][0], flow.transport, frozenset(both)


def _key(row: Sequence[int]) -> Key:
    version, transport, *ends = row
    return version, transports.name(transport), frozenset((tuple(ends[:3]), tuple(ends[3:])))  # type: ignore[arg-type]


def _hash_of(key: Key, *, ports: bool) -> int:
    version, _, ends = key
    one, other = (*ends, *ends)[:2]
    columns = {
        name: np.array([value], np.uint64)
        for name, value in zip(_COLUMNS, (version, 0, *one, *other), strict=True)
    }
    return int(_hash(columns, ports=ports)[0])


def _hash(columns: Columns, *, ports: bool) -> Array:
    """A number for version and both ends in either order: equal for equal keys, and seldom else."""
    total: Array = columns["version"].astype(np.uint64) * _ODD[3]
    for side in ("src", "dst"):
        end = columns[f"{side}_hi"].astype(np.uint64) * _ODD[0]
        end = (end ^ columns[f"{side}_lo"].astype(np.uint64)) * _ODD[1]
        end ^= end >> _SHIFT
        if ports:
            end = (end ^ columns[f"{side}_port"].astype(np.uint64)) * _ODD[2]
            end ^= end >> _SHIFT
        total += end
    return total


def _sorted(hashes: Iterable[int]) -> Array:
    return np.unique(np.array(list(hashes), np.uint64))
