"""The flow table as columns, decoded again, and its bounds."""

from __future__ import annotations

import json
from dataclasses import replace

import html_pages
import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import Endpoint, FlowRecord, Outcome, Verdict
from analyzer.report.html import flowtable
from analyzer.report.html.flowtable import FlowTable
from analyzer.report.neutral import visible


def held(*records: FlowRecord, findings=()) -> list[dict]:
    table = FlowTable(findings)
    for record in records:
        table.add(record)
    return html_pages.rows(json.loads(str(table.drawn().columns)))


text = st.text(max_size=12)
count = st.integers(0, 2**40)
port = st.none() | st.integers(0, 65535)
ends = st.builds(Endpoint, text, port, st.sampled_from([(), ("igor-node",), ("a", "b")]))
records = st.builds(
    FlowRecord,
    id=st.from_regex(r"f[0-9]{1,6}", fullmatch=True) | st.sampled_from(["x", "f", "f²", "f9999999999999999"]),
    transport=st.sampled_from(["tcp", "udp", "arp"]),
    protocol=text,
    service=text,
    originator=ends,
    responder=ends,
    confidence=st.just("guess"),
    basis=st.just("ports"),
    packets=st.tuples(count, count),
    bytes=st.tuples(count, count),
    first=st.integers(0, 2**62),
    last=st.integers(0, 2**62),
    frames=st.tuples(count, count),
    outcome=st.sampled_from(Outcome),
    verdict=st.none() | st.sampled_from(Verdict),
    reason=text,
    detail=text,
    waived=text,
)


@settings(max_examples=60)
@given(st.lists(records, max_size=5))
def test_what_goes_in_comes_out(given_records: list[FlowRecord]) -> None:
    found = held(*given_records)
    assert len(found) == len(given_records)
    for record, flow in zip(given_records, found, strict=True):
        number = record.id[1:]
        if number.isascii() and number.isdigit() and len(number) < 15:
            assert flow["id"] == f"f{int(number)}"
        else:
            assert flow["id"] == visible(record.id)
        for name in ("transport", "protocol", "service", "reason", "detail", "waived"):
            assert flow[name] == visible(getattr(record, name))
        for name in ("originator", "responder"):
            end = getattr(record, name)
            shown = -1 if end.port is None else end.port
            assert flow[name] == (visible(end.address), shown, "+".join(end.roles))
        assert flow["verdict"] == (record.verdict.value if record.verdict else "")
        assert flow["outcome"] == record.outcome.value
        assert (flow["sent"], flow["received"]) == record.packets
        assert (flow["bytes_sent"], flow["bytes_received"]) == record.bytes
        assert flow["first"] == record.first // 1000
        assert flow["lasted"] == (record.last - record.first) // 1000
        assert (flow["frame"], flow["frame"] + flow["frames"]) == record.frames


def test_flows_know_their_findings() -> None:
    both = replace(reports.MISSING, flows=("f2",))
    flows = held(reports.COAP, reports.TELNET, findings=(reports.UNEXPECTED, both))
    assert [flow["findings"] for flow in flows] == [[], [1, 2]]


def test_where_not_all_have_room_the_judged_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flowtable, "HELD", 2)
    monkeypatch.setattr(flowtable, "JUDGED", 3)
    table = FlowTable([])
    for at in range(10):
        table.add(replace(reports.COAP, id=f"f{at}"))
    for at in range(10, 12):
        table.add(replace(reports.TELNET, id=f"f{at}"))
    view = table.drawn()
    kept = [flow["id"] for flow in html_pages.rows(json.loads(str(view.columns)))]
    assert kept == ["f0", "f1", "f10", "f11"]
    assert (view.total, view.left) == (12, 8)
    assert [group.flows for group in view.groups] == [2, 10]


def test_texts_are_shortened_when_there_is_no_room_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flowtable, "TEXTS", 500)
    flows = held(*(replace(reports.COAP, detail=f"{at}" + "x" * 1000) for at in range(4)))
    assert [len(flow["detail"]) for flow in flows] == [317, 317, 57, 57]
    assert flows[3]["detail"].endswith("[+961 characters]")


def test_groups_name_hosts_only_where_there_is_one() -> None:
    table = FlowTable([])
    for at in range(3):
        table.add(replace(reports.TELNET, originator=Endpoint(f"10.20.9.{at}", 1)))
    table.add(replace(reports.TELNET, outcome=Outcome.ANSWERED))
    shown = [(group.flows, group.originator, group.responder) for group in table.drawn().groups]
    assert shown == [(3, "several hosts", "igor-gateway"), (1, "10.20.9.5", "igor-gateway")]


def test_the_kinds_that_are_told_apart_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flowtable, "KINDS", 5)
    table = FlowTable([])
    for at in range(100):
        table.add(replace(reports.TELNET, responder=Endpoint("10.20.0.10", at)))
    groups = table.drawn().groups
    assert len(groups) == 6
    assert sum(group.flows for group in groups) == 100


def test_100_000_flows_stay_below_15_megabytes() -> None:
    """Nothing alike: every flow its own ends, times, sizes, and every tenth a text of its own."""
    table = FlowTable([])
    for at in range(100_000):
        table.add(
            replace(
                reports.COAP,
                id=f"f{at + 1}",
                originator=Endpoint(f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}", 1024 + at * 7 % 60_000),
                responder=Endpoint(f"10.200.{at % 40}.1", 5683, ("igor-gateway",)),
                first=reports.START + at * 7_654_321_000,
                last=reports.START + at * 7_654_321_000 + at * 12_345_000,
                packets=(at % 5000, at % 4999),
                bytes=(at * 97 % 9_999_999, at * 89 % 9_999_999),
                frames=(at * 3, at * 3 + at % 10_000),
                detail=f"PUT /devices/{at:06d}/state/brightness/level" if at % 10 == 0 else "",
            )
        )
    assert len(str(table.drawn().columns)) < 13_000_000
