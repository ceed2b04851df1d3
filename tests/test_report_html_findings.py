"""Findings as cards."""

from __future__ import annotations

from dataclasses import replace

import html_pages
import reports

from analyzer.model import Severity
from analyzer.report.html import findings

LONG = replace(
    reports.UNEXPECTED,
    frames=tuple(range(1, 101)),
    flows=tuple(f"f{at}" for at in range(1, 41)),
    wireshark_filter="frame.number in {" + ", ".join(map(str, range(1, 2001))) + "}",
)


def test_the_gravest_come_first_and_are_numbered_through() -> None:
    report = replace(reports.REPORT, findings=(reports.PEER, reports.UNEXPECTED, reports.MISSING))
    found = findings.cards(report.findings, report.rows)
    assert [(severity, [card.number for card in cards]) for severity, cards in found] == [
        (Severity.VIOLATION, [1, 2]),
        (Severity.NOTE, [3]),
    ]
    assert found[0][1][1].sources[0].document == "Igor Network Communication Port Requirements"


def test_a_card_holds_what_a_technician_needs() -> None:
    page = html_pages.tree(reports.REPORT)
    (card,) = page.xpath("//article[@id='finding-unexpected-flow-7c1f']")
    said = html_pages.said(card)
    for part in (
        "1 Telnet to the gateway",
        "unexpected-flow",
        "Near miss none",
        "Advice Close TCP 23, or declare what 10.20.9.5 is.",
        "1 flow: f2",
        "Frames 17, 18, 19",
        "frame.number in {17..19}",
    ):
        assert part in said
    (button,) = card.xpath(".//button[@data-copy]")
    (filter_,) = page.xpath("//*[@id=$id]", id=button.get("data-copy"))
    assert filter_.text == "frame.number in {17..19}"


def test_rows_lead_to_the_matrix() -> None:
    page = html_pages.tree(reports.REPORT)
    (card,) = page.xpath("//article[@id='finding-missing-flow-01ab']")
    (link,) = card.xpath(".//div[@class='labelled']//a[@class='mono']")
    (row,) = page.xpath("//tr[@id=$id]", id=link.get("href")[1:])
    assert html_pages.said(row).startswith("outgoing tcp/80")


def test_a_long_list_is_shortened_and_the_filter_is_not() -> None:
    page = html_pages.tree(replace(reports.REPORT, findings=(LONG,)))
    (card,) = page.xpath("//article[contains(@class, 'card')]")
    said = html_pages.said(card)
    assert "f12 and 28 more" in said
    assert "24 and 76 more" in said
    assert card.xpath(".//code")[0].text == LONG.wireshark_filter


def test_a_waiver_is_named() -> None:
    (card,) = html_pages.tree(reports.REPORT).xpath("//article[@id='finding-undeclared-peer-99']")
    assert "Waived known" in html_pages.said(card)
