"""How far transfers came, and what became of update attempts."""

from __future__ import annotations

from dataclasses import replace

import html_pages
import pytest
import reports

from analyzer.model import TransferOutcome
from analyzer.report.html import progress

DONE = replace(
    reports.TRANSFER, id="t2", outcome=TransferOutcome.COMPLETE, cause=None, bytes=57_120, expected_bytes=None
)


def shown(*transfers, attempts=()):
    return replace(reports.REPORT, transfers=transfers, attempts=attempts)


@pytest.mark.parametrize(
    ("transfer", "reached", "percent"),
    [
        (reports.TRANSFER, 500, "50 %"),
        (DONE, 1000, "100 %"),
        (replace(reports.TRANSFER, bytes=0, expected_bytes=None), 0, "0 %"),
        (replace(reports.TRANSFER, expected_bytes=None), None, ""),
        (replace(reports.TRANSFER, bytes=999_999), 1000, "100 %"),
    ],
    ids=["half", "complete", "nothing", "unknown size", "more than announced"],
)
def test_how_far(transfer, reached, percent) -> None:
    (bar,) = progress.view((transfer,), ()).cards
    assert (bar.reached, bar.percent) == (reached, percent)


def test_failed_transfers_come_first_and_all_are_counted() -> None:
    view = progress.view((DONE, reports.TRANSFER, replace(DONE, id="t3")), ())
    assert [bar.transfer.id for bar in view.cards] == ["t1", "t2", "t3"]
    assert view.outcomes == [("failed", 1), ("complete", 2)]
    assert view.causes == [("stalled", 1)]


def test_a_card_says_where_it_stopped() -> None:
    page = html_pages.tree(shown(reports.TRANSFER))
    (card,) = page.xpath("//article[@id='transfer-t1']")
    said = html_pages.said(card)
    for part in (
        "failed: stalled",
        "node-6.0.2.bin",
        "50 %, 28 560 of 57 120 bytes, block 20 of 1 428 bytes each, 5 retransmissions, longest gap 5.00 s",
        "block 20 was sent 6 times and never acknowledged",
        "asked for blksize=1428 tsize=0; accepted blksize=1428 tsize=57120",
        "frames 20 to 99",
    ):
        assert part in said
    (bar,) = card.xpath(".//*[local-name()='svg']")
    assert bar.get("aria-label") == "50 %"
    assert bar.xpath("./*[@class='done']/@width") == ["500"]


def test_attempts_show_their_steps() -> None:
    page = html_pages.tree(
        shown(reports.TRANSFER, attempts=(reports.ATTEMPT, replace(reports.ATTEMPT, outcome="succeeded")))
    )
    (section,) = page.xpath("//section[@id='transfers']")
    assert "From 10.20.0.10: 1 of 2 succeeded." in html_pages.said(section)
    events = [html_pages.said(event) for event in section.xpath("(.//ol[@class='events'])[1]/li")]
    assert events == [
        "announced 03:03:13, frame 18, UDP 1050",
        "requested 03:03:15, frame 20, node-6.0.2.bin",
        "! failed 03:03:45, frame 99, stalled",
    ]


def test_attempts_that_did_not_succeed_come_first_and_the_rest_is_folded() -> None:
    good = replace(reports.ATTEMPT, outcome="succeeded")
    many = [replace(good, id=f"u{at}") for at in range(progress.OPEN + 4)]
    view = progress.view((), [*many, replace(reports.ATTEMPT, id="bad")])
    assert view.open_attempts[0].id == "bad"
    assert (len(view.open_attempts), len(view.folded_attempts)) == (progress.OPEN, 5)
    page = html_pages.tree(shown(attempts=(*many, reports.ATTEMPT)))
    assert "The other 5 attempts" in html_pages.said(page)


def test_a_campaign_larger_than_the_page_says_what_is_left_out() -> None:
    many = tuple(replace(DONE, id=f"t{at}") for at in range(progress.SHOWN + 5))
    page = html_pages.tree(shown(*many))
    assert len(page.xpath("//tr[starts-with(@id, 'transfer-')]")) == progress.SHOWN
    assert "and 5 transfers more" in html_pages.said(page)


def test_of_many_transfers_only_those_that_ask_for_something_are_large() -> None:
    many = [replace(DONE, id=f"t{at}") for at in range(2, 40)]
    view = progress.view([*many, reports.TRANSFER], ())
    assert [bar.transfer.id for bar in view.cards] == ["t1"]
    assert len(view.lines) == 38
    failed = [replace(reports.TRANSFER, id=f"t{at}") for at in range(progress.CARDS + 3)]
    view = progress.view([*many, *failed], ())
    assert (len(view.cards), len(view.lines)) == (progress.CARDS, 38 + 3)
    page = html_pages.tree(shown(*many, reports.TRANSFER))
    (line,) = page.xpath("//tr[@id='transfer-t2']")
    assert html_pages.said(line).startswith("t2\u2713 completenode-6.0.2.bin TFTP read")


def test_without_transfers_there_is_no_section() -> None:
    assert html_pages.tree(reports.REPORT).xpath("//section[@id='transfers']") == []
