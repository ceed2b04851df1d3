"""A capture read by several processes gives the report of one reading."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
import tftpwire
from captures import pcap, pcapng

from analyzer import parallel, pipeline, processors
from analyzer.capture import segments
from analyzer.capture.find import find
from analyzer.decode import engine
from tests import mutants

ENGINES = [
    "dpkt",
    pytest.param(
        "fast",
        marks=pytest.mark.skipif(
            engine.COMPILED is None, reason="the compiled decoder was not built (no C compiler)"
        ),
    ),
]


def traffic(seed: int, count: int) -> list[tuple[int, bytes]]:
    """Frames of every layout, again and again: flows, fragments, errors and copies cross the cuts."""
    draw = random.Random(seed)
    kinds = [
        frame.data
        for frame in (mutants.made(draw) for _ in range(300))
        if frame.link_type == 1 and frame.data
    ]
    return [(10**18 + number * 10**5, draw.choice(kinds)) for number in range(count)]


def said(report: Any) -> Any:
    return dataclasses.asdict(report)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "WINDOW", 20_000)
    monkeypatch.setattr(processors, "available", lambda: 3)
    monkeypatch.setattr(parallel, "SEGMENT_BYTES", {"fast": 50_000, "dpkt": 50_000})


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_same_report(
    tmp_path: Path, name: str, make: Any, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a.cap", tmp_path / "b.cap"
    first.write_bytes(make(traffic(1, 1500)))
    second.write_bytes(make([(time + 10**12, data) for time, data in traffic(2, 1200)]))
    options = pipeline.Options((str(first), str(second)), engine=name)
    used = []
    real = parallel.read

    def watched(*arguments: Any, **more: Any) -> Any:
        used.append(real(*arguments, **more))
        return used[-1]

    monkeypatch.setattr(parallel, "read", watched)
    cut = pipeline.flows(options)
    assert all(whole is not None for whole in used)
    assert len(used) == 2
    monkeypatch.setattr(parallel, "read", lambda *_, **__: None)
    assert said(cut) == said(pipeline.flows(options))


def test_the_hash_is_computed_where_it_is_asked_for(tmp_path: Path, small: None) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(traffic(1, 1500)))
    sums = []
    for wanted in (True, False):
        (capture,) = find([str(path)], hash=wanted)
        whole = parallel.read(capture, "dpkt")
        assert whole is not None
        sums.append(whole.sha256)
    assert sums == [hashlib.sha256(path.read_bytes()).hexdigest(), ""]


def test_same_transfers(tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packets that transfers need come from all segments, in order, with the frames of the whole."""
    wire = tftpwire.Wire()
    for number in range(30):
        port = 3000 + number
        wire.c(number, tftpwire.rrq(f"{number}.bin"), 69, port=port)
        for block in range(1, 20):
            at = number + block / 50
            size = 512 if block < 19 or number % 3 == 0 else 7
            wire.s(at, tftpwire.data(block, size), 50000 + number, port=port)
            wire.c(at + 0.001, tftpwire.ack(block), 50000 + number, port=port)
    path = wire.idle(90).write(tmp_path / "a.pcap")
    options = pipeline.Options((str(path),), engine="dpkt")
    used, real = [], parallel.read

    def watched(*arguments: Any, **more: Any) -> Any:
        used.append(real(*arguments, **more))
        return used[-1]

    monkeypatch.setattr(parallel, "read", watched)
    cut = pipeline.firmware(options)
    assert [whole is not None for whole in used] == [True]
    monkeypatch.setattr(parallel, "read", lambda *_, **__: None)
    assert pipeline.firmware(options).transfers == cut.transfers
    assert {str(transfer.outcome) for transfer in cut.transfers} == {"complete", "failed"}


def test_small_and_damaged_captures_are_read_in_one_go(tmp_path: Path, small: None) -> None:
    path = tmp_path / "a.pcap"
    data = bytearray(pcap(traffic(1, 800)))
    path.write_bytes(data[:20_000])
    (capture,) = find([str(path)])
    assert parallel.read(capture, "dpkt") is None
    data[len(data) // 2 : len(data) // 2 + 30] = b"\xff" * 30
    path.write_bytes(data)
    (capture,) = find([str(path)])
    assert parallel.read(capture, "dpkt") is None


def test_a_process_that_fails(tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(traffic(1, 800)))
    (capture,) = find([str(path)])
    monkeypatch.setattr(parallel, "_CODE", "raise SystemExit(1)")
    assert parallel.read(capture, "dpkt") is None
