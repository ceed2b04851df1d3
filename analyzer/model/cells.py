"""A table of flows column by column, for formats that write one: each distinct value once.

A column says of every flow its value; what a value looks like is the format's affair.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol


class Integers(Protocol):
    """Numbers of 64 bits in one buffer: an ``array`` of type ``q``, or one of numpy's."""

    def __len__(self) -> int:
        """How many."""

    def tolist(self) -> list[int]:
        """The numbers."""


class Coded(NamedTuple):
    """Values of any kind: ``codes`` are places in ``values``, which need not all occur."""

    codes: Integers
    values: Sequence[Any]

    def each(self) -> list[Any]:
        """The value of each flow."""
        values = self.values
        return [values[code] for code in self.codes.tolist()]

    @staticmethod
    def of(values: Iterable[Hashable]) -> Coded:
        """A column of these values."""
        known: dict[Hashable, int] = {}
        codes = array("q", [known.setdefault(value, len(known)) for value in values])
        return Coded(codes, list(known))


class Numbers(NamedTuple):
    """Whole numbers, none of them negative; -1 stands for none. ``prefix`` is written before each."""

    numbers: Integers
    prefix: str = ""

    def each(self) -> list[Any]:
        """The value of each flow, None where it has none."""
        prefix, numbers = self.prefix, self.numbers.tolist()
        if prefix:
            return [f"{prefix}{number}" for number in numbers]
        return [None if number < 0 else number for number in numbers]


class Moments(NamedTuple):
    """Points in time, ns since 1970."""

    moments: Integers

    def each(self) -> list[int]:
        """The value of each flow."""
        return self.moments.tolist()


class Addresses(NamedTuple):
    """Addresses: a number that is not negative is IPv4's; -1 is the first of ``others``, -2 the second."""

    quads: Integers
    others: Sequence[str]

    def each(self) -> list[str]:
        """The value of each flow."""
        others = self.others
        return [
            others[-1 - quad]
            if quad < 0
            else f"{quad >> 24}.{quad >> 16 & 255}.{quad >> 8 & 255}.{quad & 255}"
            for quad in self.quads.tolist()
        ]


Cells = Addresses | Coded | Numbers | Moments
