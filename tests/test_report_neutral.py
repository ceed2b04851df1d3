import json
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.report.neutral import cell, unicode, visible

ANY = st.text(st.characters(), max_size=60)  # surrogates included


def test_plain_text_is_left_alone():
    for text in ("", "GET /lights?x=1", "C:\\Igor\\Data", "Gebäude 7", "10.20.0.10", "照明"):
        assert visible(text) == text


def test_terminal_controls_become_escapes():
    assert visible("\x1b[2J\x07\x00\x7f\x9b31m") == "\\x1b[2J\\x07\\x00\\x7f\\x9b31m"
    assert visible("a\r\nb\tc") == "a\\r\\nb\\tc"


def test_invisible_and_direction_changing_characters_become_escapes():
    assert visible("\u202egpj.exe") == "\\u202egpj.exe"
    assert visible("a\u200bb\u2066c\ufeffd\u2028e\u00adf") == "a\\u200bb\\u2066c\\ufeffd\\u2028e\\xadf"
    assert visible("\U000e0041") == "\\U000e0041"
    assert visible("\udcff\u3164\u2800") == "\\udcff\\u3164\\u2800"


def test_a_limit_says_what_it_left_off():
    assert visible("abcdef", 4) == "abcd[+2 characters]"
    assert visible("abcd", 4) == "abcd"


@given(ANY)
@settings(deadline=None)
def test_nothing_that_steers_a_terminal_survives(text):
    shown = visible(text)
    assert all(unicodedata.category(char)[0] not in "C" for char in shown)
    assert not {"\u2028", "\u2029"} & set(shown)
    assert visible(shown) == shown
    shown.encode()


def test_formulas_become_text():
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"):
        assert cell(text)[0] == "'"
    assert cell("a=1") == "a=1"
    assert cell("\t=1") == "'\\t=1"
    assert cell("") == ""


@given(ANY)
@settings(deadline=None)
def test_a_cell_never_begins_a_formula_and_keeps_the_text(text):
    shown = cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert shown in (visible(text), "'" + visible(text))


def test_path_bytes_that_are_no_text_are_written_out():
    name = b"caf\xe9.pcap".decode("utf-8", "surrogateescape")
    assert unicode(name) == "caf\\xe9.pcap"
    assert unicode("\ud800") == "\\ud800"
    assert unicode("café \u202e") == "café \u202e"


@given(ANY)
@settings(deadline=None)
def test_json_text_is_strict_unicode(text):
    unicode(text).encode()
    json.dumps(unicode(text)).encode("ascii")
