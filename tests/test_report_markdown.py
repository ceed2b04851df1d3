"""Markdown: the facts are there, tables hold together, and nobody's text marks anything up."""

from __future__ import annotations

from dataclasses import replace

import formats
import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analyzer.report.markdown import MARKS, code, prose

READER = MarkdownIt("gfm-like", {"html": True, "linkify": True})


def tokens(text):
    """Every token, inline ones too, as GitHub's dialect of CommonMark reads ``text``."""
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def kinds(text):
    return [token.type for token in tokens(text)]


def test_the_verdict_comes_first_and_findings_before_the_matrix():
    text = formats.rendered("markdown", reports.REPORT)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[0] == "# NOT COMPLIANT: 2 violations, 1 note"
    order = [line.lstrip("# ").split(" (")[0] for line in headings if line.startswith("## ")]
    assert order == ["Violations", "Notes", "Looked at", "Matrix", "Flows"]
    assert "- **What to do**: Close TCP 23" in text
    assert "```\nframe.number in {17..19}\n```" in text
    assert reports.CAPTURE.sha256 in text


def test_the_matrix_has_the_vendors_columns_and_every_status_its_mark():
    text = formats.rendered("markdown", reports.REPORT)
    assert "| incoming TCP | incoming UDP | outgoing TCP | outgoing UDP |" in text
    assert f"| {MARKS['not-exercised']} 80 |" in text
    assert len(set(MARKS.values())) == len(MARKS), "told apart without colour"


def test_a_finding_names_its_sheet():
    failing = replace(reports.UNEXPECTED, rows=(reports.ROWS[1].row.id,))
    text = formats.rendered("markdown", replace(reports.REPORT, findings=(failing,)))
    assert f"- Sheet: {reports.RULESET.document}, {reports.EDITION.section}" in text


def test_many_flows_are_a_short_text():
    text = formats.rendered("markdown", formats.many(3000))
    assert len(text.splitlines()) < 200
    assert "groups more with" in text


def test_an_empty_report_is_short_and_whole():
    text = formats.rendered("markdown", reports.EMPTY)
    assert text.startswith("# NOTHING JUDGED: the capture holds no packets")


@pytest.mark.parametrize(
    "text", [formats.MARKUP, reports.HOSTILE, formats.LONG, "**bold** ~~gone~~ www.a.example"]
)
def test_strangers_mark_nothing_up(text):
    clean = kinds(formats.rendered("markdown", formats.hostile("x")))
    found = kinds(formats.rendered("markdown", formats.hostile(text)))
    for kind in ("html_inline", "html_block", "image", "link_open", "s_open"):
        assert found.count(kind) == clean.count(kind), kind
    assert found.count("heading_open") == clean.count("heading_open")
    assert found.count("tr_open") == clean.count("tr_open")
    assert found.count("strong_open") == clean.count("strong_open")


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_one_paragraph_without_markup(text):
    marked = set(kinds(f"a {prose(text)} b"))
    assert marked <= {"paragraph_open", "inline", "text", "paragraph_close", "code_inline", "text_special"}


@given(st.text(alphabet="`a| \\", max_size=20))
@settings(deadline=None, max_examples=200)
def test_any_text_is_one_code_span(text):
    shown = code(text).replace("\\|", "|")
    inline = [token for token in tokens(f"a {shown} b") if token.type == "code_inline"]
    assert len(inline) == bool(text)
    if text.strip(" "):
        assert inline[0].content.strip(" ") == text.strip(" ")


def test_mentions_and_references_stand_in_code():
    assert prose("ask @admin about #42") == "ask `@admin` about `#42`"
