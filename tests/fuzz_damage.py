"""Damaged captures of every kind, held to laws: ``python -m tests.fuzz_damage CASES [--seed N]``.

Each case writes a capture, damages it, and reads it. Prints how many held and ends with 1 at the first that
did not, naming seed, case and law.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import captures
from captures import PACKERS, Row

from analyzer.capture import pcap as pcap_module
from analyzer.capture import pcapng as pcapng_module
from analyzer.capture import segments
from analyzer.capture.capture import Capture
from analyzer.capture.find import find
from analyzer.errors import CaptureError
from analyzer.model import Problem

BEHIND = 3
"""Records behind one damaged place that may be lost with it: where the next one begins was hurt."""
INVENTED = 3
"""Records that one damaged place may look like."""
PAGE = 4096


@dataclass(frozen=True)
class Written:
    """A capture: its bytes, and for each record begin, end, and the places that it cannot be read without."""

    data: bytes
    records: list[tuple[int, int]]
    needs: list[tuple[tuple[int, int], ...]]
    format: str
    head: int
    jumps: bool = False
    """Whether the clock is set on the way."""


@dataclass(frozen=True)
class Hurt:
    """A damaged capture: ``edits`` are spans of the old bytes that are no longer there as they were, or where
    others were put in between. ``copied`` says that bytes of the capture may be there twice.
    """

    data: bytes
    edits: list[tuple[int, int]]
    kind: str
    copied: bool = False


def payload(draw: random.Random) -> bytes:
    """No two are alike; a few are large, and some hold what looks like headers."""
    size = draw.choice((17, 60, 60, 90, 200, 600, 1500, 1514, draw.choice((20_000, 65_535, 600))))
    match draw.randrange(12):
        case 0:
            return draw.randbytes(16) + bytes(size - 16)
        case 1:
            return draw.randbytes(16) + b"\xff" * (size - 16)
        case 2:
            words = struct.pack("<IIII", draw.randrange(2**31), draw.randrange(10**6), 60, 60)
            return draw.randbytes(16) + (words + draw.randbytes(60)) * (size // 80)
    return draw.randbytes(size)


def times(draw: random.Random, count: int, jumps: bool = False) -> list[int]:
    """Microseconds in ns; ``jumps`` says that the clock is set on the way."""
    now = draw.choice((5, 1_000_000_000, 1_750_000_000, 2**31 + 5)) * 10**9
    jump = draw.randrange(count) if jumps else count
    told = []
    for number in range(count):
        now += draw.choice((1000, 10**6, 10**7, 10**9)) + (40 * 10**15 if number == jump else 0)
        told.append(now)
    return told


def any_pcap(draw: random.Random, count: int) -> Written:
    """All variants: byte orders, ticks, snapshot lengths, patched headers, links."""
    order, modified = draw.choice("<>"), draw.random() < 0.2
    snaplen = draw.choice((0, 64, 96, 65_535, 262_144, 1 << 20))
    nano = draw.random() < 0.5 and not modified
    frames, jumps = [], draw.random() < 0.15
    for stamp in times(draw, count, jumps):
        data = payload(draw)
        kept = data[:snaplen] if snaplen else data
        frames.append((stamp, kept, len(data)))
    variant: dict[str, Any] = {"order": order, "nano": nano, "modified": modified, "snaplen": snaplen}
    data = captures.pcap(frames, **variant)
    header = 24 if modified else 16
    ends = [24]
    for _, kept, _ in frames:
        ends.append(ends[-1] + header + len(kept))
    assert ends[-1] == len(data)
    records = list(pairwise(ends))
    return Written(data, records, [((0, 24),)] * count, "pcap", 24, jumps)


def any_pcapng(draw: random.Random, count: int) -> Written:
    """Sections of either byte order, interfaces, and every kind of block."""
    parts: list[bytes] = []
    records: list[tuple[int, int]] = []
    needs: list[tuple[tuple[int, int], ...]] = []
    at = 0

    def put(block: bytes) -> tuple[int, int]:
        nonlocal at
        parts.append(block)
        at += len(block)
        return at - len(block), at

    stamps = iter(times(draw, count))
    sections = draw.choice((1, 1, 2, 3))
    head = 0
    order = draw.choice("<>")
    for section in range(sections):
        order = draw.choice((order, order, "<", ">"))
        top = put(captures.shb(order))
        links = draw.choices((1, 1, 101), k=draw.choice((1, 1, 3)))
        known = [put(captures.idb(link, order=order)) for link in links]
        head = head or at
        for _ in range(count * (section + 1) // sections - count * section // sections):
            data = payload(draw)
            which = draw.randrange(len(known))
            frame = (next(stamps), data, len(data) + draw.choice((0, 0, 9)))
            match draw.randrange(24):
                case 0:
                    put(draw.choice((captures.nrb, captures.isb, captures.custom, captures.dsb))(order=order))
                    continue
                case 1:
                    made = captures.pb(frame, which, order=order)
                case 2:
                    made = captures.spb(data, order=order)
                case _:
                    made = captures.epb(frame, which, order=order)
            records.append(put(made))
            needs.append((top, *known))
    return Written(b"".join(parts), records, needs, "pcapng", head)


def hurt(draw: random.Random, one: Written) -> Hurt:  # noqa: C901 - one case a kind of damage
    """The capture with one or a few damaged places, none of them in its head."""
    edits: list[tuple[int, int, bytes]] = []
    data, kind, copied = one.data, "", False
    # Between two damaged places behind a jump are too few records here to believe the new time.
    for _ in range(1 if one.jumps else draw.choice((1, 1, 1, 2, 5))):
        at = draw.randrange(one.head, len(data) + 1)
        if draw.random() < 0.3 and one.records:
            at = draw.choice(one.records)[0]  # just where a record begins
        size = draw.choice((1, 3, 8, 16, 17, 40, 100, 1000, PAGE, 20_000))
        size = min(size, len(data) - at)
        kind = draw.choice(
            ("zeros", "ones", "random", "flip", "deleted", "inserted", "twice", "pages", "appended")
        )
        match kind:
            case "zeros":
                edits.append((at, at + size, bytes(size)))
            case "ones":
                edits.append((at, at + size, b"\xff" * size))
            case "random":
                edits.append((at, at + size, draw.randbytes(size)))
            case "flip" if at < len(data):
                edits.append((at, at + 1, bytes([data[at] ^ 1 << draw.randrange(8)])))
            case "deleted":
                edits.append((at, at + size, b""))
            case "inserted":
                edits.append((at, at, draw.randbytes(size)))
            case "twice":
                edits.append((at, at, data[max(at - size, 0) : at]))
                copied = True
            case "pages":
                first = at // PAGE * PAGE
                second = first + PAGE * draw.randrange(1, 9)
                if first >= one.head and second + PAGE <= len(data) and not one.jumps:
                    edits.append((first, first + PAGE, data[second : second + PAGE]))
                    edits.append((second, second + PAGE, data[first : first + PAGE]))
                    copied = True
            case "appended" if one.format == "pcap":
                edits.append((at, at, data[:24]))
    edits.sort()
    kept, last, out = [], 0, []
    for begin, end, new in edits:
        if begin < last:
            continue
        out += [data[last:begin], new]
        if data[begin:end] != new:
            kept.append((begin, end))
        last = end
    out.append(data[last:])
    return Hurt(b"".join(out), kept, kind, copied)


def touched(span: tuple[int, int], edits: list[tuple[int, int]]) -> bool:
    """Whether an edit takes anything of ``span``, or puts something into it."""
    return any(
        (begin < span[1] and end > span[0]) or span[0] < begin == end < span[1] for begin, end in edits
    )


def crowded(one: Written, bad: Hurt) -> set[int]:
    """Records that one before them, which lost bytes, is believed to hold, where there is more damage."""
    starts = [begin for begin, _ in one.records]
    gone: set[int] = set()
    for begin, end in bad.edits:
        for place in range(max(bisect_right(starts, begin) - 1, 0), bisect_left(starts, end)):
            first = one.records[place][1]
            others = [edit for edit in bad.edits if edit != (begin, end)]
            if touched((first, first + end - begin + 100), others):
                gone.update(range(bisect_left(starts, first), bisect_left(starts, first + end - begin)))
    return gone


def near_behind(start: int, edits: list[tuple[int, int]]) -> bool:
    """Whether an edit ended less than the longest record before ``start``."""
    return any(end <= start < end + 65_600 for _, end in edits)


@dataclass(frozen=True)
class Told:
    """What reading gave."""

    rows: list[Row]
    problems: tuple[Problem, ...]


def tells(got: Told, one: Written, bad: Hurt) -> bool:
    """Whether a reader learns that something is missing. Of a pcapng block whose type was hurt nobody may."""
    if any(problem.damage or problem.code == "unknown-block" for problem in got.problems):
        return True
    kinds = [(begin, begin + 4) for begin, _ in one.records]
    return one.format == "pcapng" and any(touched(kind, bad.edits) for kind in kinds)


def told(data: bytes, window: int = 1 << 21) -> Told | str:
    """All that reading gives, or the error."""
    try:
        rows, capture = captures.read(data, window)
    except CaptureError as error:
        return str(error)
    return Told(rows, capture.problems)


@contextmanager
def in_python() -> Iterator[None]:
    """Without the compiled walks."""
    kept = pcap_module.COMPILED, pcapng_module.COMPILED
    pcap_module.COMPILED = pcapng_module.COMPILED = None  # type: ignore[misc]
    try:
        yield
    finally:
        pcap_module.COMPILED, pcapng_module.COMPILED = kept  # type: ignore[misc]


def in_pieces(data: bytes, count: int) -> Told | None:
    """Read piece by piece, and in one go behind the first that is not whole, as a fleet does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.cap")
        path.write_bytes(data)
        (capture,) = find([str(path)], hash=False)
        rows: list[Row] = []
        before, last = 0, None
        for number in range(count):
            part = segments.piece(capture, number, count)
            if part is None:
                return None
            if part.start == part.stop:
                continue
            given = _rows(part.batches())
            if not part.whole:
                break
            rows += given
            before, last = before + part.packets, part
        else:
            return Told(rows, ())
        if last is None:
            return None
        rest = last.rest(len(data), before)
        rows += _rows(rest.batches())
        return Told(rows, rest.reader.problems.listed())


