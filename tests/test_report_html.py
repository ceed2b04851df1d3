"""The format's entry: what it renders, and that others do not pay for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import html_pages
import pytest
import reports

from analyzer import report


def test_the_suffixes_choose_it() -> None:
    assert report.choose(None, "report", "x.html").name == "html"
    assert report.choose(None, "report", "X.HTM").name == "html"


def test_other_formats_do_not_load_the_template_engine() -> None:
    program = (
        "import sys; from analyzer import report; report.formats(); "
        "print({'jinja2', 'markupsafe', 'analyzer.report.html.page'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"


def test_the_same_report_gives_the_same_page() -> None:
    assert html_pages.text(reports.REPORT) == html_pages.text(reports.REPORT)


@pytest.mark.parametrize("value", [reports.REPORT, reports.COMPLIANT, reports.EMPTY])
def test_flows_are_read_in_order_and_never_by_number(value) -> None:
    lazy = replace(value, flows=html_pages.Once(value.flows))
    assert html_pages.text(lazy) == html_pages.text(value)


def test_the_facts_are_those_of_the_other_formats() -> None:
    page = html_pages.tree(reports.REPORT)
    shown = html_pages.said(page)
    for finding in reports.REPORT.findings:
        assert finding.id in shown
        assert finding.kind.value in shown
        assert finding.wireshark_filter in shown
    for result in reports.REPORT.rows:
        assert result.reason.lower() in shown.lower() or result.status == "not-applicable"
    flows = {flow["id"]: flow for flow in html_pages.rows(html_pages.data(page))}
    assert set(flows) == {"f1", "f2", "f3"}
    for record in reports.REPORT.flows:
        flow = flows[record.id]
        assert flow["verdict"] == record.verdict
        assert flow["outcome"] == record.outcome
        assert flow["reason"] == record.reason
        assert (flow["sent"], flow["received"]) == record.packets
        assert (flow["bytes_sent"], flow["bytes_received"]) == record.bytes
        assert flow["originator"] == (
            record.originator.address,
            -1 if record.originator.port is None else record.originator.port,
            "+".join(record.originator.roles),
        )
        assert flow["first"] == record.first // 1000
        assert (flow["frame"], flow["frame"] + flow["frames"]) == record.frames
