"""The conversations of a capture: FLOWS, and beside them what the stages find out, in columns.

A rule is written for one conversation. Where many are alike in all that it reads, it is asked once, and the
answer goes to all of them (:meth:`Conversations.alike`): a million flows of a scan are a few dozen questions.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Final, overload

import numpy as np

from analyzer import transports
from analyzer.conversation import Address, Conversation
from analyzer.kinds import Array, Kinds, distinct, kinds, wide
from analyzer.model import Outcome
from analyzer.model.cells import Cells, Coded, Numbers
from analyzer.protocol import Fit
from analyzer.tables import FLOWS, TCP, UDP, Columns, Flows, Heads

MIX: Final = 0x9E3779B97F4A7C15
"""An odd number that spreads what is multiplied by it over 64 bits."""
FACTS: Final[Mapping[str, Any]] = {
    "protocol": "",
    "reader": "",
    "fit": Fit.UNSURE,
    "claimed": "",
    "forward": True,
    "confidence": "guess",
    "basis": "first-packet",
    "asks_back": False,
    "outcome": Outcome.ONE_WAY,
    "why": "",
}
"""What the stages find out of each conversation, and what it is before."""


class Facts:
    """One value a row: each value is kept once and has a number, in ``codes``."""

    def __init__(self, rows: int, first: Any) -> None:
        self.codes = np.zeros(rows, np.int16)
        self.values = [first]
        self._numbers = {first: 0}

    def number(self, value: Any) -> int:
        """The number of a value, a new one where it was not there yet."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
            if number > np.iinfo(self.codes.dtype).max:
                self.codes = self.codes.astype(np.int32)
        return number

    def __getitem__(self, row: int) -> Any:
        return self.values[self.codes[row]]

    def __setitem__(self, row: int | Array, value: Any) -> None:
        self.codes[row] = self.number(value)

    def among(self, *values: Any, rows: Array | slice = slice(None)) -> Array:
        """Whether each of ``rows``, else of all rows, has one of ``values``."""
        wanted = np.array([value in values for value in self.values], bool)
        result: Array = wanted[self.codes[rows]]
        return result


class Places:
    """The distinct addresses of a capture, and which of them the ends of each row are: ``a`` and ``b``."""

    def __init__(self, columns: Columns) -> None:
        rows = len(columns["version"])
        version = np.concatenate((columns["version"], columns["version"]))
        hi = np.concatenate((columns["a_hi"], columns["b_hi"]))
        lo = np.concatenate((columns["a_lo"], columns["b_lo"]))
        firsts, of = kinds(chain((version,), wide(hi, lo)))
        self.version, self.hi, self.lo = version[firsts], hi[firsts], lo[firsts]
        self.a, self.b = of[:rows], of[rows:]
        self._found: dict[Address, int] = {}

    def __len__(self) -> int:
        return len(self.version)

    def address(self, place: int) -> Address:
        """One of them in its number form."""
        return int(self.version[place]), int(self.hi[place]), int(self.lo[place])

    def find(self, address: Address) -> int:
        """The place of an address, -1 where it is at no end."""
        place = self._found.get(address)
        if place is None:
            place = self._found[address] = self._find(address)
        return place

    def _find(self, address: Address) -> int:
        version, hi, lo = address
        lows, highs, versions, order = self._by_lo
        for at in range(bisect_left(lows, lo), len(lows)):
            if lows[at] != lo:
                break
            if (versions[at], highs[at]) == (version, hi):
                return order[at]
        return -1

    @cached_property
    def _by_lo(self) -> tuple[Sequence[int], ...]:
        """``lo``, ``hi`` and ``version`` of the places in order of ``lo``, and the places: seen one by one,
        which numpy is slow at."""
        order = np.argsort(self.lo)
        return tuple(map(_one_by_one, (self.lo[order], self.hi[order], self.version[order], order)))


