"""The law of the flow table, and the table against a slow, literal reading of its rules."""

from __future__ import annotations

import contextlib
import itertools
import pickle
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from literal_flows import literal

from analyzer import tables
from analyzer.flowtable import (
    DUPLICATE_FRAMES,
    HEAD_BYTES,
    HEADS,
    FlowTable,
    copies,
    fragments,
    head_bytes,
    table,
)
from analyzer.tables import ARP, FLOWS, ICMP, PACKETS, QUOTES, TCP, UDP, Columns, Kind, Packets, Reason, Table

MS = 1_000_000
NEAR_COPIES, CANDIDATES, NEAR_FRAGMENTS = 6, 2, 8
"""Windows small enough for a table of some dozen frames to have frames outside them."""


@contextlib.contextmanager
def small_windows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "DUPLICATE_FRAMES", NEAR_COPIES)
        patch.setattr(copies, "DUPLICATE_CANDIDATES", CANDIDATES)
        patch.setattr(table, "DUPLICATE_FRAMES", NEAR_COPIES)
        patch.setattr(fragments, "FRAGMENT_FRAMES", NEAR_FRAGMENTS)
        yield


SNAPPED = 520
"""Payload bytes that the random captures hold of each packet."""


class Frame(NamedTuple):
    """One random frame; what does not fit its kind is left out of the table."""

    kind: Kind
    transport: int
    src: int
    dst: int
    src_port: int
    dst_port: int
    flags: int
    ip_id: int
    digest: int
    interface: int
    fragmented: int
    payload: bytes
    reason: int
    step: int
    """Time since the frame before, in ns; negative where the clock ran backwards."""
    version: int
    icmp: int
    quote: tuple[int, int, int, int, int] | None
    """transport, source, destination, ports"""


KINDS = [*[Kind.TRANSPORT] * 4, *[Kind.IP] * 3, *[Kind.FRAGMENT] * 3, Kind.LINK, Kind.UNDECODED]
PAYLOADS = [b"", b"a", b"b", b"c", b"d", b"e", b"x" * 200, b"x" * 201, b"y" * 600]
STEPS = [0, 0, MS // 2, MS, 5 * MS, 25 * MS, 60 * MS]


def capture(seed: int, size: int, kinds: int, backwards: bool) -> list[Frame]:
    """A capture of ``size`` frames of ``kinds`` kinds that come again and again, each time a little changed.

    Drawn from one seed: strategies for each field would make most captures short and uneventful.
    """
    draw = random.Random(seed)

    def ends() -> tuple[int, int, int, int]:
        ports = draw.choices([0, 69, 5683], k=2)
        return draw.randint(1, 2), draw.randint(1, 2), ports[0], ports[1]

    def frame() -> Frame:
        src, dst, src_port, dst_port = ends()
        return Frame(
            kind=draw.choice(KINDS),
            transport=draw.choice([TCP, UDP, ICMP]),
            src=src,
            dst=dst,
            src_port=src_port,
            dst_port=dst_port,
            flags=draw.choice([0x02, 0x12, 0x10, 0x14, 0x18, 1, 0x80]),
            ip_id=draw.choice([0, 7]),
            digest=draw.choice([0, 11, 11]),
            interface=0,
            fragmented=draw.choice([0, 1]),
            payload=draw.choice(PAYLOADS),
            reason=draw.choice([0, 0, 0, Reason.CUT, Reason.TUNNEL]),
            step=0,
            version=draw.choice([4, 6]),
            icmp=draw.choice([0x0303, 0x030D]),
            quote=(draw.choice([TCP, UDP, ICMP]), *ends()) if draw.random() < 0.9 else None,
        )

    def change(frame: Frame) -> Frame:
        frame = frame._replace(
            step=draw.choice(STEPS) * draw.choice([1, -1] if backwards else [1]), interface=draw.randint(0, 1)
        )
        match draw.randrange(9):
            case 0:
                return frame._replace(
                    src=frame.dst, dst=frame.src, src_port=frame.dst_port, dst_port=frame.src_port
                )
            case 1:
                return frame._replace(payload=draw.choice(PAYLOADS))
            case 2:
                return frame._replace(kind=Kind.FRAGMENT)
            case 3:
                return frame._replace(kind=draw.choice(KINDS), dst_port=69)
            case 4 if frame.quote:
                transport, src, dst, src_port, dst_port = frame.quote
                return frame._replace(quote=(transport, dst, src, dst_port, src_port))
            case 5:
                # What this frame, were it an error, would quote.
                return frame._replace(kind=Kind.IP, transport=ICMP, quote=(UDP, frame.dst, frame.src, 69, 69))
        return frame

    themes = [frame() for _ in range(kinds)]
    return [change(draw.choice(themes)) for _ in range(size)]


CAPTURES = st.builds(
    capture,
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 80),
    kinds=st.integers(1, 5),
    backwards=st.booleans(),
)


