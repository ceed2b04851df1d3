"""Flows: their words."""

from __future__ import annotations

from typing import get_args

from analyzer.model.flow import Basis, Confidence, Endpoint, Outcome, Verdict


def test_words_are_those_of_the_contract() -> None:
    assert set(Outcome) == {"answered", "refused", "blocked", "unanswered", "one-way"}
    assert set(Verdict) == {
        *("expected", "disputed", "unexpected", "infrastructure", "out-of-scope", "review"),
    }
    assert set(get_args(Confidence)) == {"certain", "likely", "guess"}
    assert set(get_args(Basis)) == {
        *("syn", "payload", "session", "ports", "roles", "multicast", "first-packet"),
    }


def test_a_host_without_roles_has_none() -> None:
    assert Endpoint("10.20.0.10", None).roles == ()
