"""The page of ``firmware``."""

from __future__ import annotations

import io
from dataclasses import replace

import html_pages
import pytest
import reports

from analyzer import report
from analyzer.model import FirmwareReport, TransferOutcome
from analyzer.report import Style, ladder

FAILED = FirmwareReport(
    version="0.1.0",
    captures=(reports.CAPTURE,),
    site=reports.SITE,
    hosts=reports.HOSTS,
    transfers=(reports.TRANSFER,),
    attempts=(reports.ATTEMPT,),
    findings=(reports.UNEXPECTED,),
)
DONE = replace(reports.TRANSFER, outcome=TransferOutcome.COMPLETE, cause=None, advice="")


def tree(value: FirmwareReport):
    stream = io.StringIO()
    report.formats()["html"].render_firmware(value, stream, Style())
    return html_pages.tree(stream.getvalue())


@pytest.mark.parametrize(
    ("value", "words", "level"),
    [
        (FAILED, "Failed", "bad"),
        (replace(FAILED, transfers=(DONE,), findings=()), "Complete", "good"),
        (replace(FAILED, transfers=(), attempts=(), findings=()), "No transfer", "neutral"),
        (
            replace(FAILED, transfers=(replace(DONE, outcome=TransferOutcome.UNKNOWN),)),
            "No failure seen",
            "care",
        ),
    ],
)
def test_the_verdict_is_that_of_the_text_report(value: FirmwareReport, words: str, level: str) -> None:
    page = tree(value)
    assert page.xpath("//h1")[0].text == words
    assert ladder.headline(value)[0].capitalize() == words
    assert f"l-{level}" in page.xpath("//section[@id='verdict']/@class")[0].split()


def test_what_to_do_comes_from_the_findings_else_from_the_causes() -> None:
    assert tree(FAILED).xpath("//div[@class='do']//h3/a/@href") == ["#finding-unexpected-flow-7c1f"]
    twice = replace(FAILED, findings=(), transfers=(reports.TRANSFER, replace(reports.TRANSFER, id="t2")))
    page = tree(twice)
    (link,) = page.xpath("//div[@class='do']//h3/a")
    assert (link.text, link.get("href")) == ("Stalled", "#transfer-t1")
    assert page.xpath("//*[@id='transfer-t1']")


def test_a_node_that_never_came_back_is_named_first() -> None:
    failed = replace(reports.ATTEMPT, outcome="update-failed")
    (verdict,) = tree(replace(FAILED, transfers=(DONE,), attempts=(failed,))).xpath(
        "//section[@id='verdict']"
    )
    assert "The update failed although the image arrived: 10.20.1.21." in html_pages.said(verdict)


def test_transfers_attempts_and_provenance_are_there() -> None:
    said = html_pages.said(tree(FAILED))
    for fact in ("block 20 was sent 6 times", "announced 03:03:13", "ab" * 32, "10.20.1.0/24"):
        assert fact in said
