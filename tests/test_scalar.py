"""Text as YAML scalars: whatever goes in comes out again, as one value on one line."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analyzer import documents
from analyzer.documents import Reader
from analyzer.scalar import listed, mapping, scalar


def back(written: str) -> object:
    reader = Reader("made.yaml")
    root = documents.load(written, reader)
    assert not reader.mistakes, reader.mistakes
    assert root is not None
    return documents.plain(root)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_goes_in_comes_out_in_every_place(text: str) -> None:
    written = scalar(text)
    assert len(written.splitlines()) == 1
    reader = Reader("made.yaml")
    root = documents.load(f"a: {written}\nb: {{c: {written}, d: [{written}, x]}}  # {written}\n", reader)
    assert not reader.mistakes
    assert root is not None
    assert isinstance(root.value, dict)
    assert root.value["a"].text == text
    inner = root.value["b"].value
    assert isinstance(inner, dict)
    assert inner["c"].text == text


@given(st.text(min_size=1))
def test_no_text_can_break_the_file(text: str) -> None:
    back(f"a: {scalar(text)}")


@pytest.mark.parametrize(
    "text", ["10.20.0.10", "10.20.1.0/24", "10.0.0.1-10.0.0.9", "gateway (BACnet)", "6.0.2"]
)
def test_the_words_of_a_site_file_stay_plain(text: str) -> None:
    assert scalar(text) == text


@pytest.mark.parametrize("text", ["fe80::1", "a: b", "#x", "- x", "a #b", "yes", "", " a", "a ", "[a]", "*a"])
def test_what_could_be_structure_is_quoted(text: str) -> None:
    assert scalar(text) == f'"{text}"'
    assert yaml.safe_load(scalar(text)) == text


def test_a_direction_changing_character_is_not_written_as_it_is() -> None:
    assert scalar("a\u202eb\u200b\x1b") == '"a\\u202eb\\u200b\\x1b"'


def test_lists_and_mappings() -> None:
    assert listed(["10.0.0.1"]) == "10.0.0.1"
    assert listed([80, 443]) == "[80, 443]"
    assert back(mapping({"a": listed(["x, y", "z"]), "b": "3"})) == {"a": ["x, y", "z"], "b": 3}