class Conversations(Sequence[Conversation]):
    """The conversations of a flow table, in its order.

    ``group`` says of each row whether B is a multicast or broadcast address; ``parents`` and ``legs`` hold
    the sessions, by row.
    """

    def __init__(self, flows: Flows) -> None:
        self.flows = flows
        self.columns: Columns = flows.columns
        rows = len(self.columns["version"])
        self.facts = {name: Facts(rows, first) for name, first in FACTS.items()}
        self.group = np.zeros(rows, bool)
        self.payloads = np.zeros(rows, np.int64)
        """Equal numbers: payloads that tell the same."""
        self.parents: dict[int, Conversation] = {}
        self.legs: dict[int, list[Conversation]] = {}

    @classmethod
    def of(cls, found: Sequence[Conversation]) -> Conversations:
        """``found`` in columns; as it is where it has them."""
        return found if isinstance(found, Conversations) else _Gathered(found)

    def __len__(self) -> int:
        return len(self.group)

    @overload
    def __getitem__(self, row: int) -> Conversation: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Conversation]: ...
    def __getitem__(self, row: int | slice) -> Conversation | Sequence[Conversation]:
        places = range(len(self))[row]
        return self._one(places) if isinstance(places, int) else [self._one(place) for place in places]

    def __iter__(self) -> Iterator[Conversation]:
        return map(self._one, range(len(self)))

    def _one(self, row: int) -> Conversation:
        return Conversation(self, row)

    def names(self, rows: Array) -> tuple[str, ...]:
        """The ids of some rows."""
        return tuple([f"f{row + 1}" for row in rows.tolist()])

    def numbered(self, rows: Array) -> Cells:
        """The ids of some rows, as a column."""
        return Numbers(rows + 1, "f")

    def rows(self, ids: Iterable[str]) -> Array:
        """The rows of some ids, in their order."""
        return np.array([int(one[1:]) - 1 for one in ids], np.int64)

    def at(self, rows: Array) -> Iterator[Conversation]:
        """The conversations of some rows."""
        return map(self._one, rows.tolist())

    def speaking(self, *names: str) -> Iterator[Conversation]:
        """The conversations whose protocol is one of ``names``."""
        return self.at(np.flatnonzero(self.facts["protocol"].among(*names)))

    def addressed_to(self, services: Iterable[tuple[str, int]]) -> Iterator[Conversation]:
        """The conversations whose originator addressed one of ``services``: transport and port."""
        _, port = self.pair("port")
        wanted = np.zeros(len(self), bool)
        for name, number in services:
            wanted |= (port == number) & (self.columns["transport"] == transports.number(name))
        return self.at(np.flatnonzero(wanted))

    def ids(self, rows: Array) -> tuple[str, ...]:
        """The ids of some rows, each followed by those of its legs, none twice."""
        if self.legs.keys().isdisjoint(rows.tolist()):
            return self.names(rows)
        return tuple(dict.fromkeys(one.id for head in self.at(rows) for one in (head, *head.legs)))

    # ------------------------------------------------------------ questions asked of all at once

    @cached_property
    def ported(self) -> Array:
        """The rows whose transport has ports, as booleans."""
        transport = self.columns["transport"]
        result: Array = (transport == TCP) | (transport == UDP)
        return result

    @property
    def heads(self) -> Array:
        """The rows that are no leg of another."""
        heads = np.ones(len(self), bool)
        heads[list(self.parents)] = False
        return np.flatnonzero(heads)

    @property
    def forward(self) -> Array:
        """The rows whose originator is A, as booleans."""
        return self.facts["forward"].among(True)

    def pair(self, name: str) -> tuple[Array, Array]:
        """A pair of columns: of the originator, of the responder. ``name`` as in FLOWS."""
        one, other = (
            (self.columns[f"{name}_ab"], self.columns[f"{name}_ba"])
            if f"{name}_ab" in self.columns
            else (self.columns[f"a_{name}"], self.columns[f"b_{name}"])
        )
        return self.oriented(one, other)

    def oriented(self, one: Array, other: Array) -> tuple[Array, Array]:
        """Columns of A and of B as columns of the originator and of the responder."""
        forward = self.forward
        return np.where(forward, one, other), np.where(forward, other, one)

    @cached_property
    def start(self) -> Array:
        """Time of the first packet of each row, ns."""
        return self._bound("first_time", np.minimum)

    @cached_property
    def end(self) -> Array:
        """Time of the last packet of each row, ns."""
        return self._bound("last_time", np.maximum)

    def _bound(self, name: str, choose: np.ufunc) -> Array:
        columns = self.columns
        one, other = columns[f"{name}_ab"], columns[f"{name}_ba"]
        result: Array = choose(
            np.where(columns["packets_ab"] > 0, one, other), np.where(columns["packets_ba"] > 0, other, one)
        )
        return result

    @cached_property
    def places(self) -> Places:
        """The distinct addresses of all ends."""
        return Places(self.columns)

    def between(self, transport: int, one: tuple[Address, int], other: tuple[Address, int]) -> int:
        """The last row of a transport (a number) between two ends, each an address and a port; -1 without
        one."""
        near, far = self.places.find(one[0]) << 16 | one[1], self.places.find(other[0]) << 16 | other[1]
        low, high = min(near, far), max(near, far)
        if low < 0:
            return -1
        lows, highs, carriers, order, mixed = self._ends
        mix, last = _mix(low, high), -1
        for at in range(bisect_left(mixed, mix), len(mixed)):
            if mixed[at] != mix:
                break
            row = order[at]
            if (lows[row], highs[row], carriers[row]) == (low, high, transport):
                last = max(last, row)
        return last

    @cached_property
    def _ends(self) -> tuple[Sequence[int], ...]:
        """The lower and the higher end of each row, its transport, the rows in order of a mix of both ends,
        and that: seen one by one, which numpy is slow at."""
        places, columns = self.places, self.columns
        ends = [place << 16 | columns[f"{end}_port"] for end, place in (("a", places.a), ("b", places.b))]
        low, high = np.minimum(*ends), np.maximum(*ends)
        mixed = low.astype(np.uint64) * np.uint64(MIX) ^ high.astype(np.uint64)
        order = np.argsort(mixed)
        return tuple(map(_one_by_one, (low, high, columns["transport"], order, mixed[order])))

    @cached_property
    def complaints(self) -> Array:
        """A number for each row: equal where ICMP errors of the same types quote the same ends, 0 without."""
        numbers = np.zeros(len(self), np.int64)
        known: dict[object, int] = {}
        for row, errors in self.flows.errors.items():
            told = tuple((error.from_a, error.version, error.type, error.code) for error in errors)
            numbers[row] = known.setdefault(told, len(known) + 1)
        return numbers

    def kinds(self, rows: Array, signature: Iterable[Array]) -> Kinds:
        """The kinds of ``rows`` that ``signature`` tells apart: columns over all rows. ``firsts`` are
        rows."""
        whole = len(rows) == len(self)
        firsts, of = kinds([column if whole else column[rows] for column in signature])
        return Kinds(rows[firsts], of)

    def alike(self, rows: Array, signature: Iterable[Array], facts: Iterable[str]) -> Iterator[Conversation]:
        """One conversation of each kind of ``rows``, in order; the ``facts`` set on it are then those of all.

        ``signature``, columns over all rows, has to tell apart whatever the rule reads.
        """
        firsts, of = self.kinds(rows, signature)
        for first in firsts.tolist():
            yield self._one(first)
        for name in facts:
            codes = self.facts[name].codes
            codes[slice(None) if len(rows) == len(codes) else rows] = codes[firsts][of]

    @cached_property
    def all(self) -> Array:
        """The number of every row."""
        return np.arange(len(self))


