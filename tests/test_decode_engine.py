"""Both decoders give one table: generated frames, every cut, changed bytes, samples and public captures."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.find import find
from analyzer.decode import engine
from analyzer.errors import CaptureError, UsageError
from analyzer.tables import QUOTES, Batch
from tests import mutants
from tests.frames import A4, UDP4, batch, checked, eth, ip4, nonzero, tcp, udp
from tests.fuzz_decoders import difference

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"

needs_fast = pytest.mark.skipif(
    engine.COMPILED is None, reason="NOT COMPARED: the compiled decoder was not built (no C compiler)"
)


def test_engines_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine.name("dpkt") == "dpkt"
    with pytest.raises(UsageError, match="--engine turbo: must be one of auto, fast, dpkt"):
        engine.name("turbo")
    monkeypatch.setattr(engine, "COMPILED", None)
    assert engine.name() == "dpkt"
    with pytest.raises(UsageError, match="built without a C compiler"):
        engine.decode(batch(), 1, "fast")
    row = nonzero(engine.decode(batch(eth(ip4(udp()))), 1).columns)
    assert {name: row[name] for name in UDP4} == UDP4


@needs_fast
def test_rows_for_the_reference_come_back_in_their_places() -> None:
    tunnel = eth(ip4(ip4(tcp(), 6), 4, a="192.0.2.1"))
    error = eth(ip4(b"\3\3\0\0\0\0\0\0" + ip4(udp()), 1))
    tunnelled_error = eth(ip4(ip4(b"\3\1\0\0\0\0\0\0" + ip4(tcp(), 6), 1), 4))
    frames = batch(eth(ip4(udp())), tunnel, tunnelled_error, error, b"", eth(ip4(udp())), tunnelled_error)
    packets = checked(engine.decode(frames, 50, "fast"), 7)
    assert packets.columns["frame"].tolist() == list(range(50, 57))
    assert packets.columns["transport"].tolist() == [17, 6, 1, 1, 0, 17, 1]
    assert packets.columns["src_lo"][1] == int.from_bytes(bytes(int(part) for part in A4.split(".")))
    assert packets.quotes["row"].tolist() == [2, 3, 6]
    assert packets.quotes["transport"].tolist() == [6, 17, 6]
    assert not difference(frames)


@needs_fast
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_generated_and_mutated_frames(seed: int) -> None:
    draw = random.Random(seed)
    made = [mutants.made(draw) for _ in range(20)]
    changed = [mutants.mutated(draw, draw.choice(made)) for _ in range(60)]
    assert not difference(mutants.batch(made + changed, draw.randbytes(draw.randrange(9))))


@needs_fast
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_every_cut(seed: int) -> None:
    """Cut by the snapshot length (the wire length stays) and short on the wire."""
    frame = mutants.made(random.Random(seed))
    reach = range(min(len(frame.data), 150) + 1)
    cut = [frame._replace(data=frame.data[:size]) for size in reach]
    brief = [mutants.Frame(frame.data[:size], size, frame.link_type) for size in reach]
    assert not difference(mutants.batch(cut + brief, b""))


@needs_fast
@given(st.lists(st.tuples(st.binary(max_size=90), st.sampled_from(mutants.LINK_TYPES)), max_size=30))
@settings(deadline=None)
def test_any_bytes(frames: list[tuple[bytes, int]]) -> None:
    assert not difference(mutants.batch([mutants.Frame(data, len(data), kind) for data, kind in frames]))


@needs_fast
def test_frames_that_point_outside_the_buffer() -> None:
    frames = batch(*[eth(ip4(udp()))] * 6)
    for row, (name, value) in enumerate(
        [
            ("offset", 10**6),
            ("captured", 10**6),
            ("offset", -3),
            ("captured", -1),
            ("wire", -1),
            ("wire", 2**41),
        ]
    ):
        frames.frames[name][row] = value
    assert not difference(frames)
    assert not difference(Batch(b"", frames.frames))


@needs_fast
@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_any_buffer_will_do(kind: type) -> None:
    frames = batch(eth(ip4(udp())), eth(ip4(tcp(), 6)))
    assert not difference(Batch(kind(frames.buffer), frames.frames))


def compared(paths: list[Path]) -> int:
    frame = 1
    for path in paths:
        try:
            captures = find([str(path)], hash=False)
        except CaptureError:
            continue
        for capture in captures:
            for one in capture.batches():
                assert not difference(one), path.name
                frame += len(one.frames["offset"])
    return frame - 1


@needs_fast
def test_the_samples() -> None:
    assert compared(sorted(ROOT.glob("samples/*/*.pcap*"))) > 1000


@needs_fast
def test_the_public_captures() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"DECODERS NOT COMPARED ON PUBLIC CAPTURES: they are not at {CORPUS}")
    assert compared(sorted(path for path in CORPUS.glob("files/*/*") if path.is_file())) > 70_000


@needs_fast
def test_nearly_all_traffic_is_the_compiled_decoders() -> None:
    frames = mutants.batch(
        [mutants.Frame(eth(ip4(udp())), 46, 1), mutants.Frame(eth(ip4(tcp(), 6)), 54, 1)] * 50
    )
    left = np.empty(100, "i8")
    columns = {name: array.copy() for name, array in engine.decode(frames, 1, "dpkt").columns.items()}
    quotes = {column.name: np.empty(100, column.dtype) for column in QUOTES.columns}
    assert engine.COMPILED is not None
    assert engine.COMPILED.fill(frames.buffer, frames.frames, columns, quotes, left) == (0, 0)
