"""Which flows may be counted in another one, and that nothing is found otherwise for it."""

from __future__ import annotations

import pickle
from collections.abc import Iterable

import numpy as np
import pytest
import rings
from bacnetwire import answer, request, unicast
from judging import BMS, CURRENT, FOUND, GATEWAY, LAPTOP, NODE, OTHER, SEARCH, address, judged
from traffic import Traffic

from analyzer.flowtable import engine
from analyzer.model import CaptureRead, FindingTold, FindingWithdrawn, News, Report
from analyzer.observation import Ends
from analyzer.pipeline import Options, check
from analyzer.pipeline import follow as module
from analyzer.pipeline.folding import EACH, IDLE, OPEN, Plan, plan
from analyzer.pipeline.follow import essence, follow

HOUR = IDLE // 10**9
END = 1_790_000_000 * 10**9


def busy(hours: int) -> Traffic:
    """Connections from ports that change, the same day in day out, and a few faults."""
    traffic = Traffic()
    for number in range(hours * 30):
        at = number * 120
        traffic.connect(at, NODE, 20000 + number, GATEWAY, 443, b"\x16\x03\x01")
        traffic.coap(at + 1, NODE, GATEWAY, sport=30000 + number, mid=number)
        traffic.connect(at + 2, LAPTOP, 40000 + number, GATEWAY, 22, b"SSH-2.0-x\r\n")
        traffic.coap(at + 3, OTHER, GATEWAY, answered=number % 10 > 0, sport=30000 + number, mid=number)
        if number % 20 == 0:
            traffic.read_file(at + 5, NODE, GATEWAY, sport=3000 + number, tid=50300 + number)
    return traffic


def rows(report: Report, end: int, spoken: Iterable[Ends] = ()) -> list[int]:
    """For each flow the row that may count for it."""
    return plan(report, end, spoken).into.tolist()


def test_flows_of_a_kind_that_ended_long_ago_count_as_the_fourth() -> None:
    traffic = Traffic()
    for number in range(7):
        traffic.connect(number, NODE, 40000 + number, GATEWAY, 443, b"x")
    traffic.connect(2 * HOUR, NODE, 50000, GATEWAY, 443, b"x")
    report = judged(traffic)
    assert rows(report, END + (2 * HOUR + 1) * 10**9) == [0, 1, 2, 3, 3, 3, 3, 7]
    assert EACH == 4
    assert rows(report, END + HOUR * 10**9) == list(range(8))


def test_what_is_another_thing_stays() -> None:
    traffic = Traffic()
    for number in range(EACH):
        traffic.connect(number, NODE, 40000 + number, GATEWAY, 443, b"x")
    traffic.connect(10, OTHER, 40000, GATEWAY, 443, b"x")  # another host
    traffic.connect(11, NODE, 40000, GATEWAY, 8443, b"x")  # another port
    traffic.tcp(12, NODE, 50000, GATEWAY, 443, 2)  # another outcome
    for number in range(6):
        traffic.tcp(20 + number, NODE, 51000 + number, GATEWAY, 443, 2)
        traffic.tcp(20.5 + number, GATEWAY, 443, NODE, 51000 + number, 18)  # answered, and never closed
    for number in range(6):
        traffic.read_file(30 + number, NODE, GATEWAY, sport=3000 + number, tid=50300 + number)
        traffic.udp(40 + number, LAPTOP, 52000 + number, "239.255.255.250", 1900, SEARCH)
        if number % 2:
            traffic.udp(40.5 + number, GATEWAY, 1900, LAPTOP, 52000 + number, FOUND)
    into = rows(judged(traffic), END + 2 * HOUR * 10**9)
    assert into == list(range(len(into)))


def test_a_search_and_its_answers_count_in_one_of_their_kind() -> None:
    traffic = Traffic()
    for number in range(6):
        traffic.udp(number, LAPTOP, 52000 + number, "239.255.255.250", 1900, SEARCH)
        traffic.udp(number + 0.1, GATEWAY, 50000 + number, LAPTOP, 52000 + number, FOUND)
        traffic.udp(number + 0.2, OTHER, 1900, LAPTOP, 52000 + number, FOUND)
    report = judged(traffic)
    assert [flow.parent for flow in report.flows[3:6]] == [None, "f4", "f4"]
    into = rows(report, END + 2 * HOUR * 10**9)
    assert into == [*range(12), 9, 10, 11, 9, 10, 11]
    lone = Traffic().udp(3 * HOUR, GATEWAY, 50005, LAPTOP, 52005, b"more")
    lone.frames += traffic.frames  # one answer goes on: its search stays, and so does the other answer
    into = rows(judged(lone), END + 2 * HOUR * 10**9)
    assert into == [*range(12), 9, 10, 11, 15, 16, 17]


