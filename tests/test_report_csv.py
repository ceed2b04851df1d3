import csv
import io
from dataclasses import replace

import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.report import Style, formats
from analyzer.report.columns import FLOW_COLUMNS, VERDICT_COLUMNS
from analyzer.report.neutral import cell


def rendered(report, what="report"):
    stream = io.StringIO()
    formats()["csv"].render(what)(report, stream, Style())
    return stream.getvalue()


def parsed(report, what="report"):
    return list(csv.DictReader(io.StringIO(rendered(report, what))))


def test_check_holds_the_flows_with_their_verdict():
    lines = parsed(reports.REPORT)
    assert tuple(lines[0]) == FLOW_COLUMNS + VERDICT_COLUMNS
    assert lines[0]["originator_address"] == "10.20.1.21"
    assert lines[0]["originator_roles"] == "igor-node"
    assert (lines[0]["packets_sent"], lines[0]["packets_received"]) == ("5", "4")
    assert (lines[0]["first"], lines[0]["last"]) == (
        "2026-01-02T03:03:05.000006Z",
        "2026-01-02T03:04:05.000000007Z",
    )
    assert [line["verdict"] for line in lines] == ["expected", "unexpected", "infrastructure"]
    assert [line["findings"] for line in lines] == ["", "unexpected-flow-7c1f", "undeclared-peer-99"]
    assert lines[2]["originator_port"] == ""


def test_flows_hold_no_verdict():
    lines = parsed(reports.FLOWS, "flows")
    assert tuple(lines[0]) == FLOW_COLUMNS
    assert len(lines) == 3


def test_no_flows_leave_the_heading():
    assert rendered(reports.NO_FLOWS, "flows") == ",".join(FLOW_COLUMNS) + "\n"


def test_hostile_text_is_visible_and_no_formula():
    text = rendered(reports.REPORT)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\r" not in text
    assert len(text.splitlines()) == 4
    report = replace(reports.REPORT, flows=(replace(reports.ARP, detail="=HYPERLINK(1)"),))
    assert parsed(report)[0]["detail"] == "'=HYPERLINK(1)"


@given(st.text(st.characters(), max_size=40))
@settings(deadline=None, max_examples=60)
def test_any_text_round_trips_as_one_cell(text):
    report = replace(reports.REPORT, flows=(replace(reports.ARP, detail=text, service=text, reason=text),))
    (line,) = parsed(report)
    assert line["detail"] == line["service"] == line["reason"] == cell(text)
