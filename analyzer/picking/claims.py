"""Packets that a watcher has to look at, as far as each alone tells: found for all watchers in one pass.

::

    Claim, Claim, …  → sorted_out, once a batch → rows_of, by each who claimed

A batch that nobody sorted is asked for the one claim: who watches takes either alike.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.tables import TCP, UDP, Kind, Packets

try:
    from analyzer.picking import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

Array = np.ndarray[Any, Any]

AT_ONCE: Final = 8
"""Claims that one pass serves: a bit each."""
TRANSPORTS: Final = (UDP, TCP)
"""Those whose packets have ports."""


@dataclass(frozen=True, eq=False)
class Claim:
    """The packets of a transport, ports read, that a watcher looks at.

    They come from or go to one of ``ports`` (None: any) and none of ``never``, and hold ``least`` bytes of
    payload or more, of which the first is one of ``opening`` (None: any).
    """

    transport: int
    ports: frozenset[int] | None = None
    never: frozenset[int] = frozenset()
    least: int = 0
    opening: frozenset[int] | None = None


class _Pass(NamedTuple):
    """What the compiled part reads for up to AT_ONCE claims; a byte has a bit for each.

    For UDP and for TCP: ``named`` (2, 8192) has a bit for each port that some claim names, ``ports``
    (2, 65537) who asks for a port, and 8 bits higher who never does; its last entry is for all that are not
    named. ``openings`` (2, 256): whom a first byte suits. ``unread``: who asks for no first byte.
    ``least``: bytes of each claim.
    """

    named: Array
    ports: Array
    openings: Array
    unread: int
    least: list[int]


def sorted_out(packets: Packets, claims: Iterable[Claim], *, compiled: bool = True) -> Packets:
    """The same batch, which knows the rows of each of ``claims``; by the compiled part where it was built and
    is not unwanted."""
    claims = tuple(claims)
    if not claims:
        return packets
    found: dict[object, Array] = dict(zip(claims, _rows(packets, claims, compiled=compiled), strict=True))
    return packets._replace(claimed={**packets.claimed, **found})


def rows_of(packets: Packets, claim: Claim) -> Array:
    """The rows of a batch that are claimed, increasing."""
    rows = packets.claimed.get(claim)
    return _rows(packets, (claim,))[0] if rows is None else rows


def _rows(packets: Packets, claims: tuple[Claim, ...], *, compiled: bool = True) -> Sequence[Array]:
    columns = packets.columns
    octets = np.frombuffer(packets.buffer, np.uint8)
    if not compiled or COMPILED is None:
        return [_plain(packets, octets, claim) for claim in claims]
    count = len(columns["kind"])
    found: list[Array] = [np.empty(0, np.int64)] * len(claims)
    for begin, one in enumerate(_passes(claims)):
        # One more than there can be: the compiled part writes behind the last before it knows.
        lines = [np.empty(count + 1, np.int64) for _ in one.least]
        for place, told in enumerate(COMPILED.sort(columns, octets, *one, lines)):
            found[AT_ONCE * begin + place] = lines[place][:told]
    return found


def _plain(packets: Packets, octets: Array, claim: Claim) -> Array:
    """The reference of the compiled part, for one claim."""
    columns = packets.columns
    wanted = (columns["transport"] == claim.transport) & (columns["kind"] == Kind.TRANSPORT)
    wanted &= columns["payload_captured"] >= _least(claim)
    rows = np.flatnonzero(wanted)
    ends = columns["src_port"][rows], columns["dst_port"][rows]
    if claim.ports is not None:
        ours = _marked(claim.ports, 1 << 16)
        rows = rows[ours[ends[0]] | ours[ends[1]]]
        ends = columns["src_port"][rows], columns["dst_port"][rows]
    theirs = _marked(claim.never, 1 << 16)
    rows = rows[~(theirs[ends[0]] | theirs[ends[1]])]
    if claim.opening is not None:
        rows = rows[_marked(claim.opening, 256)[octets[columns["payload"][rows]]]]
    return rows


def _marked(numbers: Iterable[int], size: int) -> Array:
    table = np.zeros(size, bool)
    table[list(numbers)] = True
    return table


@functools.lru_cache(maxsize=16)
def _passes(claims: tuple[Claim, ...]) -> tuple[_Pass, ...]:
    """The passes that serve ``claims``, in their order: mostly one."""
    return tuple(_pass(claims[at : at + AT_ONCE]) for at in range(0, len(claims), AT_ONCE))


def _pass(claims: tuple[Claim, ...]) -> _Pass:
    """One pass for all of ``claims``."""
    named, ports = np.zeros((2, 1 << 16), bool), np.zeros((2, (1 << 16) + 1), np.uint16)
    openings, unread = np.zeros((2, 256), np.uint8), 0
    for at, claim in enumerate(claims):
        side = TRANSPORTS.index(claim.transport)
        ports[side, slice(None) if claim.ports is None else list(claim.ports)] |= 1 << at
        ports[side, list(claim.never)] |= 1 << (AT_ONCE + at)
        named[side, list((claim.ports or frozenset()) | claim.never)] = True
        if claim.opening is None:
            unread |= 1 << at
        else:
            openings[side, list(claim.opening)] |= 1 << at
    packed = np.packbits(named, axis=1, bitorder="little")
    return _Pass(packed, ports, openings, unread, [_least(claim) for claim in claims])


def _least(claim: Claim) -> int:
    """A first byte cannot be read where there is none."""
    return claim.least if claim.opening is None else max(1, claim.least)
