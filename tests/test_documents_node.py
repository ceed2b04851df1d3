"""A value, and what messages say of it."""

from __future__ import annotations

import pytest

from analyzer import documents
from analyzer.documents import Node


def test_a_node_says_what_it_is() -> None:
    assert Node({}, 1, 1).kind == "fields"
    assert Node([], 1, 1).kind == "a list"
    assert Node(None, 1, 1).kind == "nothing"
    assert Node(7, 1, 1, "7").kind == "'7'"


def test_a_node_without_its_marks() -> None:
    tree = Node({"a": Node([Node(1, 1, 5, "1"), Node(None, 1, 8)], 1, 4), "b": Node("x", 2, 4, "x")}, 1, 1)
    assert documents.plain(tree) == {"a": [1, None], "b": "x"}


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("tpc", ["udp", "tcp"], "did you mean 'tcp'?"),
        ("zzz", ["udp", "tcp"], "one of: tcp, udp"),
        ("zzz", [], ""),
        ("zzz", [f"a{number}" for number in range(17)], ""),
    ],
)
def test_the_nearest_word_or_the_choice(word: str, known: list[str], said: str) -> None:
    assert documents.nearest(word, known) == said


def test_quotes_are_short_and_harmless() -> None:
    assert documents.quote("\x1b[31m") == "'\\x1b[31m'"
    assert len(documents.quote("x" * 1000)) <= documents.MAX_QUOTE + 2
