"""Heads and remarks of exports."""

from __future__ import annotations

from dataclasses import replace

from exporting import policy
from judging import CURRENT

from analyzer.export.comments import head, in_short, of_term, tftp_note
from analyzer.export.firewall import Abilities, terms
from analyzer.version import VERSION


def test_the_head_names_sheets_and_notes() -> None:
    found = policy(CURRENT)
    lines = head(replace(found, site=replace(found.site, name="Building\n7")), "X", ("a note",))
    assert lines[0] == f"portmatrix {VERSION}: expected traffic of Building_7 for X"
    assert "sheet igor-node: Igor Network Communication Port Requirements" in lines
    assert lines[-1] == "a note"


def test_remarks_are_wrapped_not_cut() -> None:
    for term in terms(policy(CURRENT), Abilities(False, False)):
        narrow = of_term(term, 60)
        assert all(0 < len(line) <= 60 for line in narrow)
        assert " ".join(narrow).split() == " ".join(of_term(term)).split()


def test_in_short_fits_a_kernels_comment() -> None:
    for term in terms(policy(CURRENT), Abilities(False, False)):
        assert 0 < len(in_short(term)) <= 120


def test_the_range_of_tftp_is_said_where_there_is_one() -> None:
    found = policy(CURRENT)
    assert tftp_note(found, terms(found, Abilities(True, True))) == []
    assert "1024 to 65535" in tftp_note(found, terms(found, Abilities(True, False)))[0]