def _rows(batches: Any) -> list[Row]:
    rows = []
    for batch in batches:
        columns = [
            batch.frames[name].tolist() for name in ("offset", "captured", *Row._fields) if name != "data"
        ]
        for offset, captured, *values in zip(*columns, strict=True):
            stamp, wire, link, interface = values
            rows.append(Row(stamp, bytes(batch.buffer[offset : offset + captured]), wire, link, interface))
    return rows


def broken(draw: random.Random, one: Written, bad: Hurt) -> str:  # noqa: C901 - one law after the other
    """The law that reading ``bad`` breaks; empty where all hold."""
    whole = told(one.data)
    if not isinstance(whole, Told):
        return f"an undamaged capture: {whole}"
    if len(whole.rows) != len(one.records) or any(problem.damage for problem in whole.problems):
        return f"an undamaged capture: {len(whole.rows)} of {len(one.records)}, {whole.problems}"
    began = time.monotonic()
    got = told(bad.data)
    took = time.monotonic() - began
    if took > 5:
        return f"it took {took:.1f} s"
    if not isinstance(got, Told):
        return f"refused: {got}"
    window = draw.choice((100, 3000, 70_000))
    if told(bad.data, window) != got:
        return f"windows of {window} bytes give something else"
    with in_python():
        if told(bad.data) != got:
            return "the walk in Python gives something else"
    pieces = in_pieces(bad.data, draw.choice((2, 5)))
    if pieces is not None and pieces != got:
        return f"pieces give something else: {len(pieces.rows)} of {len(got.rows)}: {pieces.problems}"
    places = len(bad.edits)
    kept = {place for place, span in enumerate(one.records) if not touched(span, bad.edits)}
    kept = {place for place in kept if not any(touched(need, bad.edits) for need in one.needs[place])}
    kept -= crowded(one, bad)
    if bad.copied:
        # A header that stands in another place claims the bytes there.
        kept = {place for place in kept if not near_behind(one.records[place][0], bad.edits)}
    wanted = [whole.rows[place] for place in sorted(kept)]
    have = Counter(row.data for row in got.rows)
    missed = sum((Counter(row.data for row in wanted) - have).values())
    if missed > BEHIND * places:
        return (
            f"{missed} of {len(wanted)} records outside of {places} damaged places are lost: {got.problems}"
        )
    extra = have - Counter(row.data for row in whole.rows)
    known = {row.data for row in whole.rows}
    made_up = sum(count for data, count in extra.items() if not (bad.copied and data in known))
    if made_up > INVENTED * places:
        return f"{made_up} records were made up by {places} places: {got.problems}"
    # Bytes that are gone, or there twice, may be whole records.
    if len(bad.data) == len(one.data) and len(got.rows) != len(whole.rows) and not tells(got, one, bad):
        return f"{len(got.rows)} of {len(whole.rows)} records, and no problem is told"
    if one.format == "pcap":
        header = (one.records[0][1] - one.records[0][0] - len(whole.rows[0].data)) if one.records else 16
        return accounted(bad, got, header)
    return ""


