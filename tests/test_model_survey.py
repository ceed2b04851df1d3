"""A line of a proposed site file is in force unless it is unsure."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.model import SurveyHost, SurveyLine


@pytest.mark.parametrize(("level", "in_force"), [("certain", True), ("likely", True), ("unsure", False)])
def test_what_is_in_force(level: str, in_force: bool) -> None:
    line = SurveyLine("gateway", ("10.20.0.10",), "igor-gateway", level, (SurveyHost("10.20.0.10"),))  # type: ignore[arg-type]
    assert line.in_force is in_force


def test_a_proposal_is_not_changed_once_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SurveyHost("10.20.0.10").vendor = "Acme"  # type: ignore[misc]
