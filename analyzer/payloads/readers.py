"""The protocols at work on the heads of a capture: of payloads that read the same, one is read.

Where the compiled part was built, a protocol's ``plain`` rule says which those are; else they are equal ones.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Hashable
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer import protocols, transports
from analyzer.conversations import Conversations
from analyzer.kinds import Array, kinds, members, ordered
from analyzer.model.cells import Coded
from analyzer.protocol import Fit, Payload, Protocol, Reading

try:
    from analyzer.payloads import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

REMEMBERED: Final = 1 << 14
"""Distinct payloads remembered where they are compared in Python: a few megabytes."""


class Told(NamedTuple):
    """Of each payload the number of what was told of it, and the distinct things told."""

    of: Array
    values: list[Any]


class Readers:
    """The heads of a capture, to be read by any protocol."""

    def __init__(self, found: Conversations, *, compiled: bool = True) -> None:
        self._heads, self._columns = found.flows.heads, found.columns
        self._fast: Any = None
        if COMPILED is not None and compiled:
            heads, fit = self._heads, np.ascontiguousarray
            self._fast = COMPILED.Heads(
                fit(heads.octets, np.uint8),
                *(fit(heads.begin, np.int64), fit(heads.size, np.int32), fit(heads.wire, np.int64)),
                fit(heads.slot, np.int64),
                *(fit(found.columns[f"{end}_port"], np.uint16) for end in "ab"),
            )

    def opening(self, which: Array) -> tuple[Array, Array]:
        """The first and the second byte of each of the heads ``which``, -1 behind its end."""
        heads = self._heads
        first, second = (np.full(len(which), -1, np.int16) for _ in range(2))
        if self._fast is not None:
            self._fast.opening(np.ascontiguousarray(which, np.int64), first, second)
            return first, second
        for place, octets in enumerate((first, second)):
            longer = np.flatnonzero(heads.size[which] > place)
            octets[longer] = heads.octets[heads.begin[which[longer]] + place]
        return first, second

    def told(
        self, protocol: Protocol, transport: str, which: Array, tell: Callable[[Reading], Hashable]
    ) -> Told:
        """What ``tell`` makes of what ``protocol`` reads in the heads ``which``, all of ``transport``."""
        recognise, heads = protocol.recognise, self._heads
        numbers: dict[Hashable, int] = {}
        if recognise is None or not len(which):
            return Told(np.zeros(len(which), np.int64), [None])
        # A protocol looks at a port only to see whether it is its own.
        claimed = _claimed(protocol, transport)
        view = memoryview(heads.octets)  # type: ignore[arg-type]

        def read(head: int) -> int:
            begin, size, wire = int(heads.begin[head]), int(heads.size[head]), int(heads.wire[head])
            ports = (int(ends[0]) for ends in self._ports(np.array([head]), claimed))
            payload = Payload(view[begin : begin + size].tobytes(), wire, transport, *ports)
            return numbers.setdefault(tell(recognise(payload)), len(numbers))

        if self._fast is not None:
            of, firsts = np.empty(len(which), np.int64), np.empty(len(which), np.int64)
            some = np.ascontiguousarray(which, np.int64)
            count = self._fast.kinds(
                protocol.plain, transport == "tcp", some, claimed.view(np.uint8), _factors(), of, firsts
            )
            of = np.array([read(head) for head in some[firsts[:count]].tolist()], np.int64)[of]
            return Told(of, list(numbers))
        known: dict[tuple[bytes, int, int, int], int] = {}
        of = np.zeros(len(which), np.int64)
        begin, size, wire = (column[which].tolist() for column in (heads.begin, heads.size, heads.wire))
        ports = (ends.tolist() for ends in self._ports(which, claimed))
        each = zip(which.tolist(), begin, size, wire, *ports, strict=True)
        for at, (head, start, length, *rest) in enumerate(each):
            key = (view[start : start + length].tobytes(), *rest)
            number = known.get(key)
            if number is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                number = known[key] = read(head)
            of[at] = number
        return Told(of, list(numbers))

    def same(self, which: Array) -> Array:
        """A number for each of the heads ``which``: equal where their bytes are."""
        heads = self._heads
        of = np.empty(len(which), np.int64)
        if self._fast is not None:
            some = np.ascontiguousarray(which, np.int64)
            self._fast.kinds(
                None, False, some, np.zeros(1 << 16, np.uint8), _factors(), of, np.empty_like(of)
            )
            return of
        begin, size = heads.begin[which], heads.size[which]
        view = memoryview(heads.octets)  # type: ignore[arg-type]
        known: dict[bytes, int] = {}
        for at, (start, length) in enumerate(zip(begin.tolist(), size.tolist(), strict=True)):
            of[at] = known.setdefault(view[start : start + length].tobytes(), len(known))
        return of

    def _ports(self, which: Array, claimed: Array) -> tuple[Array, Array]:
        """Where each of the heads ``which`` came from and went to, 0 for a port that is not ``claimed``."""
        slot = self._heads.slot[which]
        from_b = slot & 1 == 1
        ends = (self._columns[f"{end}_port"][slot >> 1] for end in "ab")
        a, b = (np.where(claimed[end], end, 0) for end in ends)
        return np.where(from_b, b, a), np.where(from_b, a, b)


@functools.cache
def _claimed(protocol: Protocol, transport: str) -> Array:
    """Which ports a protocol claims, as booleans."""
    table = np.zeros(1 << 16, bool)
    table[[port for name, port in protocol.ports if name == transport]] = True
    return table


@functools.cache
def _factors() -> Array:
    """Of the hash. New in every process: nobody can prepare a capture whose payloads all share a chain."""
    assert COMPILED is not None
    return np.frombuffer(os.urandom(8 * COMPILED.FACTORS), np.uint64)


def _of_rows(found: Conversations, rows: Array) -> tuple[Array, Array]:
    """The heads of ``rows``, one row's after the other's, and the place in ``rows`` of each head's."""
    slot = found.flows.heads.slot
    begin = np.searchsorted(slot, 2 * rows)
    count = np.searchsorted(slot, 2 * rows + 2) - begin
    owner = np.repeat(np.arange(len(rows)), count)
    return np.arange(len(owner)) + np.repeat(begin - np.cumsum(count) + count, count), owner


