"""The vendor's table, cell by cell, with its status."""

from __future__ import annotations

from dataclasses import replace

import html_pages
import reports
from judging import SAMPLES
from printed import GATEWAY_5

from analyzer import pipeline
from analyzer.model import Status
from analyzer.report import digest
from analyzer.report.html import markup, matrix


def test_the_table_is_the_vendors() -> None:
    case = SAMPLES / "firmware-update-data-blocked"
    report = pipeline.check(
        pipeline.Options(sources=(str(case / "capture.pcap"),), site=str(case / "site.yaml"))
    )
    page = html_pages.tree(report)
    tables = page.xpath("//table[contains(@class, 'ports')]")
    assert len(tables) == 2
    heads = [html_pages.said(cell) for cell in tables[0].xpath(".//thead//th")]
    assert heads == ["Incoming", "Outgoing", "TCP", "UDP", "TCP", "UDP"]
    lines = [
        [(cell.xpath(".//b/text()") or ["--"])[0] for cell in line.xpath("./td")]
        for line in tables[0].xpath(".//tbody/tr")
    ]
    assert lines == [line.split() for line in GATEWAY_5.splitlines()]


def test_a_cell_says_its_status_in_words_by_sign_and_by_colour() -> None:
    page = html_pages.tree(reports.REPORT)
    (table,) = page.xpath("//table[contains(@class, 'ports')]")
    found = {}
    for cell in table.xpath(".//td[a]"):
        (link,) = cell.xpath("./a")
        (row,) = page.xpath("//tr[@id=$id]", id=link.get("href")[1:])
        found[html_pages.said(row.xpath("./th")[0])] = html_pages.said(link), cell.get("class")
    assert found == {
        "incoming tcp/80HTTP (API)": ("\u201380 HTTP (API), not exercised", "t-not-exercised"),
        "incoming udp/5683CoAP": ("\u27135683 CoAP, working", "t-working"),
        "incoming udp/50195Firmware Updating": (
            "?50195 Firmware Updating, not observable here",
            "t-not-observable",
        ),
        "outgoing tcp/80HTTP (API)": ("\u271580 HTTP (API), missing", "t-missing"),
        "outgoing udp/5683CoAP": ("!5683 CoAP, failing", "t-failing"),
        "outgoing tcp/443HTTPS": ("~443 HTTPS, one-way", "t-one-way"),
    }


def test_no_two_statuses_look_alike_without_colour() -> None:
    assert set(matrix.SIGNS) == set(Status)
    assert len(set(matrix.SIGNS.values())) == len(Status)
    style = markup.text("style.css")
    for status in Status:
        assert f".s-{status.value}" in style


def test_the_legend_explains_what_is_drawn() -> None:
    page = html_pages.tree(reports.REPORT)
    legend = [html_pages.said(entry) for entry in page.xpath("//ul[@class='legend']/li")]
    assert legend == [
        f"{matrix.SIGNS[status]} {digest.STATUS_WORDS[status]}"
        for status in matrix.SIGNS
        if status is not Status.NOT_APPLICABLE
    ]


def test_each_row_has_its_reason_and_what_the_document_does_not_say() -> None:
    page = html_pages.tree(reports.REPORT)
    rows = [html_pages.said(row) for row in page.xpath("//details[@class='rows']//tbody/tr")]
    assert len(rows) == 6
    (firmware,) = (row for row in rows if "udp/50195" in row)
    assert "The node was seen for 1 min only." in firmware
    assert "our readingExercised as a pool. The table lists five alike ports. (likely)" in firmware
    (failing,) = (row for row in rows if "outgoing udp/5683" in row)
    assert "! failing, unanswered" in failing


def test_a_port_that_is_no_row_leaves_its_cell_empty() -> None:
    edition = replace(reports.EDITION, columns={"incoming/tcp": (80, None), "outgoing/udp": (None, 4711)})
    report = replace(reports.REPORT, rulesets=(replace(reports.RULESET, editions=(edition,)),))
    (sheet,) = matrix.sheets(report)
    ports = [[cell and cell.result.row.port for cell in line] for line in sheet.lines]
    assert ports == [[80, None, None, None], [None, None, None, None]]


def test_other_transports_stand_below_the_table() -> None:
    line = replace(reports.ROWS[0].row, transport="sctp", port=2905)
    report = replace(reports.REPORT, rows=(replace(reports.ROWS[0], row=line),))
    (sheet,) = matrix.sheets(report)
    assert [cell.result.row.port for cell in sheet.others] == [2905]
    assert "Incoming SCTP: \u2013 2905" in html_pages.said(html_pages.tree(report))