def test_a_connection_without_an_end_is_over_when_no_keep_alive_came() -> None:
    traffic = Traffic()
    for number in range(5):
        traffic.tcp(number, NODE, 51000 + number, GATEWAY, 443, 2)
        traffic.tcp(number + 0.5, GATEWAY, 443, NODE, 51000 + number, 18)
    report = judged(traffic)
    assert rows(report, END + OPEN) == [0, 1, 2, 3, 4]
    assert rows(report, END + OPEN + 10**10) == [0, 1, 2, 3, 3]


def test_flows_that_an_observer_may_speak_of_stay() -> None:
    traffic = Traffic()
    for number in range(6):
        traffic.udp(number, BMS, 51000 + number, GATEWAY, 47808, unicast(request(1)))
        traffic.udp(number + 0.1, GATEWAY, 47808, BMS, 51000 + number, unicast(answer(1)))
    report = judged(traffic)
    assert rows(report, END + 2 * HOUR * 10**9) == [0, 1, 2, 3, 3, 3]
    spoken = ("udp", (address(BMS), 51001), (address(GATEWAY), 47808))
    assert rows(report, END + 2 * HOUR * 10**9, [spoken]) == [0, 1, 2, 3, 4, 4]


def test_a_failure_that_passed_is_another_kind_than_one_that_did_not() -> None:
    traffic = Traffic()
    for number in range(6):
        traffic.coap(100 * number, GATEWAY, NODE, answered=False, sport=40000 + number)
    traffic.coap(700, GATEWAY, NODE, sport=41000)
    for number in range(6):
        traffic.coap(1000 + 100 * number, GATEWAY, NODE, answered=False, sport=42000 + number)
    into = rows(judged(traffic), END + 2 * HOUR * 10**9)
    assert into == [0, 1, 2, 3, 3, 3, 6, 7, 8, 9, 10, 10, 10]


needs_compiled = pytest.mark.skipif(engine.COMPILED is None, reason="the compiled table was not built")


@needs_compiled
def test_days_in_a_table_of_hours(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "FLOWS", 200)
    rings.write(tmp_path, rings.parts(rings.frames(busy(10)), 12))
    options = Options((str(tmp_path),), hosts=CURRENT)
    news: list[News] = []
    report = follow(options, rings.eager(news.append))
    whole = check(options)
    assert len(whole.flows) > 1200
    assert len(report.flows) < 600
    assert essence(report) == essence(whole)
    assert len(report.transfers) < len(whole.transfers) == 15
    assert sum(one.counts for one in report.transfers) == 15
    told = [one.finding.id for one in news if isinstance(one, FindingTold)]
    assert sorted(told) == sorted({finding.id for finding in report.findings})
    assert not [one for one in news if isinstance(one, FindingWithdrawn)]
    assert sum(isinstance(one, CaptureRead) for one in news) == 12
    assert sum(sum(flow.packets) for flow in report.flows) == sum(sum(flow.packets) for flow in whole.flows)
    problems = {one.code: one for one in report.captures[-1].problems}
    assert {code: one.count for code, one in problems.items()} == {
        "folded-flows": len(whole.flows) - len(report.flows),
        "folded-transfers": len(whole.transfers) - len(report.transfers),
    }
    assert not any(one.damage for one in problems.values())


@needs_compiled
def test_a_fold_that_would_change_what_is_found_is_not_made(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "FLOWS", 200)
    monkeypatch.setattr(
        module,
        "plan",
        lambda report, *_, **__: Plan(np.zeros(len(report.flows), np.int64), frozenset(), {}, 0),
    )
    rings.write(tmp_path, rings.parts(rings.frames(busy(3)), 5))
    options = Options((str(tmp_path),), hosts=CURRENT)
    report = follow(options, rings.eager(lambda _: None))
    whole = check(options)
    assert list(report.flows) == list(whole.flows)
    assert essence(report) == essence(whole)
    assert [problem.code for problem in report.captures[-1].problems] == ["not-folded"]


@needs_compiled
def test_the_table_that_was_folded_stays_as_it_is(tmp_path) -> None:
    from analyzer.flowtable import folded

    path = busy(1).write(tmp_path / "a.pcap")
    from analyzer.capture.find import find
    from analyzer.parts import read

    (one,) = find([str(path)])
    table = read(one, one.batches(), "fast").table
    before = pickle.dumps(table.flows())
    rows = table.count
    assert folded(table, np.arange(rows)) is None
    into = np.arange(rows)
    into[-1] = 0
    made = folded(table, into)
    assert made is not None
    assert (made.count, table.count) == (rows - 1, rows)
    assert pickle.dumps(table.flows()) == before


def test_the_reference_does_not_fold() -> None:
    from analyzer.flowtable import FlowTable, folded

    assert folded(FlowTable(), np.zeros(2, np.int64)) is None