def accounted(bad: Hurt, got: Told, header: int) -> str:
    """Each byte of a pcap file belongs to its headers, to a record, or to what is told to be lost."""
    codes = {problem.code: problem for problem in got.problems}
    if {"truncated-file", "too-much-damage", "short-record"} & set(codes):
        return ""
    lost = sum(problem.lost.bytes for problem in got.problems if problem.lost)
    joined = codes["appended-capture"].count if "appended-capture" in codes else 0
    held = 24 * (1 + joined) + sum(header + len(row.data) for row in got.rows) + lost
    return "" if held == len(bad.data) else f"{len(bad.data)} bytes, {held} accounted for: {got.problems}"


def packed(draw: random.Random, one: Written) -> str:
    """A compressed capture, damaged: the same from a file and a stream, told, and whole up to the damage."""
    name, pack = draw.choice(sorted(PACKERS.items()))
    data = bytearray(pack(one.data))
    at = draw.randrange(min(200, len(data) - 1), len(data))
    match draw.randrange(3):
        case 0:
            data[at : at + 8] = b"\xff" * len(data[at : at + 8])
        case 1:
            del data[at : at + draw.randrange(1, 50)]
        case 2:
            data[at : at + PAGE] = bytes(len(data[at : at + PAGE]))
    if bytes(data) == pack(one.data):
        return ""
    got = told(bytes(data))
    if isinstance(got, str):
        return ""
    capture = Capture("-", lambda: io.BytesIO(bytes(data)), window=5000)
    if (_rows(capture.batches()), capture.problems) != (got.rows, got.problems):
        return f"{name}: a stream gives something else"
    whole = told(one.data)
    assert isinstance(whole, Told)
    # lz4 and zstd carry no sum of their content unless they are asked to.
    if name in ("gzip", "xz") and not got.problems and got.rows != whole.rows:
        return f"{name}: {len(got.rows)} of {len(whole.rows)} rows, and no problem is told"
    return ""


def case(seed: str, count: int = 150) -> tuple[str, str]:
    """What was done, and the law that did not hold."""
    draw = random.Random(seed)
    make: Callable[[random.Random, int], Written] = draw.choice((any_pcap, any_pcapng))
    one = make(draw, draw.randrange(1, count))
    if draw.random() < 0.15:
        return "packed", packed(draw, one)
    bad = hurt(draw, one)
    return f"{one.format} {bad.kind} {bad.edits}", broken(draw, one, bad)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--go-on", action="store_true", help="tell all that do not hold")
    options = parser.parse_args()
    begin, failed, kinds = time.monotonic(), 0, Counter[str]()
    for number in range(options.cases):
        what, law = case(f"{options.seed}/{number}")
        kinds[" ".join(what.split()[:2])] += 1
        if law:
            failed += 1
            print(f"{options.seed}/{number}: {what}: {law}", flush=True)
            if not options.go_on:
                return 1
    spread = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    print(f"{options.cases - failed} of {options.cases} held, {time.monotonic() - begin:.0f} s ({spread})")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
