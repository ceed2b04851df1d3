"""The spreadsheet: its sheets, its types, and that nothing in it is ever computed."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import formats
import openpyxl
import pytest
import reports

from analyzer.errors import MissingExtra
from analyzer.report import xlsx
from analyzer.report.columns import FLOW_COLUMNS, VERDICT_COLUMNS


def book(report, what="report"):
    return openpyxl.load_workbook(io.BytesIO(formats.rendered("xlsx", report, what)))


def table(page):
    return [[cell.value for cell in line] for line in page.iter_rows()]


def test_the_sheets_of_a_check():
    whole = book(replace(reports.REPORT, transfers=(formats.TRANSFER,)))
    assert whole.sheetnames == ["Summary", "Matrix", "Findings", "Transfers", "Flows", "Hosts"]
    assert whole["Summary"]["B2"].value == "NOT COMPLIANT: 2 violations, 1 note"
    assert len(table(whole["Matrix"])) == 1 + len(reports.ROWS)
    assert len(table(whole["Findings"])) == 1 + len(reports.REPORT.findings)
    assert len(table(whole["Hosts"])) == 1 + len(reports.HOSTS)
    heads, *flows = table(whole["Flows"])
    assert heads == [name.replace("_", " ") for name in FLOW_COLUMNS + VERDICT_COLUMNS]
    telnet = dict(zip(FLOW_COLUMNS + VERDICT_COLUMNS, flows[1], strict=True))
    assert (telnet["responder_port"], telnet["packets_sent"], telnet["verdict"]) == (23, 2, "unexpected")
    assert telnet["findings"] == "unexpected-flow-7c1f"


def test_every_sheet_has_a_frozen_heading_and_filters():
    for page in book(reports.REPORT):
        assert page.freeze_panes == "A2"
        assert page.auto_filter.ref.startswith("A1:")


def test_flows_alone_have_no_verdict():
    whole = book(reports.FLOWS, "flows")
    assert whole.sheetnames == ["Flows"]
    assert len(table(whole["Flows"])[0]) == len(FLOW_COLUMNS)


@pytest.mark.parametrize("text", [formats.FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", "http://x.example", "007"])
def test_whatever_a_text_begins_with_it_stays_a_text(text):
    for page in book(formats.hostile(text)):
        for line in page.iter_rows():
            for cell in line:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
    name = book(formats.hostile("007"))["Hosts"]["A2"]
    assert (name.data_type, name.value) == ("s", "007")


def test_control_characters_are_visible_and_long_texts_counted():
    assert "\\x1b]0;pwned" in book(formats.hostile(reports.HOSTILE))["Hosts"]["A2"].value
    name = book(formats.hostile(formats.LONG))["Hosts"]["A2"].value
    assert name.endswith(f"[+{len(formats.LONG) - xlsx.CELL_LIMIT} characters]")
    assert len(name) < 32_767


def test_more_flows_than_a_sheet_holds_go_on_in_another(monkeypatch):
    monkeypatch.setattr(xlsx, "ROW_LIMIT", 4)
    whole = book(formats.many(9))
    assert [name for name in whole.sheetnames if name.startswith("Flows")] == ["Flows", "Flows 2", "Flows 3"]
    assert [len(table(whole[name])) - 1 for name in ("Flows", "Flows 2", "Flows 3")] == [4, 4, 1]


def test_an_empty_report_is_a_whole_book():
    assert table(book(reports.EMPTY)["Flows"])[1:] == []


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtra, match=r"pip install 'portmatrix\[report\]'"):
        formats.rendered("xlsx", reports.REPORT)