def packets(frames: list[Frame], begin: int, end: int) -> Packets:
    """Frames ``begin`` to ``end`` of a capture as a decoded batch."""
    part = frames[begin:end]
    times = np.cumsum([frame.step for frame in frames])[begin:end].tolist()
    rows, quotes, buffer = [], [], b"##"
    for row, (frame, time) in enumerate(zip(part, times, strict=True)):
        values = {"frame": begin + row + 1, "time": 10**18 + time, "reason": frame.reason}
        rows.append(values | decoded(frame, len(buffer)))
        buffer += frame.payload[:SNAPPED]
        if frame.quote and frame.kind is Kind.IP and frame.transport == ICMP:
            quotes.append({"row": row} | quoted(frame.version, *frame.quote))
    return Packets(filled(PACKETS, rows), filled(QUOTES, quotes), memoryview(buffer))


def decoded(frame: Frame, payload: int) -> dict[str, int]:
    """What a decoder says of ``frame``, whose payload begins at ``payload``."""
    values: dict[str, int] = {
        "kind": frame.kind,
        "wire": 60 + len(frame.payload),
        "interface": frame.interface,
    }
    if frame.kind is Kind.UNDECODED:
        return values
    upper = int(frame.version == 6)
    values |= {"version": frame.version, "transport": frame.transport, "flags": frame.flags}
    values |= {"src_hi": upper, "dst_hi": upper, "src_lo": frame.src, "dst_lo": frame.dst}
    if frame.kind is Kind.LINK:
        return values | {"transport": ARP}
    values |= {"ip_id": frame.ip_id, "digest": frame.digest}
    if frame.kind is Kind.IP:
        values |= {"fragmented": frame.fragmented, "icmp": frame.icmp}
    if frame.kind is Kind.TRANSPORT:
        values |= {
            "transport": UDP if frame.transport == ICMP else frame.transport,
            "fragmented": frame.fragmented,
            "src_port": frame.src_port,
            "dst_port": frame.dst_port,
            "payload": payload,
            "payload_wire": len(frame.payload),
            "payload_captured": min(len(frame.payload), SNAPPED),
        }
    return values


def quoted(version: int, transport: int, src: int, dst: int, src_port: int, dst_port: int) -> dict[str, int]:
    upper, ports = int(version == 6), transport != ICMP
    values = {"version": version, "transport": transport, "src_hi": upper, "dst_hi": upper}
    values |= {"src_lo": src, "dst_lo": dst}
    return values | {"src_port": src_port * ports, "dst_port": dst_port * ports}


def filled(declared: Table, rows: list[dict[str, int]]) -> Columns:
    columns = declared.empty(len(rows))
    for row, values in enumerate(rows):
        for name, value in values.items():
            columns[name][row] = value
    return columns


def outcome(result: FlowTable) -> dict[str, Any]:
    """All that a flow table says, comparable."""
    said = result.flows()
    FLOWS.check(said.columns)
    columns = {name: array.tolist() for name, array in said.columns.items()}
    return {
        "columns": columns, "heads": said.heads, "errors": said.errors, "undecoded": said.undecoded,
        "orphans": result.orphan_fragments, "strays": result.stray_errors,
    }  # fmt: skip


def split(frames: list[Frame], cuts: list[int]) -> list[tuple[int, int]]:
    places = [0, *sorted({cut % (len(frames) + 1) for cut in cuts}), len(frames)]
    return list(itertools.pairwise(places))


try:
    from analyzer.flowtable.compiled import CompiledTable
except ImportError:
    CompiledTable = None  # type: ignore[assignment,misc]

