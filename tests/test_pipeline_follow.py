"""A capture that grows: every fault told once, and at the end the report of a check over all of it."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import captures
import pytest
import rings
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import BMS, CURRENT, GATEWAY, LAPTOP, NODE, OTHER, SAMPLES
from traffic import Traffic

from analyzer.capture.find import find
from analyzer.errors import CaptureError, UsageError
from analyzer.model import (
    CaptureLost,
    CaptureRead,
    FindingTold,
    FindingWithdrawn,
    News,
    Report,
    Severity,
)
from analyzer.pipeline import Options, check
from analyzer.pipeline.follow import Watch, follow
from analyzer.report import document


def same(one: Report, other: Report) -> bool:
    """Whether two reports are one as JSON."""
    return as_json(one) == as_json(other)


def as_json(report: Report) -> Any:
    return json.loads(json.dumps(document.whole(document.report_parts(report))))


def names(news: list[News]) -> list[str]:
    """What was told, in a few words."""
    words = {FindingTold: "told", FindingWithdrawn: "withdrawn"}
    return [f"{words[type(one)]} {one.finding.kind}" for one in news if type(one) in words]


def in_force(news: list[News]) -> list[str]:
    """The ids that were told and not withdrawn, in order. Nothing is told twice without that."""
    held: dict[str, Severity] = {}
    for one in news:
        if isinstance(one, FindingTold):
            before = held.get(one.finding.id)
            assert before is None or list(Severity).index(one.finding.severity) < list(Severity).index(before)
            held[one.finding.id] = one.finding.severity
        elif isinstance(one, FindingWithdrawn):
            del held[one.finding.id]
    return list(held)


def faulty(minutes: int) -> Traffic:
    """A working site with a fault of another kind in each tenth of the time."""
    traffic = Traffic()
    for at in range(0, minutes * 60, 20):
        traffic.coap(at, NODE, GATEWAY, sport=41000, mid=at % 60000)
        traffic.connect(at + 3, BMS, 42000 + at // 20 % 20000, GATEWAY, 443, b"\x16\x03\x01\x00\x05hello")
    tenth = minutes * 6
    traffic.connect(tenth, LAPTOP, 50000, GATEWAY, 22, b"SSH-2.0-x\r\n")
    traffic.coap(2 * tenth, GATEWAY, OTHER, answered=False)
    traffic.read_file(3 * tenth, NODE, GATEWAY)
    traffic.udp(4 * tenth, OTHER, 2001, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    traffic.udp(4 * tenth + 0.1, GATEWAY, 50200, OTHER, 2001, b"\0\5\0\1File not found\0")
    traffic.connect(5 * tenth, NODE, 50001, GATEWAY, 23, b"login")
    traffic.coap(6 * tenth, NODE, GATEWAY, sport=45000)
    traffic.unreachable(6 * tenth + 1, "10.20.0.1", GATEWAY, 40001, NODE, 5683, 13)
    traffic.coap(6 * tenth + 0.9, GATEWAY, NODE, answered=False, sport=40001)
    traffic.udp(8 * tenth, OTHER, 50000, BMS, 50202, b"x")
    return traffic


def test_a_ring_of_500_files(tmp_path) -> None:
    files = rings.parts(rings.frames(faulty(120)), 500)
    assert len(files) > 480
    ring = tmp_path / "ring"
    ring.mkdir()
    rings.write(ring, files[:440])

    def grow(begin: int) -> None:
        for number, data in enumerate(files[begin : begin + 20], begin):
            (ring / f"ring.pcap{number}").write_bytes(data)

    steps = [lambda begin=begin: grow(begin) for begin in range(440, len(files), 20)]
    news: list[News] = []
    options = Options((str(ring),), hosts=CURRENT)
    # Judging takes a third of the time here, so that there are judgements all the way.
    report = follow(options, Watch(rings.Script(*steps), news.append, interval=0.1, share=1 / 3))
    assert same(report, check(options))
    assert sorted(in_force(news)) == sorted(finding.id for finding in report.findings)
    assert len({finding.kind for finding in report.findings}) >= 3
    assert len(report.findings) >= 5
    read = [one.info.path for one in news if isinstance(one, CaptureRead)]
    assert read == [str(ring / f"ring.pcap{number}") for number in range(len(files))]
    before_the_end = [
        one
        for one in news[: news.index(next(one for one in news[::-1] if isinstance(one, CaptureRead)))]
        if isinstance(one, FindingTold)
    ]
    assert len(before_the_end) >= 5


CASES = (
    "coap-silent",
    "firmware-update-data-blocked",
    "bacnet-refused",
    "http-cut-off",
    "biostar-quick-close",
)


@pytest.mark.parametrize("case", CASES)
def test_a_sample_in_many_files_is_judged_as_in_one(case, tmp_path) -> None:
    (capture,) = find([str(path) for path in (SAMPLES / case).glob("capture.*")])
    frames, link_type = [], 1
    for batch in capture.batches():
        link_type = int(batch.frames["link_type"][0])
        columns = (batch.frames[name].tolist() for name in ("time", "offset", "captured", "wire"))
        for time, offset, captured, wire in zip(*columns, strict=True):
            frames.append((time, bytes(batch.buffer[offset : offset + captured]), wire))
    for number in range(0, len(frames), 8):
        data = captures.pcap(frames[number : number + 8], nano=True, link_type=link_type)
        (tmp_path / f"ring.pcap{number}").write_bytes(data)
    options = Options((str(tmp_path),), site=str(SAMPLES / case / "site.yaml"))
    news: list[News] = []
    report = follow(options, rings.eager(news.append))
    assert same(report, check(options))
    assert set(in_force(news)) == {finding.id for finding in report.findings} != set()


@settings(max_examples=6)
@given(st.integers(0, 2**32), st.integers(1, 15), st.integers(0, 3))
def test_any_split_of_any_order_of_faults(tmp_path_factory, seed, count, lost) -> None:
    folder = tmp_path_factory.mktemp("ring")
    chance = random.Random(seed)
    traffic = Traffic()
    for _ in range(chance.randrange(1, 12)):
        at, port = chance.random() * 1000, chance.choice([22, 23, 443, 5683, 69, 8080, 50202])
        ends = chance.sample([GATEWAY, NODE, OTHER, BMS, LAPTOP], 2)
        if chance.random() < 0.5:
            traffic.connect(at, ends[0], chance.randrange(40000, 40003), ends[1], port)
        else:
            traffic.coap(at, *ends, answered=chance.random() < 0.5, mid=chance.randrange(9))
    files = rings.parts(rings.frames(traffic), count)
    rings.write(folder, files)
    for number in range(min(lost, len(files) - 1)):
        (folder / f"ring.pcap{number}").unlink()
    options = Options((str(folder),), hosts=CURRENT)
    news: list[News] = []
    report = follow(options, rings.eager(news.append))
    assert same(report, check(options))
    assert set(in_force(news)) == {finding.id for finding in report.findings}


def grown(folder: Path, traffic: Traffic, count: int) -> tuple[Report, list[News]]:
    """The report on traffic that comes in ``count`` files, and what was told on the way."""
    rings.write(folder, rings.parts(rings.frames(traffic), count))
    news: list[News] = []
    return follow(Options((str(folder),), hosts=CURRENT), rings.eager(news.append)), news


def test_a_scan_becomes_one_finding_and_its_first_ports_are_withdrawn(tmp_path) -> None:
    traffic = Traffic()
    for port in range(20):
        traffic.connect(15 * port, LAPTOP, 50000, GATEWAY, 7000 + port)
    report, news = grown(tmp_path, traffic, 20)
    (scan,) = (one for one in report.findings if one.kind == "unexpected-flow")
    withdrawn = [one for one in news if isinstance(one, FindingWithdrawn)]
    assert {one.instead and one.instead.id for one in withdrawn} == {scan.id}
    assert len(withdrawn) >= 10
    assert in_force(news) == [scan.id]


def test_a_silence_that_was_told_and_ends_is_withdrawn(tmp_path) -> None:
    traffic = Traffic().coap(10, GATEWAY, NODE, answered=False)
    for at in range(0, 300, 10):
        traffic.coap(at, NODE, GATEWAY, sport=41000, mid=at)
    traffic.coap(299, GATEWAY, NODE, sport=40005)
    report, news = grown(tmp_path, traffic, 30)
    assert names(news) == ["told failing-flow", "withdrawn failing-flow", "told failing-flow"]
    (finding,) = report.findings
    assert finding.severity is Severity.WARNING
    assert "a later attempt does" in finding.title
    (gone,) = (one for one in news if isinstance(one, FindingWithdrawn))
    assert gone.instead is not None
    assert gone.instead.id == finding.id


def test_what_is_missing_is_told_at_the_end(tmp_path) -> None:
    traffic = Traffic()
    for at in range(0, 1000, 10):
        traffic.connect(at, NODE, 40000, GATEWAY, 443, b"\x16\x03\x01")
    report, news = grown(tmp_path, traffic, 20)
    missing = [one for one in report.findings if one.kind == "missing-flow"]
    last = max(at for at, one in enumerate(news) if isinstance(one, CaptureRead))
    assert missing
    assert [
        one.finding for one in news[last:] if isinstance(one, FindingTold) and one.finding in missing
    ] == missing
    assert not [
        one for one in news[:last] if isinstance(one, FindingTold) and one.finding.kind == "missing-flow"
    ]


def test_a_gap_is_in_the_report(tmp_path) -> None:
    files = rings.parts(rings.frames(faulty(10)), 6)
    for number in (0, 1, 4, 5):
        (tmp_path / rings.dumpcap_name(number)).write_bytes(files[number])
    news: list[News] = []
    report = follow(Options((str(tmp_path),), hosts=CURRENT), rings.eager(news.append))
    (gap,) = (one for one in news if isinstance(one, CaptureLost))
    assert gap.detail == "2 files before it vanished without having been seen"
    (problem,) = (one for one in report.findings if one.kind == "capture-problem")
    assert "2 files before it vanished" in problem.detail
    assert problem.severity is Severity.WARNING
    assert [len(info.problems) for info in report.captures] == [0, 0, 1, 0]


@pytest.mark.parametrize("old", [True, False])
def test_a_last_record_that_is_cut_is_damage_unless_it_is_being_written(tmp_path, old) -> None:
    files = rings.parts(rings.frames(faulty(10)), 3)
    files[-1] = files[-1][:-5]
    rings.write(tmp_path, files)
    if not old:
        (tmp_path / "ring.pcap2").touch()
    options = Options((str(tmp_path),), hosts=CURRENT)
    report = follow(options, rings.eager(lambda _: None))
    kinds = {finding.kind.value for finding in report.findings}
    assert same(report, check(options)) is old
    assert ("capture-problem" in kinds) is old


def test_standard_input_that_comes_in_pieces(tmp_path) -> None:
    whole = captures.pcap(rings.frames(faulty(30)))
    path = tmp_path / "whole.pcap"
    path.write_bytes(whole)

    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return super().read(min(777, size or 777))

    news: list[News] = []
    watch = Watch(lambda: True, news.append, interval=0.0, share=0.5)
    report = follow(Options(("-",), hosts=CURRENT, stdin=Slow(whole)), watch)
    found = as_json(check(Options((str(path),), hosts=CURRENT)))
    told = as_json(report)
    for document_ in (found, told):
        document_["captures"][0]["path"] = document_["captures"][0]["bytes"] = "-"
    assert told == found
    assert set(in_force(news)) == {finding.id for finding in report.findings}
    read = next(at for at, one in enumerate(news) if isinstance(one, CaptureRead))
    assert any(isinstance(one, FindingTold) for one in news[:read])


def test_judging_takes_its_share_of_the_time_and_no_more(tmp_path, monkeypatch) -> None:
    from analyzer.pipeline import follow as module

    clock, spent = [0.0], [0.0]
    judged = module.judge

    def judge(*arguments: Any, **options: Any) -> Report:
        clock[0] += 1.0
        spent[0] += 1.0
        return judged(*arguments, **options)

    def idle() -> bool:
        clock[0] += 0.1
        return clock[0] < 100

    monkeypatch.setattr(module, "judge", judge)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    files = rings.parts(rings.frames(faulty(10)), 25)
    rings.write(tmp_path, files[:1])

    def running() -> bool:
        number = len(list(tmp_path.iterdir()))
        if number < len(files):
            (tmp_path / f"ring.pcap{number}").write_bytes(files[number])
        return idle()

    kept: list[Report] = []
    monkeypatch.setattr("analyzer.capture.ring.time.sleep", lambda _: None)
    follow(Options((str(tmp_path),), hosts=CURRENT), Watch(running, lambda _: None, kept.append, 0.0, 0.1))
    assert kept
    assert spent[0] <= 1 + 0.1 * clock[0] + 1


def test_what_cannot_be_followed(tmp_path) -> None:
    watch = Watch(lambda: False, lambda _: None)
    with pytest.raises(CaptureError, match="no capture came"):
        follow(Options((str(tmp_path),)), watch)
    with pytest.raises(UsageError, match="one directory, one file"):
        follow(Options((str(tmp_path), "-")), watch)
    with pytest.raises(UsageError, match="a URL cannot be followed"):
        follow(Options(("https://example.org/a.pcap",)), watch)
