"""The PDF: what a reader of the paper finds on it."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import formats
import pypdf
import pytest
import reports

from analyzer.errors import MissingExtra


def pages(report):
    return pypdf.PdfReader(io.BytesIO(formats.rendered("pdf", report))).pages


def words(report):
    """All text, with spaces and line breaks made one, since the layout breaks lines."""
    return " ".join(" ".join(page.extract_text() for page in pages(report)).split())


def test_the_facts_are_on_paper():
    text = words(replace(reports.REPORT, transfers=(formats.TRANSFER,)))
    for fact in (
        "NOT COMPLIANT",
        "2 violations, 1 note",
        "1. Telnet to the gateway",
        "Close TCP 23, or declare what 10.20.9.5 is.",
        "unexpected-flow-7c1f",
        reports.CAPTURE.sha256,
        "Building 7",
        "5683 working",
        "5683 failing",
        "80 missing",
        "the node was seen for 1 min only",
        "nothing after block 7",
        "unexpected (1)",
    ):
        assert fact in text, fact


def test_pages_are_a4_and_numbered():
    found = pages(reports.REPORT)
    assert all((round(page.mediabox.width), round(page.mediabox.height)) == (595, 842) for page in found)
    assert f"1 / {len(found)}" in found[0].extract_text()


@pytest.mark.parametrize(
    "text", [formats.MARKUP, "#panic() $x$ *b* @a <b>", "\u4e2d\u6587\u202e", reports.HOSTILE]
)
def test_strangers_text_is_data(text):
    shown = words(formats.hostile(text))
    assert "NOT COMPLIANT" in shown
    assert "\u202e" not in shown
    if "panic" in text:
        assert "#panic() $x$ *b* @a <b>" in shown
    if "\u4e2d" in text:
        assert "\\u4e2d\\u6587\\u202e" in shown


def test_a_long_name_and_many_flows_stay_a_few_pages():
    assert len(pages(formats.hostile(formats.LONG))) < 8
    assert len(pages(formats.many(5000))) < 20


def test_an_empty_report_is_one_page():
    assert "the capture holds no packets" in words(reports.EMPTY)
    assert len(pages(reports.EMPTY)) == 1


def test_the_same_report_is_the_same_file():
    assert formats.rendered("pdf", reports.REPORT) == formats.rendered("pdf", reports.REPORT)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtra, match=r"pip install 'portmatrix\[report\]'"):
        formats.rendered("pdf", reports.REPORT)
