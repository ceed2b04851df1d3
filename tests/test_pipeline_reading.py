"""Captures in, one flow table out: frame numbers, problems, progress."""

from __future__ import annotations

import gzip
import hashlib
import threading

import pytest
from judging import GATEWAY, NODE
from traffic import Traffic

from analyzer import decode, processors
from analyzer.capture import capture as capture_module
from analyzer.capture import pcap
from analyzer.capture.find import find
from analyzer.decode import engine
from analyzer.errors import CaptureError
from analyzer.pipeline.options import Options
from analyzer.pipeline.reading import read, undecoded

compiled = pytest.mark.skipif(
    engine.COMPILED is None, reason="the compiled decoder was not built (no C compiler)"
)


class Meter:
    def __init__(self) -> None:
        self.said: list[object] = []

    def start(self, total: int | None) -> None:
        self.said.append(total)

    def advance(self, count: int) -> None:
        self.said.append(count)

    def finish(self) -> None:
        self.said.append("finish")


def capture(path, at: float):
    traffic = Traffic()
    traffic.udp(at, NODE, 40000, GATEWAY, 5683, b"ping")
    traffic.udp(at + 1, GATEWAY, 5683, NODE, 40000, b"pong")
    return traffic.write(path)


def test_frames_count_on_from_one_capture_to_the_next(tmp_path) -> None:
    later, earlier = capture(tmp_path / "a.pcap", 100), capture(tmp_path / "b.pcap", 10)
    meter = Meter()
    infos, table = read(Options((str(later), str(earlier))), meter)
    assert [(info.path, info.first_frame, info.packets) for info in infos] == [
        (str(earlier), 1, 2),
        (str(later), 3, 2),
    ]
    assert table.columns["last_frame_ab"].tolist() == [3]
    assert table.columns["last_frame_ba"].tolist() == [4]
    total, *steps, last = meter.said
    assert total == sum(steps) == later.stat().st_size + earlier.stat().st_size
    assert last == "finish"


def test_the_hash_is_computed_where_it_is_wanted(tmp_path) -> None:
    path = capture(tmp_path / "a.pcap", 10)
    (with_hash,), (without,) = (
        read(Options((str(path),), sha256=wanted), None)[0] for wanted in (True, False)
    )
    assert with_hash.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert without.sha256 == ""


def test_a_problem_names_its_frame_of_the_whole_analysis(tmp_path) -> None:
    whole, cut = capture(tmp_path / "a.pcap", 10), capture(tmp_path / "b.pcap", 100)
    cut.write_bytes(cut.read_bytes()[:-3])
    infos, table = read(Options((str(whole), str(cut))), None)
    (problem,) = infos[1].problems
    assert (problem.code, problem.frame) == ("truncated-file", 4)
    assert undecoded(table) == {}


def many(path, count: int):
    """A capture with as many packets between changing ports."""
    traffic = Traffic()
    for number in range(count):
        traffic.udp(number, NODE, 40000 + number % 97, GATEWAY, 5683, b"ping %d" % number)
    return traffic.write(path)


@pytest.fixture
def threads(monkeypatch) -> list[str]:
    """Where batches were decoded, small ones, and with captures of some kilobytes counting as large ones."""
    used: list[str] = []
    real = decode.decode

    def watched(*given):
        used.append(threading.current_thread().name)
        return real(*given)

    monkeypatch.setattr(decode, "decode", watched)
    monkeypatch.setattr(capture_module, "LARGE", 10_000)
    monkeypatch.setattr(pcap, "BATCH_FRAMES", 100)
    return used


@compiled
def test_a_large_capture_is_decoded_in_a_thread_and_gives_the_same(tmp_path, threads) -> None:
    path = many(tmp_path / "a.pcap", 2950)
    small = capture(tmp_path / "b.pcap", 1e6)
    options = Options((str(path), str(small)))
    found, steps = {}, {}
    for count in (1, 2):
        threads.clear()
        meter = Meter()
        with processors.limited(count):
            found[count] = read(options, meter)
        assert (set(threads[:-1]) == {"MainThread"}) is (count == 1)
        assert threads[-1] == "MainThread"
        assert len(threads) > 29  # batches of 100, and one where the first bytes looked at end
        steps[count] = sum(meter.said[1:-1])
    (infos, table), (others, other) = found[1], found[2]
    assert infos == others
    assert infos[0].packets == 2950
    assert steps[1] == steps[2] == path.stat().st_size + small.stat().st_size
    assert table.columns.keys() == other.columns.keys()
    for name, column in table.columns.items():
        assert column.tolist() == other.columns[name].tolist(), name
    assert sum(other.columns["packets_ab"]) == 2950 + 1


@compiled
def test_decompression_has_its_processor_alone(tmp_path, threads) -> None:
    """It takes longest: a third thread on two processors would only hold it up."""
    path, packed = many(tmp_path / "a.pcap", 6000), tmp_path / "a.pcap.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    tables = []
    for source, count, alone in ((path, 2, False), (packed, 1, True), (packed, 2, True), (packed, 3, False)):
        threads.clear()
        with processors.limited(count):
            infos, table = read(Options((str(source),)), None)
        assert (set(threads) == {"MainThread"}) is alone
        tables.append({name: column.tolist() for name, column in table.columns.items()})
        assert infos[0].packets == 6000
    assert all(table == tables[0] for table in tables)
    assert threading.active_count() == 1


@compiled
def test_a_capture_that_is_gone_meanwhile_says_so_from_the_thread(tmp_path, threads, monkeypatch) -> None:
    path = many(tmp_path / "a.pcap", 200)
    found = find([str(path)])
    path.unlink()
    monkeypatch.setattr("analyzer.pipeline.reading.find", lambda *_, **__: found)
    # isfile() would be false by now: the file goes between the look at it and its opening
    monkeypatch.setattr(type(found[0]), "large", True)
    with processors.limited(2), pytest.raises(CaptureError, match=r"a\.pcap: cannot be read"):
        read(Options((str(path),)), None)
    assert threading.active_count() == 1


@compiled
def test_dpkt_gets_no_thread(tmp_path, threads) -> None:
    with processors.limited(2):
        read(Options((str(many(tmp_path / "a.pcap", 300)),), engine="dpkt"), None)
    assert set(threads) == {"MainThread"}