class Selection(Sequence[Conversation]):
    """Some conversations of ``found``: those of ``rows``, in that order."""

    def __init__(self, found: Conversations, rows: Array) -> None:
        self.found, self.rows = found, rows

    @classmethod
    def of(cls, some: Sequence[Conversation]) -> Selection:
        """Conversations from anywhere as a selection."""
        if isinstance(some, Selection):
            return some
        found = Conversations.of(some)
        return cls(found, found.all)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Conversation: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Conversation]: ...
    def __getitem__(self, at: int | slice) -> Conversation | Sequence[Conversation]:
        return (
            Selection(self.found, self.rows[at]) if isinstance(at, slice) else self.found[int(self.rows[at])]
        )

    def __iter__(self) -> Iterator[Conversation]:
        return self.found.at(self.rows)

    def ports(self) -> list[int]:
        """The distinct ports that were addressed, in order."""
        ported: list[int] = distinct(self.found.pair("port")[1][self.rows]).tolist()
        return ported

    def places(self, *, responder: bool) -> Array:
        """The distinct places of all originators, or of all responders, among ``found.places``."""
        places, from_a = self.found.places, self.found.forward[self.rows] != responder
        return distinct(np.where(from_a, places.a[self.rows], places.b[self.rows]))

    def complaining(self) -> Iterator[Conversation]:
        """Those that ICMP errors quote."""
        return self.found.at(self.rows[self.found.complaints[self.rows] > 0])


