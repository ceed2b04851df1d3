"""The first screen: what to do first, and what the report cannot say."""

from __future__ import annotations

from dataclasses import replace

import reports

from analyzer.model import Severity, Site, Verdict
from analyzer.report import brief, digest

WARNING = replace(reports.UNEXPECTED, id="w", severity=Severity.WARNING, title="a warning", advice="")


def test_violations_come_before_warnings_and_notes_ask_for_nothing() -> None:
    report = replace(reports.REPORT, findings=(reports.PEER, WARNING, reports.UNEXPECTED, reports.MISSING))
    found = brief.todo(report)
    assert [(entry.finding, entry.severity) for entry in found] == [
        ("unexpected-flow-7c1f", "violation"),
        ("missing-flow-01ab", "violation"),
        ("w", "warning"),
    ]
    assert found[0].advice == "Close TCP 23, or declare what 10.20.9.5 is."
    assert found[1].advice == "TCP 80 is due."  # no advice: the detail


def test_a_waived_finding_asks_for_nothing() -> None:
    waived = replace(WARNING, waived="known")
    assert "w" not in [entry.finding for entry in brief.todo(replace(reports.REPORT, findings=(waived,)))]


def test_inferred_roles_and_rows_out_of_sight_ask_for_a_better_check() -> None:
    report = replace(reports.COMPLIANT, findings=(), site=Site(declared=False))
    assert [entry.title for entry in brief.todo(report)] == [
        "Declare who is who, and check again",
        "Capture again to see 1 more row",
    ]


def test_an_empty_capture_asks_for_another() -> None:
    assert [entry.title for entry in brief.todo(reports.EMPTY)] == ["Capture again"]


def test_the_limits_name_damage_undecoded_frames_rows_and_doubtful_flows() -> None:
    report = replace(reports.REPORT, site=Site(declared=False))
    assert brief.limits(report, {Verdict.REVIEW: 2}) == [
        digest.INFERRED,
        "site.pcapng: damage: truncated-file at frame 212: ends inside a block",
        "frames not decoded to the end: cut 3",
        "Not observable: 1 row: the node was seen for 1 min only",
        "2 flows not judged: who opened it, or a role, is only a guess",
    ]


def test_a_clean_report_has_no_limits() -> None:
    report = replace(reports.REPORT, captures=(replace(reports.CAPTURE, problems=()),), rows=(), undecoded={})
    assert brief.limits(report, {}) == []
