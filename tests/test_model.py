"""The values between the stages: what they compute of themselves, and that they stay as made."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from analyzer import model
from analyzer.model import (
    Edition,
    Finding,
    FindingKind,
    Outcome,
    Report,
    Ruleset,
    Service,
    Severity,
    Site,
    Status,
    Verdict,
)

VALUES = [kind for _, kind in inspect.getmembers(model, dataclasses.is_dataclass)]


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_values_are_frozen(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_words_are_those_of_the_contract() -> None:
    assert set(Outcome) == {"answered", "refused", "blocked", "unanswered", "one-way"}
    assert set(Verdict) == {
        *("expected", "disputed", "unexpected", "infrastructure", "out-of-scope", "review"),
    }
    assert set(Status) == {
        *("working", "one-way", "failing", "missing", "not-exercised", "not-observable", "not-applicable"),
    }
    assert set(Severity) == {"violation", "warning", "note"}
    assert set(FindingKind) == {
        *("unexpected-flow", "disputed-flow", "missing-flow", "failing-flow", "payload-mismatch"),
        *("retired-service", "incompatible-versions", "unsupported-version", "direct-mode"),
        *("undeclared-peer", "transfer-failed", "capture-problem", "expired-waiver"),
    }


def report(*severities: Severity) -> Report:
    findings = tuple(Finding("x", FindingKind.UNEXPECTED_FLOW, severity, "", "") for severity in severities)
    return Report("0", (), Site(), (), (), (), findings)


def test_only_a_violation_breaks_compliance() -> None:
    assert report().compliant
    assert report(Severity.WARNING, Severity.NOTE).compliant
    assert not report(Severity.NOTE, Severity.VIOLATION).compliant


GATEWAY, NODE, CLIENT = frozenset({"gateway"}), frozenset({"node"}), frozenset({"client"})


def edition(**more: dict[str, frozenset[str]]) -> Edition:
    return Edition("1+", "server", "section", (("tcp", 1480), ("tcp", 80)), (("udp", 69),), **more)


def test_peers_are_those_of_the_row_else_of_the_direction() -> None:
    made = edition(peers={"incoming": NODE, "incoming/tcp/1480": CLIENT})
    assert made.peers_of("incoming", "tcp", 1480) == CLIENT
    assert made.peers_of("incoming", "tcp", 80) == NODE
    assert made.peers_of("outgoing", "udp", 69) is None
    assert edition().peers_of("incoming", "tcp", 80) is None


def test_due_is_stated_by_the_row_the_direction_or_the_service() -> None:
    service = Service("tcp", 1480, "", "x", due_with=GATEWAY)
    other = Service("tcp", 80, "", "x", due_with=GATEWAY)
    made = edition(due_with={"incoming": NODE, "incoming/tcp/1480": frozenset()})
    assert made.due_of("incoming", service) == frozenset(), "a row may say: never due here"
    assert made.due_of("incoming", other) == NODE
    assert made.due_of("outgoing", other) == GATEWAY


def test_a_sheet_names_each_subject_once_in_order() -> None:
    editions = tuple(Edition(name, name, "", (), ()) for name in ("server", "client", "server"))
    assert Ruleset("x", "", "", "", "", editions=editions).subjects == ("server", "client")
    assert Ruleset("x", "", "", "", "").subjects == ()
