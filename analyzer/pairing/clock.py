"""The packets that both points saw, and how far their clocks are apart.

The gateway's clock less the node's is ``offset`` plus the delay for a packet that goes to the gateway, and
``offset`` less the delay for one that comes from there. With equal delays both ways the middle of the two
medians is the offset; whatever the delays are, it is wrong by no more than half their difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

TOLERANCE: Final = 1_000_000_000
"""A packet is no longer than this on its way, ns: timers that send it again wait as long."""
POINTS: Final = 300
"""Pairs used to see how the clocks drift; the work grows with their square."""
DRIFT_PAIRS, DRIFT_SPAN = 12, 20_000_000_000
"""Pairs and ns from which on a drift is looked for."""
DRIFT_MOST: Final = 1e-3
"""A clock that runs more wrongly than this is none: quartz is within 1e-4."""
RETRIES: Final = 60
"""Sights of one packet that are tried against each other where nothing else tells the offset."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    """The gateway's clock less the node's: ``offset`` at ``origin`` (node's clock), growing by ``drift``.

    ``uncertainty`` is None where packets of one direction only were matched: the offset then holds their
    delay. All in ns, ``drift`` in ns per ns. ``delay`` is the mean of both ways.
    """

    origin: int
    offset: int
    drift: float = 0.0
    uncertainty: int | None = None
    delay: int | None = None
    swapped: bool = False
    """Packets are seen at the far point first: the captures are the wrong way round."""

    def at_node(self, times: Array) -> Array:
        """``times`` (int64, ns) of the gateway's clock on the node's: the same shape."""
        guess = times - self.offset
        moved: Array = guess - np.rint((guess - self.origin) * self.drift).astype(np.int64)
        return moved


@dataclass(frozen=True, slots=True)
class Matched:
    """Sights of both captures: ``pairs`` are rows of each that are one packet."""

    node: Array
    gateway: Array
    pairs: tuple[Array, Array]
    clock: Clock | None


def match(node: Array, gateway: Array, nodes: Array, gateways: Array) -> Matched:
    """Find the packets that both tables (SIGHT, one row a packet) have, and how their clocks differ.

    ``nodes`` and ``gateways`` are the hosts of transfers (uint64, as ``source`` in SIGHT). Where nothing is
    in both, ``clock`` is None.
    """
    names = _names(node, gateway)
    certain = _certain(*names)
    if not len(certain[0]):
        certain = _likeliest(node, gateway, *names)
    if not len(certain[0]):
        return Matched(node, gateway, certain, None)
    clock = _clock(node, gateway, certain, nodes, gateways)
    pairs = _all(node["time"], clock.at_node(gateway["time"]), *names)
    if len(pairs[0]) > len(certain[0]):
        clock = _clock(node, gateway, pairs, nodes, gateways)
    return Matched(node, gateway, pairs, clock)


def _names(node: Array, gateway: Array) -> tuple[Array, Array]:
    """What tells the packets of each table apart: the IP identification too, unless it changes on the way."""
    whole = [table["key"] ^ (table["ip_id"].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
             for table in (node, gateway)]  # fmt: skip
    exact = len(np.intersect1d(*whole))
    rough = len(np.intersect1d(node["key"], gateway["key"]))
    return (whole[0], whole[1]) if 2 * exact >= rough else (node["key"], gateway["key"])


def _certain(node: Array, gateway: Array) -> tuple[Array, Array]:
    """Rows of the packets that each table has just once."""
    ours, our_rows, our_counts = np.unique(node, return_index=True, return_counts=True)
    theirs, their_rows, their_counts = np.unique(gateway, return_index=True, return_counts=True)
    _, left, right = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    once = (our_counts[left] == 1) & (their_counts[right] == 1)
    return our_rows[left[once]], their_rows[right[once]]


def _likeliest(node: Array, gateway: Array, ours: Array, theirs: Array) -> tuple[Array, Array]:
    """The pairs of the one offset at which most sights fit, where each packet was sent several times.

    None where two offsets fit equally well: repetitions by a timer look the same one turn later.
    """
    none = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    common = np.intersect1d(ours, theirs)
    best: list[tuple[int, tuple[Array, Array], int]] = []
    for name in common[:8]:
        left, right = np.flatnonzero(ours == name)[:RETRIES], np.flatnonzero(theirs == name)[:RETRIES]
        for offset in np.unique(gateway["time"][right][:, None] - node["time"][left]).tolist():
            pairs = _all(node["time"], gateway["time"] - offset, ours, theirs)
            best.append((len(pairs[0]), pairs, offset))
    if not best:
        return none
    most = max(count for count, _, _ in best)
    fits = [(offset, pairs) for count, pairs, offset in best if count == most]
    offsets = [offset for offset, _ in fits]
    return fits[0][1] if max(offsets) - min(offsets) <= TOLERANCE else none


def _all(node: Array, gateway: Array, ours: Array, theirs: Array) -> tuple[Array, Array]:
    """Rows of equal names and about equal times on one clock, each used once, in order."""
    left = np.lexsort((node, ours))
    right = np.lexsort((gateway, theirs))
    places = np.searchsorted(theirs[right], ours[left], "left").tolist()
    names, others = ours[left].tolist(), theirs[right].tolist()
    times, far = node[left].tolist(), gateway[right].tolist()
    found: list[tuple[int, int]] = []
    free, last = 0, None
    for row, name in enumerate(names):
        if name != last:
            free, last = places[row], name
        while free < len(others) and others[free] == name and far[free] < times[row] - TOLERANCE:
            free += 1
        if free < len(others) and others[free] == name and far[free] <= times[row] + TOLERANCE:
            found.append((left[row], right[free]))
            free += 1
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    table = np.array(found, np.int64)
    return table[:, 0], table[:, 1]


def _clock(node: Array, gateway: Array, pairs: tuple[Array, Array], nodes: Array, gateways: Array) -> Clock:
    here = node[pairs[0]]
    times, apart = here["time"], gateway["time"][pairs[1]] - here["time"]
    middle = int(np.median(apart))
    sane = np.abs(apart - middle) <= max(TOLERANCE, 10 * _spread(apart))
    here, times, apart = here[sane], times[sane], apart[sane]
    origin = int(np.median(times))
    there = np.isin(here["source"], nodes) | np.isin(here["target"], gateways)
    back = np.isin(here["source"], gateways) | np.isin(here["target"], nodes)
    there, back = there & ~back, back & ~there
    level = apart.astype(np.float64) - middle
    for way in (there, back):
        if way.any():
            level[way] -= np.median(level[way])
    known = there | back
    drift = _drift((times - origin)[known], level[known]) if known.any() else _drift(times - origin, level)
    straight = apart - np.rint((times - origin) * drift).astype(np.int64)
    spread = _spread(straight[known]) if known.any() else _spread(straight)
    if not there.any() or not back.any():
        return Clock(origin, int(np.median(straight)), drift)
    out, home = np.median(straight[there]), np.median(straight[back])
    noise = max(_spread(straight[there]), _spread(straight[back]))
    del spread
    return Clock(
        origin,
        round((out + home) / 2),
        drift,
        round(abs(out - home) / 2 + noise),
        max(0, round((out - home) / 2)),
        swapped=home - out > 3 * noise + 20_000,
    )


def _spread(values: Array) -> float:
    """The median distance from the median."""
    return float(np.median(np.abs(values - np.median(values))))


def _drift(times: Array, level: Array) -> float:
    """The median slope between pairs (Theil and Sen), 0 where there is too little to see one."""
    if len(times) < DRIFT_PAIRS or np.ptp(times) < DRIFT_SPAN:
        return 0.0
    order = np.argsort(times, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(times) - 1, min(POINTS, len(times))).astype(np.int64))]
    times, level = times[chosen].astype(np.float64), level[chosen]
    left, right = np.triu_indices(len(times), 1)
    far = times[right] - times[left] >= np.ptp(times) / 4
    slope = float(np.median((level[right] - level[left])[far] / (times[right] - times[left])[far]))
    return slope if abs(slope) <= DRIFT_MOST else 0.0