BOTH = pytest.mark.parametrize(
    "make",
    [
        FlowTable,
        pytest.param(
            CompiledTable,
            marks=pytest.mark.skipif(
                CompiledTable is None, reason="the compiled table was not built (no C compiler)"
            ),
        ),
    ],
)


CUTS = st.lists(st.integers(0, 1000), max_size=6)
LAWFUL = settings(max_examples=80, deadline=None)


@BOTH
@settings(LAWFUL, max_examples=300)
@given(CAPTURES, CUTS, st.booleans())
def test_merging_parts_gives_the_table_of_the_whole(
    make: type[FlowTable], frames: list[Frame], cuts: list[int], right: bool
) -> None:
    with small_windows():
        whole = make()
        whole.add(packets(frames, 0, len(frames)))
        parts = []
        for begin, end in split(frames, cuts):
            part = make()
            part.add(packets(frames, begin, end))
            parts.append(part)
        event(f"{min(len(parts), 4)} parts")
        if right:
            merged = parts.pop()
            while parts:
                earlier = parts.pop()
                earlier.merge(merged)
                merged = earlier
        else:
            merged = make()
            for part in parts:
                merged.merge(part)
        assert outcome(merged) == outcome(whole)


@BOTH
@LAWFUL
@given(CAPTURES, CUTS)
def test_parts_that_count_their_own_frames(
    make: type[FlowTable], frames: list[Frame], cuts: list[int]
) -> None:
    """As processes do that know nothing of each other: each begins with frame 1, and is pickled."""
    with small_windows():
        whole, merged = make(), make()
        whole.add(packets(frames, 0, len(frames)))
        for begin, end in split(frames, cuts):
            batch, part = packets(frames, begin, end), make()
            batch.columns["frame"] -= begin
            part.add(batch)
            part = pickle.loads(pickle.dumps(part))
            part.shift(begin)
            merged.merge(part)
        assert outcome(merged) == outcome(whole)


@BOTH
@LAWFUL
@given(CAPTURES, CUTS)
def test_batches_do_not_matter(make: type[FlowTable], frames: list[Frame], cuts: list[int]) -> None:
    with small_windows():
        whole, batched = make(), make()
        whole.add(packets(frames, 0, len(frames)))
        for begin, end in split(frames, cuts):
            batched.add(packets(frames, begin, end))
            batched.flows()
        assert outcome(batched) == outcome(whole)


@BOTH
@LAWFUL
@given(CAPTURES)
def test_table_agrees_with_a_literal_reading(make: type[FlowTable], frames: list[Frame]) -> None:
    with small_windows():
        result = make()
        result.add(packets(frames, 0, len(frames)))
        assert outcome(result) == literal(
            packets(frames, 0, len(frames)), NEAR_COPIES, CANDIDATES, NEAR_FRAGMENTS
        )


def test_the_package_offers_the_table_and_its_limits() -> None:
    assert (HEADS, HEAD_BYTES, DUPLICATE_FRAMES) == (4, 160, 1024)
    assert head_bytes(UDP, 69) == 512
    assert head_bytes(TCP, 69) == head_bytes(UDP, 70) == 160


@BOTH
def test_an_empty_table_has_no_flows(make: type[FlowTable]) -> None:
    empty = make()
    empty.add(Packets(PACKETS.empty(), QUOTES.empty(), b""))
    empty.merge(make())
    said = outcome(empty)
    assert said["columns"] == {column.name: [] for column in FLOWS.columns}
    assert (said["heads"], said["errors"], said["undecoded"]) == ({}, {}, {})


def test_reasons_are_counted_with_their_first_frame() -> None:
    result = FlowTable()
    for begin in (0, 3):
        columns = PACKETS.empty(3)
        columns["frame"] = np.arange(begin + 1, begin + 4)
        columns["reason"][1:] = (Reason.LINK_TYPE, Reason.CUT)
        columns["kind"][2] = Kind.IP
        result.add(Packets(columns, QUOTES.empty(), b""))
    assert result.flows().undecoded == {
        Reason.NONE: tables.Undecoded(2, 1),
        Reason.LINK_TYPE: tables.Undecoded(2, 2),
        Reason.CUT: tables.Undecoded(2, 3),
    }
    assert result.flows().columns["packets_ab"].tolist() == [2]
