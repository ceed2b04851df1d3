"""Ends and judgements: the values that verdicts are made of."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.compliance.judgement import End, Judgement, Says
from analyzer.model import Host, Verdict

GATEWAY = Host("gateway", ("10.20.0.10",), ("igor-gateway",), version="5.1.0")
SERVICE = Host("gateway (BACnet service)", ("10.20.0.10",), ("igor-bacnet-service", "igor-gateway"))


def test_an_end_holds_the_roles_of_all_its_entries_once_in_order() -> None:
    assert End((GATEWAY, SERVICE)).roles == ("igor-gateway", "igor-bacnet-service")
    assert End().roles == ()


def test_a_group_holds_no_role_of_its_own() -> None:
    assert End((GATEWAY,), everyone=True).roles == ()


def test_a_judgement_stands_on_nothing_inferred_unless_it_says_so_and_does_not_change() -> None:
    judgement = Judgement(Verdict.EXPECTED, "listed", (End((GATEWAY,)), End()))
    assert (judgement.certain, judgement.undeclared, judgement.rows, judgement.retired) == (
        True,
        False,
        (),
        None,
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        judgement.certain = False  # type: ignore[misc]


def test_what_an_end_says_has_four_answers() -> None:
    assert {say.name for say in Says} == {"NOTHING", "LISTED", "UNLISTED", "UNKNOWN"}