def _mix(low: int, high: int) -> int:
    """One number of 64 bits of two, mostly different where they are."""
    return low * MIX & 0xFFFF_FFFF_FFFF_FFFF ^ high


def _one_by_one(column: Array) -> Sequence[int]:
    """A column of whole numbers for who looks at single ones: each is a Python number right away."""
    return array(column.dtype.char, column.tobytes())


class _Gathered(Conversations):
    """Conversations from anywhere, each asked by itself."""

    def __init__(self, found: Sequence[Conversation]) -> None:
        columns = FLOWS.empty(len(found))
        columns["version"][:] = [one.a[0] for one in found]
        columns["transport"][:] = [transports.number(one.transport) for one in found]
        for column in FLOWS.columns[2:]:
            name, _, way = column.name.rpartition("_")
            if way in ("ab", "ba"):
                values = [getattr(one, name)[way == "ba"] for one in found]
            elif way in ("hi", "lo"):
                values = [getattr(one, name)[1 + (way == "lo")] for one in found]
            else:
                values = [getattr(one, column.name) for one in found]
            columns[column.name][:] = values
        heads = Heads.of({at: one.heads for at, one in enumerate(found)})
        super().__init__(
            Flows(columns, heads, {at: one.errors for at, one in enumerate(found) if one.errors}, {})
        )
        self._members = found
        for name, facts in self.facts.items():
            for at, one in enumerate(found):
                facts[at] = getattr(one, name)
        self.group[:] = [one.group for one in found]
        self.parents = {at: one.parent for at, one in enumerate(found) if one.parent is not None}
        self.legs = {at: one.legs for at, one in enumerate(found) if one.legs}

    def _one(self, row: int) -> Conversation:
        return self._members[row]

    def names(self, rows: Array) -> tuple[str, ...]:
        """The ids of some rows."""
        return tuple([one.id for one in self.at(rows)])

    def numbered(self, rows: Array) -> Cells:
        """The ids of some rows, as a column."""
        return Coded.of(self.names(rows))

    def rows(self, ids: Iterable[str]) -> Array:
        """The rows of some ids, in their order; those that are not here are left out."""
        places = {one.id: at for at, one in enumerate(self._members)}
        return np.array([places[one] for one in ids if one in places], np.int64)

    def kinds(self, rows: Array, _signature: Iterable[Array]) -> Kinds:
        """Every row is of a kind of its own."""
        return Kinds(rows, np.arange(len(rows)))

    def alike(
        self, rows: Array, _signature: Iterable[Array], _facts: Iterable[str]
    ) -> Iterator[Conversation]:
        """The conversations at ``rows``."""
        return (self._members[row] for row in rows.tolist())
