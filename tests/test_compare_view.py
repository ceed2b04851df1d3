"""A report read for comparing: every value of a stranger's document is checked."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.compare import read
from analyzer.compare.view import Relation
from analyzer.model import Outcome, Verdict
from analyzer.report import document

GOOD = document.whole(document.report_parts(reports.REPORT))


def test_the_figures_of_a_side() -> None:
    view = read(GOOD, "x.json", "report")
    assert (view.side.packets, view.side.duration, view.side.compliant) == (212, 914_999_994_000, False)
    assert view.side.findings == {"violation": 2, "warning": 0, "note": 1}
    assert view.side.judged
    silent = copy.deepcopy(GOOD)
    for flow in silent["flows"]:
        flow["verdict"] = "infrastructure"
    assert not read(silent, "x.json", "report").side.judged
    assert view.versions == {("igor-gateway", "5.1.0"), ("igor-node", "")}


def test_relations_leave_out_ephemeral_ports_and_legs() -> None:
    view = read(GOOD, "x.json", "report")
    assert set(view.relations) == {
        Relation("10.20.1.21", "10.20.0.10", "udp", 5683),
        Relation("10.20.9.5", "10.20.0.10", "tcp", 23),
    }
    # the third flow is a leg of the first, and its finding speaks of the first's relation
    (peer,) = (found for found in view.findings.values() if found.fault.kind == "undeclared-peer")
    assert peer.relations == {Relation("10.20.1.21", "10.20.0.10", "udp", 5683)}


def test_the_best_outcome_and_the_gravest_verdict_speak() -> None:
    made = copy.deepcopy(GOOD)
    again = copy.deepcopy(made["flows"][0])
    again.update(id="f9", outcome="blocked", verdict="disputed")
    made["flows"].append(again)
    talk = read(made, "x", "report").relations[Relation("10.20.1.21", "10.20.0.10", "udp", 5683)]
    assert (talk.traffic.outcome, talk.traffic.verdict) == (Outcome.ANSWERED, Verdict.DISPUTED)
    assert (talk.traffic.flows, talk.traffic.packets, talk.traffic.bytes) == (2, 18, 1620)


def test_a_guessed_direction_may_fall_either_way() -> None:
    one, other = copy.deepcopy(GOOD), copy.deepcopy(GOOD)
    flow = one["flows"][0]
    flow["direction"]["confidence"] = "guess"
    turned = other["flows"][0]
    turned.update(originator=flow["responder"], responder=flow["originator"])
    turned["direction"]["confidence"] = "guess"
    assert set(read(one, "x", "report").relations) == set(read(other, "x", "report").relations)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "portmatrix.flows/1"}, "not a report of 'check'"),
        ({"schema": None}, "it has no schema"),
        ({"flows": 7}, "flows: is no list"),
        ({"flows": [7]}, "flows: is no list of objects"),
        ({"flows": [{}]}, "flows[0].originator: is no object"),
        ({"rows": [{"id": 5, "service": "", "status": "working"}]}, "rows[0].id: is no text"),
        (
            {"rows": [{"id": "a", "service": "", "status": "fine"}]},
            "rows[0].status: 'fine' is none of working",
        ),
        ({"site": []}, "site: is no object"),
        ({"captures": [{"path": "x", "packets": -1}]}, "captures[0].packets: is no count"),
        ({"captures": [{"path": "x", "packets": 1, "first": "now", "last": "then"}]}, "is no time"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        read({**GOOD, **change}, "x", "report")
    assert said in str(caught.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [place for key, inner in value.items() for place in places(inner, (*path, key))]
    elif isinstance(value, list):
        found += [place for at, inner in enumerate(value) for place in places(inner, (*path, at))]
    return found


@settings(max_examples=150)
@given(st.sampled_from(places(GOOD)[1:]), VALUES)
def test_any_value_anywhere_is_read_or_refused(place: tuple[Any, ...], value: Any) -> None:
    made = copy.deepcopy(GOOD)
    holder = made
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    said = ""
    try:
        read(made, "x", "report")
    except ValueError as error:
        said = str(error)
    assert "\n" not in said
