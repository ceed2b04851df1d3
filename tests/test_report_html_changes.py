"""The page of ``diff``."""

from __future__ import annotations

import io
from dataclasses import replace

import html_pages
import pytest
import reports

from analyzer import report
from analyzer.model import Diff, Fault, FindingChange, FindingKind, RowChange, Severity, Side, Status, Turn
from analyzer.report import Style, changes
from analyzer.report.html import changes as page_of_changes

OLD = Side("before.pcap", "capture", "0.1.0", "Building 7", compliant=False, findings={"violation": 1})
NEW = Side("after.pcap", "capture", "0.1.0", "Building 7", compliant=True)
FAULT = Fault(
    "f-1", FindingKind.FAILING_FLOW, Severity.VIOLATION, f"CoAP fails {reports.HOSTILE}", advice="Open it."
)
ROW = RowChange(
    "igor-node/udp/5683", "CoAP", Status.FAILING, Status.WORKING, new_reason="1 of 1 flows answered"
)


def became(turn: Turn) -> FindingChange:
    gone = turn in (Turn.FIXED, Turn.NO_LONGER_JUDGED)
    return FindingChange(turn, FAULT, None if gone else FAULT, counts=True)


def tree(diff: Diff):
    stream = io.StringIO()
    report.formats()["html"].render_diff(diff, stream, Style())
    return html_pages.tree(stream.getvalue())


@pytest.mark.parametrize(
    ("turns", "level"),
    [
        ([Turn.FIXED], "good"),
        ([Turn.FIXED, Turn.NEW], "bad"),
        ([Turn.NO_LONGER_JUDGED], "neutral"),
        ([], "neutral"),
    ],
    ids=["fixed", "worse", "no proof", "the same"],
)
def test_the_headline(turns: list[Turn], level: str) -> None:
    diff = Diff("0.1.0", OLD, NEW, findings=tuple(map(became, turns)))
    page = tree(diff)
    assert page.xpath("//h1")[0].text.lower() == changes.headline(diff).lower()
    assert f"l-{level}" in page.xpath("//section[@id='verdict']/@class")[0].split()
    sides = [html_pages.said(side) for side in page.xpath("//dl[@class='sides']/dd")]
    assert sides == [said for _, said in changes.sides(diff)]


def test_every_change_is_there_and_harmless() -> None:
    page = tree(Diff("0.1.0", OLD, NEW, findings=(became(Turn.FIXED),), rows=(ROW,), notes=("another site",)))
    said = html_pages.said(page.xpath("//main")[0])
    for fact in (
        "Fixed 1",
        "violation: CoAP fails \\x1b]0;pwned",
        "\\u202egpj.exe\\u200b<script>",
        "igor-node/udp/5683 CoAP: failing, now working",
        "1 of 1 flows answered",
        "Note: another site",
    ):
        assert fact in said
    assert len(page.xpath("//script")) == 1


def test_a_long_list_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_of_changes, "SHOWN", 2)
    rows = tuple(replace(ROW, id=f"row {at}") for at in range(5))
    page = tree(Diff("0.1.0", OLD, NEW, rows=rows))
    assert len(page.xpath("//section[contains(@class, 'changes')]//li")) == 2
    assert "and 3 more" in html_pages.said(page)
