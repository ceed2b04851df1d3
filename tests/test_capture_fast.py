"""The compiled walks give what the Python ones give: frames and problems, also of damaged captures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from captures import Frame, codes, epb, idb, isb, nrb, pb, pcap, pcapng, read, shb, spb
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import blocks, records
from analyzer.capture import pcap as pcap_module
from analyzer.capture import pcapng as pcapng_module
from analyzer.capture.find import find
from analyzer.capture.reader import room
from analyzer.errors import CaptureError

fast = pytest.importorskip(
    "analyzer.capture.fast", reason="the compiled walks were not built (no C compiler)"
)

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


@contextmanager
def in_python() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pcap_module, "COMPILED", None)
        patch.setattr(pcapng_module, "COMPILED", None)
        yield


def said(data: bytes, window: int) -> Any:
    """All that reading gives: rows, problems, times, link types; or the error."""
    try:
        rows, capture = read(data, window)
    except CaptureError as error:
        return str(error)
    return rows, codes(capture), capture.problems, capture.first, capture.last, capture.link_types


def same(data: bytes, window: int) -> None:
    with in_python():
        expected = said(data, window)
    assert said(data, window) == expected


def frames(draw: random.Random, count: int) -> list[Frame]:
    made: list[Frame] = []
    time = 1_600_000_000 * 10**9
    for _ in range(count):
        time += draw.randrange(10**9)
        data = draw.randbytes(draw.choice((0, 14, 60, 61, 200)))
        made.append((time, data, len(data) + draw.choice((0, 0, 5))))
    return made


def any_pcap(draw: random.Random) -> bytes:
    order, nano, modified = draw.choice("<>"), draw.random() < 0.5, draw.random() < 0.2
    return pcap(frames(draw, draw.randrange(40)), order=order, nano=nano, modified=modified and not nano)


def any_pcapng(draw: random.Random) -> bytes:
    parts = []
    for _ in range(draw.choice((1, 1, 2))):
        order = draw.choice("<>")
        parts.append(shb(order))
        kinds = [
            idb(draw.choice((1, 101, 113)), order=order, tsresol=resolution, tsoffset=offset)
            for resolution, offset in draw.choices(
                [
                    (None, None),
                    (6, None),
                    (9, None),
                    (9, 3600),
                    (3, None),
                    (0x94, None),
                    (12, None),
                    (9, 2**40),
                ],
                k=3,
            )
        ]
        known = draw.randrange(1, 4)
        parts += kinds[:known]
        for frame in frames(draw, draw.randrange(40)):
            which = draw.randrange(known + (draw.random() < 0.03))
            ticks = draw.choice((frame[0], frame[0] // 1000, 2**63))
            match draw.randrange(12):
                case 0:
                    parts.append(pb((ticks, *frame[1:]), which, order=order))
                case 1:
                    parts.append(spb(frame[1], order=order))
                case 2:
                    parts.append(draw.choice((isb, nrb))(order=order))
                case _:
                    parts.append(epb((ticks, *frame[1:]), which, order=order))
    return b"".join(parts)


def damaged(draw: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((0, 1, 1, 2, 5))):
        at = draw.randrange(24, len(changed)) if len(changed) > 24 else 0
        match draw.randrange(4):
            case 0:
                changed[at] = draw.getrandbits(8)
            case 1:
                del changed[at : at + draw.randrange(1, 80)]
            case 2:
                changed[at : at + 64] = bytes(64)
            case 3:
                changed[at:at] = draw.randbytes(draw.randrange(40))
    return bytes(changed[: draw.randrange(len(changed) + 1)] if draw.random() < 0.3 else changed)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([any_pcap, any_pcapng]),
    st.sampled_from([24, 100, 1000, 1 << 20]),
)
@settings(max_examples=150, deadline=None)
def test_damaged_captures(seed: int, make: Any, window: int) -> None:
    draw = random.Random(seed)
    data = make(draw)
    same(data, window)
    same(damaged(draw, data), window)


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_cut(order: str) -> None:
    few: list[Frame] = [(10**18 + 5, b"a" * 20), (10**18 + 9, b""), (10**18 + 11, b"b" * 7)]
    for data in (pcap(few, order=order, nano=True), pcapng(few, order=order)):
        for size in range(24, len(data)):
            same(data[:size], 1 << 20)


def test_block_lengths_at_the_limit() -> None:
    head = shb() + idb()
    for length in (31, 32, 36, blocks.MAX_BLOCK, blocks.MAX_BLOCK + 4):
        frame = bytearray(epb((5, b"")))
        frame[4:8] = frame[-4:] = length.to_bytes(4, "little")
        same(head + bytes(frame) + epb((6, b"x")), 1 << 20)


def test_samples_and_public_captures() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"WALKS NOT COMPARED ON PUBLIC CAPTURES: they are not at {CORPUS}")
    seen = 0
    paths = [*ROOT.glob("samples/*/*.pcap*"), *CORPUS.glob("files/*/*")]
    for path in sorted(path for path in paths if path.stat().st_size < 1 << 18):
        data = path.read_bytes()
        same(data, 1 << 16)
        seen += 1
    assert seen > 300
    assert find([str(paths[0])], hash=False)


@pytest.mark.parametrize("start", [-1, -16, -(2**40)])
def test_nothing_is_read_in_front_of_the_buffer(start: int) -> None:
    shape = 16, 1000, records.ZERO_RUN, True, 1, 1, -1, 0, 1000, -1
    with pytest.raises(IndexError, match="outside of the buffer"):
        fast.records(bytes(100), start, False, *shape, room(3))
