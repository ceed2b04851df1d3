"""Captures in, one flow table out: frame numbers, problems, progress."""

from __future__ import annotations

import hashlib

from judging import GATEWAY, NODE
from traffic import Traffic

from analyzer.pipeline.options import Options
from analyzer.pipeline.reading import read, undecoded


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
