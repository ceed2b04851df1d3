"""Nothing that a target's language gives a meaning passes."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from analyzer.export.plain import digest, name, plain


@given(st.text())
def test_only_harmless_characters(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9 .,:/+()=_-]*", plain(text, 1000))


@given(st.text(max_size=300), st.integers(10, 80))
def test_the_limit_holds(text: str, limit: int) -> None:
    assert len(plain(text, limit)) <= limit


def test_words_stay() -> None:
    assert plain("Igor Gateway, Versions 5.0.0 and Higher (page 2)") == (
        "Igor Gateway, Versions 5.0.0 and Higher (page 2)"
    )
    assert plain('a"b\n*/ $(id)') == "a_b_/ _(id)"
    assert plain("x" * 20, 10) == "xxxxxxxx.."


@given(st.text(max_size=60))
def test_a_name_is_an_identifier(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name(text))
    assert len(name(text)) <= 18


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_texts_have_different_names(one: str, other: str) -> None:
    if one != other and digest(one) != digest(other):
        assert name(one) != name(other)
