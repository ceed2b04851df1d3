"""YAML with marks: what it keeps as text, what it refuses, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import documents
from analyzer.documents import Reader
from analyzer.errors import PortmatrixError


def value(text: str) -> Any:
    reader = Reader("t.yaml")
    root = documents.load(text, reader)
    assert not reader.mistakes
    assert root is not None
    return documents.plain(root)


def mistakes(text: str) -> list[str]:
    reader = Reader("t.yaml")
    documents.load(text, reader)
    return [str(mistake) for mistake in reader.mistakes]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10:20:30:40:50:55", "10:20:30:40:50:55"),
        ("4.10", "4.10"),
        ("017", "017"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("off", "off"),
        ("yes", "yes"),
        ("2027-01-31", "2027-01-31"),
        ("5.1.0", "5.1.0"),
        ("1:30", "1:30"),
        ("17", 17),
        ("0", 0),
        ("-5", -5),
        ("9" * 19, "9" * 19),
        ("'17'", "17"),
        ('"true"', "true"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("!!str 17", "17"),
        ("{off: 1, yes: 2}", {"off": 1, "yes": 2}),
        ("[a, [b, 1]]", ["a", ["b", 1]]),
        ("{a: &x [1], b: *x}", {"a": [1], "b": [1]}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: |\n  17\n", {"a": "17\n"}),
    ],
)
def test_scalars_keep_their_text(written: str, meant: object) -> None:
    assert value(written) == meant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "t.yaml:1:1: the document is empty"),
        ("a: 1\nb: 2\na: 3\n", "t.yaml:3:1: field 'a' appears twice (first in line 1)"),
        ("a: *b", "t.yaml:1:4: alias 'b' has no anchor"),
        ("a: &b [*b]", "t.yaml:1:8: alias 'b' stands for the value it is part of"),
        (
            "a: !!python/name:os.system x",
            "t.yaml:1:4: tag 'tag:yaml.org,2002:python/name:os.system' is not used here",
        ),
        ("a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document begins (one document a file)"),
        ("? [a]\n: 1\n", "t.yaml:1:3: a field name must be text, not a list"),
        ("a:\n\tb: 1\n", "t.yaml:2:1: not valid YAML: a tab, or another character that cannot stand here"),
        ("a: b: c", "t.yaml:1:5: not valid YAML: a colon that cannot stand here"),
        ("a:\n \u00a0- b: c\n", "t.yaml:2:2: a no-break space indents this line"),
        ("a:\n \u00a0- {b: c, d: e}\n", "t.yaml:2:2: a no-break space indents this line"),
        ("a: [1,\n", "t.yaml:2:1: not valid YAML: did not find expected node content"),
        ("a: \x1b[31m", "t.yaml:1:4: character U+001B is not allowed in YAML"),
        ("ab\ncd \udcff", "t.yaml:2:4: byte 0xff is not UTF-8 (save as UTF-8)"),
    ],
)
def test_mistakes_name_their_place(text: str, expected: str) -> None:
    found = mistakes(text)
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_depth_is_bounded_and_the_stack_safe() -> None:
    assert mistakes("[" * 20 + "]" * 20) == []
    assert mistakes("[" * 5000) == ["t.yaml:1:25: nested more than 24 levels deep"]
    assert "24 levels" in mistakes("\n".join(" " * depth + "a:" for depth in range(2000)))[0]


def test_aliases_cannot_stand_for_millions() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (found,) = mistakes("\n".join(lines))
    assert "holds more than 200000 values" in found


def test_size_is_bounded(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (documents.MAX_BYTES + 1))
    with pytest.raises(PortmatrixError, match="larger than 4 MiB"):
        documents.read(large)
    assert "larger than 4 MiB" in mistakes("#" * (documents.MAX_BYTES + 1))[0]


def test_unreadable_files_are_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        with pytest.raises(PortmatrixError) as caught:
            documents.read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_read_keeps_bad_bytes_and_drops_the_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xff\r\n")
    text = documents.read(file)
    assert text == "a: 1\nb: \udcff\n"
    assert mistakes(text) == ["t.yaml:2:4: byte 0xff is not UTF-8 (save as UTF-8)"]


def test_marks_count_from_one() -> None:
    root = documents.load("a: 1\nlist:\n  - x\n  - {k: v}\n", Reader("t"))
    assert root is not None
    assert isinstance(root.value, dict)
    assert (root.value["a"].line, root.value["a"].column) == (1, 4)
    items = root.value["list"].value
    assert isinstance(items, list)
    assert [(item.line, item.column) for item in items] == [(3, 5), (4, 5)]
    assert root.keys == {"a": (1, 1), "list": (2, 1)}


@given(st.text() | st.text(alphabet="ab:- \n[]{}&*!|>'\"#,?%@`\t~0123456789"))
@settings(deadline=None)
def test_any_text_gives_a_tree_or_mistakes(text: str) -> None:
    reader = Reader("t.yaml")
    root = documents.load(text, reader)
    assert (root is not None) or reader.mistakes
    for mistake in reader.mistakes:
        assert mistake.line >= 1
        assert mistake.column >= 1
        assert str(mistake).isprintable()


SCALARS = st.integers(-(10**6), 10**6) | st.text(alphabet="abcxyz", min_size=1) | st.booleans() | st.none()
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(TREES.filter(lambda tree: tree is not None))
@settings(deadline=None)
def test_what_json_writes_is_read_back(tree: object) -> None:
    import json

    assert value(json.dumps(tree)) == tree
