"""When what happened."""

from __future__ import annotations

from dataclasses import replace

import html_pages
import reports

from analyzer.model import Endpoint, Outcome, TransferOutcome, Verdict
from analyzer.report.html.timeline import BARS, BINS, HEIGHT, KINDS, SHOWN, Stroke, Timeline

SPAN = 160 * reports.SECOND
CAPTURE = replace(reports.CAPTURE, first=reports.START, last=reports.START + SPAN)


def flow(first: float, last: float, outcome: Outcome = Outcome.ANSWERED, **more):
    return replace(
        reports.COAP,
        first=reports.START + round(first * reports.SECOND),
        last=reports.START + round(last * reports.SECOND),
        outcome=outcome,
        **more,
    )


def drawn(*records, transfers=()):
    timeline = Timeline([CAPTURE])
    for record in records:
        timeline.add(record)
    return timeline.drawn(transfers)


def test_a_lane_shows_how_many_flows_were_alive() -> None:
    """160 s in 160 columns: one flow from second 10 to 19, two more of the kind from 20 to 29."""
    assert BINS == 160
    (lane,) = drawn(flow(10, 19.5), flow(20, 29.5), flow(20, 29.5)).lanes
    assert (lane.label, lane.between, lane.flows, lane.bad) == ("CoAP", "igor-node \u2192 igor-gateway", 3, 0)
    assert lane.strokes == [
        Stroke(10, 10, 4.0, 6.0, False),  # half as high as the next, above the middle of 20
        Stroke(20, 10, 0.0, 10.0, False),
    ]


def test_what_failed_hangs_below_the_middle() -> None:
    (lane,) = drawn(flow(0, 9.5), flow(100, 159.9, Outcome.UNANSWERED)).lanes
    good, bad = lane.strokes
    assert (good.y + good.height, good.bad) == (HEIGHT / 2, False)
    assert (bad.x, bad.width, bad.y, bad.bad) == (100, 60, HEIGHT / 2, True)
    assert (lane.bad, lane.last) == (1, round(159.9 * reports.SECOND))


def test_lanes_with_failures_come_first() -> None:
    lanes = drawn(
        flow(0, 1), flow(50, 51, Outcome.REFUSED, service="Telnet"), flow(2, 3, service="HTTP")
    ).lanes
    assert [lane.label for lane in lanes] == ["Telnet", "CoAP", "HTTP"]


def test_the_networks_background_is_one_lane_and_the_last() -> None:
    flows = [flow(0, 1, service=name, verdict=Verdict.INFRASTRUCTURE) for name in ("DNS", "ARP")]
    lanes = drawn(*flows, flow(50, 60)).lanes
    assert [(lane.label, lane.flows) for lane in lanes] == [("CoAP", 1), ("The network's own background", 2)]


def test_a_port_scan_stays_readable() -> None:
    scan = (
        flow(at % 160, at % 160, service="", protocol="unknown", responder=Endpoint("10.0.0.1", at))
        for at in range(1, KINDS + 300)
    )
    lanes = drawn(*scan).lanes
    assert len(lanes) == SHOWN + 1
    assert sum(lane.flows for lane in lanes) == KINDS + 299
    # The kinds beyond the bound are one, and the most; fifteen others are drawn, and 385 are the rest.
    assert {lane.flows for lane in lanes if lane.label == "other flows"} == {299}
    assert (lanes[-1].label, lanes[-1].flows) == ("385 other kinds", 385)


def test_transfers_are_drawn_one_by_one_with_the_failed_ones_kept() -> None:
    good = replace(reports.TRANSFER, outcome=TransferOutcome.COMPLETE, cause=None)
    many = [replace(good, id=f"t{at}") for at in range(BARS + 10)]
    view = drawn(flow(0, 1), transfers=[*many, replace(reports.TRANSFER, id="bad")])
    assert len(view.spans) == BARS
    assert view.left_spans == 11
    assert "bad" in [span.transfer.id for span in view.spans]
    # From second 10 to 40 of 160, in thousandths.
    assert {(span.x, span.width) for span in view.spans} == {(62, 188)}


def test_the_axis_names_the_time_from_the_beginning() -> None:
    assert drawn(flow(0, 1)).ticks == ["0.00 s", "40 s", "1 min 20 s", "2 min 00 s", "2 min 40 s"]


def test_times_outside_of_the_capture_do_no_harm() -> None:
    (lane,) = drawn(flow(-100, -50), flow(500, 600)).lanes
    assert [(stroke.x, stroke.width) for stroke in lane.strokes] == [(0, 1), (159, 1)]


def test_lanes_are_a_table() -> None:
    page = html_pages.tree(replace(reports.REPORT, transfers=(reports.TRANSFER,)))
    (section,) = page.xpath("//section[@id='timeline']")
    assert "From 2026-01-02 03:03:05 UTC, 15 min 14 s." in html_pages.said(section)
    heads = [html_pages.said(row) for row in section.xpath(".//tbody/tr/th[@scope='row']")]
    assert "CoAPigor-node \u2192 igor-gateway" in heads
    assert any(head.startswith("t1 node-6.0.2.bin") for head in heads)
    assert all(drawing.get("aria-label") for drawing in section.xpath(".//*[local-name()='svg']"))
