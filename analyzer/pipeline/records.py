"""Conversations and what was judged of them, as reports show them: records that are made when somebody
looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, overload

import numpy as np

from analyzer import transports
from analyzer.addresses import text
from analyzer.compliance import Bench, Judgement, Judgements
from analyzer.conversations import Conversations
from analyzer.kinds import Array, kinds
from analyzer.model import Alike, Endpoint, FlowRecord, Records, Verdict
from analyzer.model.flow import TOGETHER
from analyzer.protocols import load as load_protocols
from analyzer.tables import TCP

FLAG_LETTERS: Final = "FSRPAUEC"
"""TCP flags from the lowest bit up (RFC 9293 section 3.1), as Wireshark abbreviates them."""


class ColumnRecords(Records):
    """A record of every conversation, in order.

    ``judgements`` is None where nobody judged; ``waived`` has the reason of the waiver by row, and a leg is
    waived with its request.
    """

    def __init__(
        self,
        found: Conversations,
        bench: Bench,
        judgements: Judgements | None = None,
        waived: Mapping[int, str] | None = None,
    ) -> None:
        self._found, self._judgements, self._waived = found, judgements, waived or {}
        self._ends, ends = bench.ends(found.places)
        self._roles = [end.roles for end in ends]
        self._made: tuple[int, tuple[FlowRecord, ...]] = (-1, ())

    def parts(self) -> tuple[Conversations, Judgements | None, Mapping[int, str]]:
        """What the records are made of: conversations, judgements, and waivers by row."""
        return self._found, self._judgements, self._waived

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, at: int) -> FlowRecord: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[FlowRecord, ...]: ...
    def __getitem__(self, at: int | slice) -> FlowRecord | tuple[FlowRecord, ...]:
        rows = range(len(self))[at]
        if not isinstance(rows, int):
            return tuple([self[row] for row in rows])
        part, place = divmod(rows, TOGETHER)
        if self._made[0] != part:
            self._made = part, tuple(self._part(part * TOGETHER))
        return self._made[1][place]

    def __iter__(self) -> Iterator[FlowRecord]:
        for begin in range(0, len(self), TOGETHER):
            yield from self._part(begin)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def _part(self, begin: int) -> Iterator[FlowRecord]:
        rows = np.arange(begin, min(begin + TOGETHER, len(self)))
        return map(FlowRecord, *self._columns(rows).values())

    # ------------------------------------------------------------ asked of all at once

    def totals(self) -> tuple[int, int]:
        """Packets and bytes of all."""
        columns = self._found.columns
        packets, octets = (
            sum(int(columns[f"{name}_{way}"].sum()) for way in ("ab", "ba")) for name in ("packets", "bytes")
        )
        return packets, octets

    def verdicts(self) -> Mapping[Verdict, int]:
        """How many flows have each verdict; none of a verdict that no flow has."""
        if self._judgements is None:
            return {}
        counted: Counter[Verdict] = Counter()
        numbers = np.bincount(self._judgements.of, minlength=len(self._judgements.kinds))
        for judgement, flows in zip(self._judgements.kinds, numbers.tolist(), strict=True):
            if flows:
                counted[judgement.verdict] += flows
        return counted

    def guessed(self) -> bool:
        """Whether the direction of any flow is a guess."""
        return bool(self._found.facts["confidence"].among("guess").any())

    def alike(self, verdict: Verdict | None = None) -> list[Alike]:
        """The flows, with one verdict if any is given, by transport, port, service, roles and outcome."""
        found, places = self._found, self._found.places
        rows = found.all
        if verdict is not None:
            if self._judgements is None:
                return []
            rows = self._judgements.where(lambda judgement: judgement.verdict is verdict)
        if not len(rows):
            return []
        ends = [place[rows] for place in found.oriented(places.a, places.b)]
        port = found.pair("port")[1].astype(np.int64)
        port[list(found.parents)] = -1
        port[~found.ported] = -2
        roles = _numbers(self._roles)
        known: dict[object, int] = {}

        def service(judgement: Judgement | None, protocol: str) -> int:
            return known.setdefault(_service(judgement, protocol) or protocol or "unknown", len(known))

        firsts, of = kinds(
            (
                found.columns["transport"][rows],
                port[rows],
                np.array(self._of_kind(rows, "protocol", service)),
                *(roles[self._ends[end]] for end in ends),
                found.facts["outcome"].codes[rows],
            )
        )
        examples = map(FlowRecord, *self._columns(rows[firsts]).values())
        counts = [np.bincount(of, minlength=len(firsts)).tolist()]
        for end in ends:
            pairs = kinds((of, end)).firsts
            counts.append(np.bincount(of[pairs], minlength=len(firsts)).tolist())
        return list(map(Alike, examples, *counts))

    def columns(self) -> Iterator[Mapping[str, Sequence[Any]]]:
        """The records, some at a time, as a column for each of their fields."""
        for begin in range(0, len(self), TOGETHER):
            rows = np.arange(begin, min(begin + TOGETHER, len(self)))
            yield {name: list(column) for name, column in self._columns(rows).items()}

    def _columns(self, rows: Array) -> dict[str, Iterable[Any]]:
        """The fields of the records of ``rows``, each as a column."""
        found = self._found
        facts = found.facts
        forward = facts["forward"].among(True, rows=rows)

        def pair(name: str) -> tuple[Array, Array]:
            one, other = found.columns[f"{name}_ab"][rows], found.columns[f"{name}_ba"][rows]
            return np.where(forward, one, other), np.where(forward, other, one)

        def pairs(name: str) -> Iterable[tuple[Any, Any]]:
            return zip(*(one.tolist() for one in pair(name)), strict=True)

        def fact(name: str) -> list[Any]:
            return _each(facts[name].codes[rows], facts[name].values.__getitem__)

        transport, first = found.columns["transport"][rows], pair("first_frame")
        earliest = np.where(first[1] == 0, first[0], np.where(first[0] == 0, first[1], np.minimum(*first)))
        flags = (np.where(transport == TCP, way, 0) for way in pair("flags"))
        return {
            "id": found.names(rows),
            "transport": _each(transport, transports.name),
            "protocol": [name or "unknown" for name in fact("protocol")],
            "service": self._of_kind(rows, "protocol", _service),
            "originator": self._endpoints(rows, forward),
            "responder": self._endpoints(rows, ~forward),
            "confidence": fact("confidence"),
            "basis": fact("basis"),
            "packets": pairs("packets"),
            "bytes": pairs("bytes"),
            "first": found.start[rows].tolist(),
            "last": found.end[rows].tolist(),
            "frames": zip(earliest.tolist(), np.maximum(*pair("last_frame")).tolist(), strict=True),
            "outcome": fact("outcome"),
            "verdict": self._of_kind(rows, "protocol", lambda judgement, _: judgement and judgement.verdict),
            "reason": self._of_kind(rows, "why", _reason),
            "rows": self._of_kind(rows, "protocol", _rows),
            "parent": self._parents(rows),
            "waived": self._waivers(rows),
            "detail": self._details(rows),
            "flags": zip(*(_each(way, _letters) for way in flags), strict=True),
            "fragments": found.columns["fragments"][rows].tolist(),
            "duplicates": pairs("duplicates"),
        }

    def _endpoints(self, rows: Array, from_a: Array) -> Iterable[Endpoint]:
        """One end of each row: A where ``from_a``, else B."""
        columns, places = self._found.columns, self._found.places
        place = np.where(from_a, places.a[rows], places.b[rows])
        port = np.where(from_a, columns["a_port"][rows], columns["b_port"][rows]).tolist()
        ported = self._found.ported[rows].tolist()
        return map(
            Endpoint,
            _each(place, lambda number: text(*places.address(number))),
            [number if has else None for number, has in zip(port, ported, strict=True)],
            _each(self._ends[place], self._roles.__getitem__),
        )

    def _of_kind(self, rows: Array, fact: str, tell: Callable[[Judgement | None, str], Any]) -> list[Any]:
        """What ``tell`` makes of the judgement on each row and one more fact of it."""
        facts, judgements = self._found.facts[fact], self._judgements
        judged = np.zeros(len(rows), np.int64) if judgements is None else judgements.of[rows]
        firsts, of = kinds((judged, facts.codes[rows]))
        told = [
            tell(judgements[row] if judgements is not None else None, facts[row])
            for row in rows[firsts].tolist()
        ]
        return [told[number] for number in of.tolist()]

    def _parents(self, rows: Array) -> list[str | None]:
        parents = self._found.parents
        if not parents:
            return [None] * len(rows)
        return [parents[row].id if row in parents else None for row in rows.tolist()]

    def _waivers(self, rows: Array) -> list[str]:
        parents, waived = self._found.parents, self._waived
        if not waived:
            return [""] * len(rows)
        heads = (parents[row].row if row in parents else row for row in rows.tolist())
        return [waived.get(head, "") for head in heads]

    def _details(self, rows: Array) -> list[str]:
        details = [""] * len(rows)
        for place in np.flatnonzero(~self._found.facts["reader"].among("", rows=rows)).tolist():
            details[place] = self._found[int(rows[place])].detail
        return details


def _each(numbers: Array, tell: Callable[[int], Any]) -> list[Any]:
    """What ``tell`` says of each number; it is asked once for equal ones."""
    firsts, of = kinds((numbers,))
    told = [tell(number) for number in numbers[firsts].tolist()]
    return told * len(of) if len(told) == 1 else [told[number] for number in of.tolist()]


def _numbers(values: Sequence[object]) -> Array:
    """A number for each value, equal for equal ones."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], np.int64)


def _service(judgement: Judgement | None, protocol: str) -> str:
    if judgement is not None and judgement.rows:
        return judgement.rows[0].service.name
    if judgement is not None and judgement.retired is not None:
        return judgement.retired.name
    known = load_protocols().get(protocol)
    return known.title if known is not None else ""


def _reason(judgement: Judgement | None, why: str) -> str:
    return "; ".join(filter(None, (judgement.reason if judgement is not None else "", why)))


def _rows(judgement: Judgement | None, _protocol: str) -> tuple[str, ...]:
    return tuple(row.id for row in judgement.rows) if judgement is not None else ()


def _letters(flags: int) -> str:
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)
