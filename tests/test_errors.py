"""The exception tree: what a user reads, and what callers can catch."""

from __future__ import annotations

import inspect

import pytest

from analyzer import errors
from analyzer.errors import (
    DissectError,
    DocumentError,
    MissingExtra,
    Mistake,
    PortmatrixError,
    RulesetError,
    SiteError,
)

TREE = errors.__doc__ or ""


def exceptions() -> list[type[Exception]]:
    members = inspect.getmembers(errors, inspect.isclass)
    return [member for _, member in members if issubclass(member, Exception)]


@pytest.mark.parametrize("kind", exceptions(), ids=lambda kind: kind.__name__)
def test_the_tree_in_the_docstring_has_every_class_below_its_base(kind: type[Exception]) -> None:
    lines = TREE.splitlines()
    (line,) = (line for line in lines if kind.__name__ in line.replace("│", "").split()[:2])
    depth = line.index(kind.__name__)
    if kind.__base__ is Exception:
        assert depth == 4
        return
    above = [entry for entry in lines[: lines.index(line)] if entry.strip("│├└─ ")]
    parents = [entry.strip("│├└─ ").split()[0] for entry in above if indent(entry) == depth - 4]
    assert kind.__base__ is not None
    assert parents[-1] == kind.__base__.__name__


def indent(line: str) -> int:
    return len(line) - len(line.lstrip("│├└─ "))


def test_every_error_of_ours_ends_with_code_2() -> None:
    ours = [kind for kind in exceptions() if issubclass(kind, PortmatrixError)]
    assert len(ours) == 7
    assert {kind.exit_code for kind in ours} == {2}


def test_a_payload_error_is_none_of_ours() -> None:
    """It must not be caught, and shown to a user, with those."""
    assert not issubclass(DissectError, PortmatrixError)


def test_a_mistake_names_its_place_and_what_would_be_right() -> None:
    assert (
        str(Mistake("a.yaml", 3, 7, "unknown key 'prot'", "port")) == "a.yaml:3:7: unknown key 'prot' (port)"
    )
    assert str(Mistake("a.yaml", 3, 7, "empty")) == "a.yaml:3:7: empty"


@pytest.mark.parametrize("kind", [DocumentError, RulesetError, SiteError])
def test_a_document_error_tells_all_mistakes(kind: type[DocumentError]) -> None:
    mistakes = [Mistake("a.yaml", 1, 1, "one"), Mistake("b.yaml", 2, 5, "two")]
    error = kind(iter(mistakes))
    assert error.mistakes == tuple(mistakes)
    assert str(error) == "a.yaml:1:1: one\nb.yaml:2:5: two"


def test_a_missing_extra_says_what_to_install() -> None:
    assert str(MissingExtra("a capture by URL", "remote")) == (
        "a capture by URL needs an extra: pip install 'portmatrix[remote]'"
    )


def test_a_dissect_error_says_what_it_lacked() -> None:
    error = DissectError("CoAP option", 12, 4, 1)
    assert (error.what, error.offset, error.need, error.have) == ("CoAP option", 12, 4, 1)
    assert str(error) == "CoAP option at offset 12: needs 4 bytes, has 1"
    assert str(DissectError("CoAP token length", 0)) == "CoAP token length at offset 0"
