"""Attempts: what is taken for granted where nobody says otherwise."""

from __future__ import annotations

from typing import get_args, get_type_hints

from analyzer.model import Attempt, Event


def test_an_attempt_is_certain_and_speaks_against_nothing() -> None:
    attempt = Attempt("u1", "10.20.1.21", "10.20.0.10", "succeeded", "", 0, 1, (), ("t1",))
    assert (attempt.basis, attempt.reason, attempt.came_back, attempt.flows) == ("certain", "", None, ())


def test_words_are_those_of_the_contract() -> None:
    assert set(get_args(get_type_hints(Attempt)["outcome"])) == {
        *("succeeded", "transfer-failed", "update-failed", "in-progress", "unknown"),
    }
    assert set(get_args(get_type_hints(Event)["what"])) == {
        *("announced", "requested", "transferring", "complete", "failed", "restarted"),
        *("came-back", "never-came-back"),
    }