def equal(found: Conversations, rows: Array) -> Array:
    """A number for each of ``rows``, which increase: equal where the payloads kept of them are, byte for byte
    and in their places."""
    which, owner = _of_rows(found, rows)
    if not len(which):
        return np.zeros(len(rows), np.int64)
    return kinds(abreast(found.flows.heads.slot[which], owner, Readers(found).same(which), len(rows))).of


def abreast(slot: Array, owner: Array, said: Array, rows: int) -> list[Array]:
    """What each head of a row says, as a column for each place that a head may have; 0 where there is none.

    The heads, of rows that ``owner`` numbers below ``rows``, come in order of their ``slot``.
    """
    place = places(slot)
    table = np.zeros((2 * (int(place.max()) + 1), rows), np.int64)
    table[2 * place + (slot & 1), owner] = 1 + said
    return list(table)


def places(slot: Array) -> Array:
    """How many heads of its slot there are before each; heads come in order of their ``slot``."""
    begins = np.flatnonzero(np.concatenate(([True], slot[1:] != slot[:-1])))
    place: Array = np.arange(len(slot)) - np.repeat(begins, np.diff(begins, append=len(slot)))
    return place


def details(found: Conversations, rows: Array) -> Coded:
    """What the payloads told of each of ``rows``: the originator's first line, else the responder's."""
    heads, reader = found.flows.heads, found.facts["reader"]
    known, codes = {"": 0}, np.zeros(len(rows), np.int64)
    if not len(heads.slot):
        return Coded(codes, list(known))
    firsts, of = kinds((reader.codes[rows], found.columns["transport"][rows]))
    readers, forward = Readers(found), found.facts["forward"].among(True, rows=rows)
    for first, some in zip(firsts.tolist(), members(of, len(firsts)), strict=True):
        name = reader[int(rows[first])]
        if not name:
            continue
        protocol = protocols.load()[name]
        transport = transports.name(int(found.columns["transport"][rows[first]]))
        which, owner = _of_rows(found, rows[some])
        owner = some[owner]
        answering = (heads.slot[which] & 1 == 1) == forward[owner]
        order = ordered(2 * owner + answering, 2 * len(rows))
        which, owner = which[order], owner[order]
        leading = places(owner) == 0
        open_ = np.ones(len(rows), bool)
        # Most rows have something to tell in their first head: the others are read where it has not.
        for turn in (leading, ~leading):
            asked = np.flatnonzero(turn & open_[owner])
            told = readers.told(protocol, transport, which[asked], _line)
            says = np.array([bool(line) for line in told.values])[told.of]
            open_[owner[asked[says]]] = False
            lines = np.array([known.setdefault(line or "", len(known)) for line in told.values], np.int64)
            # Of several for one row the one written last stays: the first.
            codes[owner[asked[says]][::-1]] = lines[told.of[says][::-1]]
    return Coded(codes, list(known))


def _line(reading: Reading) -> str:
    return reading.detail if reading.fit is Fit.YES else ""
