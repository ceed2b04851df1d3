"""Nothing reaches the page that is not harmless and escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup

from analyzer.report.html import markup
from analyzer.report.neutral import visible

TEMPLATES = sorted(
    entry.name for entry in resources.files("analyzer.report.html").iterdir() if entry.name.endswith(".html")
)
BANNED = set("<>&\u202a\u202e\u2066\u200b\u200f\ufeff\u2028\x00\x1b\x85")


def rendered(source: str, **values: object) -> str:
    return markup.environment().from_string(source).render(**values)


@given(st.text())
def test_any_text_in_an_element(value: str) -> None:
    shown = rendered("{{ value }}", value=value)
    assert not set(shown.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "").replace("&#3", "")) & (
        BANNED
    )
    assert Markup(shown).unescape() == visible(value)


def test_any_text_in_an_attribute() -> None:
    shown = rendered('<p title="{{ value }}">', value="\" onclick='x' \u202e")
    assert shown == '<p title="&#34; onclick=&#39;x&#39; \\u202e">'


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=6))
def test_data_comes_back_and_cannot_end_its_element(value: object) -> None:
    encoded = str(markup.data(value))
    assert json.loads(encoded) == value
    assert encoded.isascii()
    assert not set(encoded) & set("<>&")


def test_a_long_text_is_cut_and_says_so() -> None:
    assert rendered("{{ value }}", value="x" * 65_536) == "x" * 4000 + "[+61536 characters]"
    assert rendered("{{ value|whole }}", value="x" * 65_536) == "x" * 65_536


def test_a_whole_text_is_harmless_as_well() -> None:
    assert rendered("{{ value|whole }}", value="<\x1b>") == "&lt;\\x1b&gt;"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("short enough", "short enough"),
        ("cut between two words", "cut between\u2026"),
        ("cutinsideofalongword", "cutinsideofalon\u2026"),
        ("\u202e" * 3 + "evil" * 9, "\\u202e" * 3 + "evilevilevil\u2026"),
    ],
)
def test_clipping(value: str, shown: str) -> None:
    assert rendered("{{ value|clip(16) }}", value=value) == shown


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        rendered("{{ nothing }}")


def test_the_policy_names_the_hashes_of_what_is_inlined() -> None:
    expected = base64.b64encode(hashlib.sha256(b"let a").digest()).decode()
    said = markup.policy("p {}", "let a")
    assert f"script-src 'sha256-{expected}'" in said
    assert said.startswith("default-src 'none'; ")
    assert "unsafe" not in said


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_never_switches_the_escaping_off(template: str) -> None:
    source = markup.text(template)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)
    # An expression inside a tag stands between quotes, and nothing runs from an attribute.
    for tag in re.findall(r"<[a-z][^<]*?>", re.sub(r"\{[{%].*?[}%]\}", "", source), re.DOTALL):
        for name in re.findall(r"([\w-]+)=\"[^\"]*\"", tag):
            assert not name.startswith("on"), tag
            assert name != "style", tag
        assert "=" not in re.sub(r"[\w-]+=\"[^\"]*\"", "", tag), tag


def test_the_templates_are_found() -> None:
    assert len(TEMPLATES) >= 10
