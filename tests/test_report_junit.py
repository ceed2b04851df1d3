"""JUnit XML: one case a row and a finding; it fails exactly where the exit code is 1."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import formats
import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml, Skipped

from analyzer.model import Severity, Status


def parsed(report):
    return JUnitXml.fromstring(formats.rendered("junit", report).encode())


def cases(report):
    return {
        (suite.name, case.name): [type(result) for result in case.result]
        for suite in parsed(report)
        for case in suite
    }


def test_a_case_for_each_row_and_each_finding():
    found = cases(reports.REPORT)
    assert len(found) == len(reports.ROWS) + len(reports.REPORT.findings)
    sheet = "igor-gateway 5.0.0+"
    assert found[sheet, "incoming udp/5683 CoAP"] == []
    assert found[sheet, "incoming tcp/80 HTTP (API)"] == [Skipped]
    assert found[sheet, "outgoing tcp/80 HTTP (API)"] == [Failure]
    assert found["igor-gateway 1.12.1-4.5.3", "incoming tcp/80 HTTP (API)"] == [Skipped]
    assert found["findings", "Telnet to the gateway [unexpected-flow-7c1f]"] == [Failure]


def test_skipped_rows_say_why():
    (skipped,) = [
        result
        for suite in parsed(reports.REPORT)
        for case in suite
        for result in case.result
        if result.message and "1 min only" in result.message
    ]
    assert skipped.message == "not-observable: the node was seen for 1 min only"


@pytest.mark.parametrize("severity", Severity)
def test_it_fails_exactly_where_the_exit_code_does(severity):
    report = replace(
        reports.REPORT, findings=(replace(reports.MISSING, severity=severity), replace(reports.PEER, rows=()))
    )
    assert (parsed(report).failures > 0) is not report.compliant


def test_a_failing_row_without_a_violation_does_not_fail_the_pipeline():
    row = reports.row("outgoing", "udp", 5683, Status.FAILING, "no reply")
    report = replace(reports.COMPLIANT, rows=(row,), findings=())
    assert parsed(report).failures == 0
    assert "failing: no reply" in formats.rendered("junit", report)


def test_the_counts_add_up():
    whole = parsed(reports.REPORT)
    suites = list(whole)
    assert whole.tests == sum(suite.tests for suite in suites) == 10
    assert whole.failures == sum(suite.failures for suite in suites) == 3
    assert whole.skipped == sum(suite.skipped for suite in suites) == 3


def test_an_empty_report_has_no_failing_case():
    assert parsed(reports.EMPTY).failures == 0


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_text_is_wellformed_xml(text):
    root = ET.fromstring(formats.rendered("junit", formats.hostile(text)))
    assert len(list(root.iter("testcase"))) == len(reports.ROWS) + len(reports.REPORT.findings)
