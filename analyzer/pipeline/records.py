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
from analyzer.model.cells import Addresses, Cells, Coded, Moments, Numbers
from analyzer.model.flow import TOGETHER
from analyzer.payloads import details
from analyzer.protocols import load as load_protocols
from analyzer.tables import TCP

BLOCK: Final = 1 << 13
"""Flows whose columns are made at a time: a few megabytes."""

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
                _told(self._of_kind(rows, "protocol", service)),
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

    def cells(self) -> Iterator[Mapping[str, Cells]]:
        """The records, some at a time, as columns of their parts."""
        for begin in range(0, len(self), BLOCK):
            end = min(begin + BLOCK, len(self))
            cells = self._cells(np.arange(begin, end), slice(begin, end))
            yield {name: _whole(column) for name, column in cells.items()}

    def _columns(self, rows: Array) -> dict[str, Iterable[Any]]:
        """The fields of the records of ``rows``, each as a column."""
        cells = {name: column.each() for name, column in self._cells(rows).items()}

        def pairs(name: str) -> Iterable[tuple[Any, Any]]:
            return zip(cells[f"{name}_sent"], cells[f"{name}_received"], strict=True)

        def ends(name: str) -> Iterable[Endpoint]:
            return map(Endpoint, *(cells[f"{name}_{part}"] for part in ("address", "port", "roles")))

        return {
            "id": cells["id"],
            "transport": cells["transport"],
            "protocol": cells["protocol"],
            "service": cells["service"],
            "originator": ends("originator"),
            "responder": ends("responder"),
            "confidence": cells["confidence"],
            "basis": cells["basis"],
            "packets": pairs("packets"),
            "bytes": pairs("bytes"),
            "first": cells["first"],
            "last": cells["last"],
            "frames": zip(cells["first_frame"], cells["last_frame"], strict=True),
            "outcome": cells["outcome"],
            "verdict": cells["verdict"],
            "reason": cells["reason"],
            "rows": cells["rows"],
            "parent": cells["parent"],
            "waived": cells["waived"],
            "detail": cells["detail"],
            "flags": pairs("flags"),
            "fragments": cells["fragments"],
            "duplicates": pairs("duplicates"),
        }

    def _cells(self, rows: Array, part: slice | None = None) -> dict[str, Cells]:
        """The parts of the records of ``rows``, each as a column; ``part`` are the same rows, if they follow
        each other."""
        found, some = self._found, rows if part is None else part
        facts = found.facts
        forward = facts["forward"].among(True, rows=some)
        straight = bool(forward.all())

        def pair(name: str) -> tuple[Array, Array]:
            one, other = found.columns[f"{name}_ab"][some], found.columns[f"{name}_ba"][some]
            if straight:
                return one, other
            return np.where(forward, one, other), np.where(forward, other, one)

        def pairs(name: str) -> dict[str, Cells]:
            sent, received = pair(name)
            return {f"{name}_sent": Numbers(sent), f"{name}_received": Numbers(received)}

        def fact(name: str) -> Coded:
            return Coded(facts[name].codes[some], facts[name].values)

        def verdict(judgement: Judgement | None, _protocol: str) -> Verdict | None:
            return None if judgement is None else judgement.verdict

        transport, first = found.columns["transport"][some], pair("first_frame")
        earliest = np.where(first[1] == 0, first[0], np.where(first[0] == 0, first[1], np.minimum(*first)))
        flags = [_each(np.where(transport == TCP, way, 0), _letters) for way in pair("flags")]
        return {
            "id": found.numbered(rows),
            "transport": _each(transport, transports.name),
            "protocol": Coded(
                facts["protocol"].codes[some], [name or "unknown" for name in facts["protocol"].values]
            ),
            "service": self._of_kind(rows, "protocol", _service),
            **self._end("originator", some, forward),
            **self._end("responder", some, ~forward),
            "confidence": fact("confidence"),
            "basis": fact("basis"),
            **pairs("packets"),
            **pairs("bytes"),
            "first": Moments(found.start[some]),
            "last": Moments(found.end[some]),
            "first_frame": Numbers(earliest),
            "last_frame": Numbers(np.maximum(*pair("last_frame"))),
            "outcome": fact("outcome"),
            "verdict": self._of_kind(rows, "protocol", verdict),
            "reason": self._of_kind(rows, "why", _reason),
            "rows": self._of_kind(rows, "protocol", _rows),
            "parent": self._parents(rows),
            "waived": self._waivers(rows),
            "detail": details(found, rows),
            "flags_sent": flags[0],
            "flags_received": flags[1],
            "fragments": Numbers(found.columns["fragments"][some]),
            **pairs("duplicates"),
        }

    def _end(self, name: str, rows: Array | slice, from_a: Array) -> dict[str, Cells]:
        """One end of each row: A where ``from_a``, else B."""
        columns, places = self._found.columns, self._found.places
        place = np.where(from_a, places.a[rows], places.b[rows])
        port = np.where(from_a, columns["a_port"][rows], columns["b_port"][rows]).astype(np.int64)
        return {
            f"{name}_address": self._addresses(place),
            f"{name}_port": Numbers(np.where(self._found.ported[rows], port, -1)),
            f"{name}_roles": Coded(self._ends[place], self._roles),
        }

    def _addresses(self, place: Array) -> Addresses:
        places = self._found.places
        quads = places.lo[place].astype(np.int64)
        others = np.flatnonzero(places.version[place] != 4)
        firsts, of = kinds((place[others],))
        quads[others] = -1 - of
        return Addresses(quads, [text(*places.address(one)) for one in place[others][firsts].tolist()])

    def _of_kind(self, rows: Array, fact: str, tell: Callable[[Judgement | None, str], Any]) -> Coded:
        """What ``tell`` makes of the judgement on each row and one more fact of it."""
        facts, judgements = self._found.facts[fact], self._judgements
        judged = np.zeros(len(rows), np.int64) if judgements is None else judgements.of[rows]
        firsts, of = kinds((judged, facts.codes[rows]))
        return Coded(
            of,
            [
                tell(judgements[row] if judgements is not None else None, facts[row])
                for row in rows[firsts].tolist()
            ],
        )

    def _parents(self, rows: Array) -> Coded:
        parents = self._found.parents
        if not parents:
            return Coded(np.zeros(len(rows), np.int64), [None])
        return Coded.of([parents[row].id if row in parents else None for row in rows.tolist()])

    def _waivers(self, rows: Array) -> Coded:
        parents, waived = self._found.parents, self._waived
        if not waived:
            return Coded(np.zeros(len(rows), np.int64), [""])
        heads = (parents[row].row if row in parents else row for row in rows.tolist())
        return Coded.of([waived.get(head, "") for head in heads])


def _each(numbers: Array, tell: Callable[[int], Any]) -> Coded:
    """What ``tell`` says of each number; it is asked once for equal ones."""
    firsts, of = kinds((numbers,))
    return Coded(of, [tell(number) for number in numbers[firsts].tolist()])


def _numbers(values: Sequence[object]) -> Array:
    """A number for each value, equal for equal ones."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], np.int64)


def _whole(column: Cells) -> Cells:
    """A column with its numbers in one buffer, of 64 bits each."""
    numbers, *rest = column
    return type(column)(np.ascontiguousarray(numbers, np.int64), *rest)


def _told(numbers: Coded) -> Array:
    """The values of a column, which are numbers themselves."""
    told: Array = np.array(numbers.values, np.int64)[np.asarray(numbers.codes)]
    return told


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
