"""What sheets say of a service, as evidence for roles."""

from __future__ import annotations

import pytest
from judging import DOOR, GATEWAY, NODE, SERVER, recognised
from traffic import Traffic

from analyzer import rulesets
from analyzer.infer.sheets import DUE, FAINT, ONE_SHEET, STRONG, UNNAMED, WEAK, Sheets
from analyzer.model import Edition, Ruleset

SHEETS = Sheets(rulesets.load(()))
KEY = ("udp", 4000)


def sheet(subject: str, *, sends: bool = True, peers: str = "") -> Ruleset:
    """A sheet of one subject that sends to or accepts on UDP 4000."""
    direction = "outgoing" if sends else "incoming"
    edition = Edition(
        id="1",
        subject=subject,
        section="1",
        incoming=() if sends else (KEY,),
        outgoing=(KEY,) if sends else (),
        peers={direction: frozenset({peers})} if peers else {},
    )
    return Ruleset(name=subject, title="", vendor="", document="", file="", editions=(edition,))


@pytest.mark.parametrize(
    ("sender", "receiver", "fit"),
    [
        (sheet("a", peers="b"), sheet("b", sends=False, peers="a"), 1.0),
        (sheet("a"), sheet("b", sends=False, peers="a"), 1.0),
        (sheet("a"), sheet("b", sends=False), UNNAMED),
        (sheet("a", peers="b"), sheet("b"), ONE_SHEET),
        (sheet("a", peers="c"), sheet("b", sends=False), 0.0),
        (sheet("a"), sheet("b", sends=False, peers="c"), 0.0),
    ],
    ids=["both name each other", "one names the other", "neither", "one lists it", "another", "not a"],
)
def test_how_well_a_role_fits_follows_from_both_sheets(
    sender: Ruleset, receiver: Ruleset, fit: float
) -> None:
    assert Sheets([sender, receiver]).explains("a", {"b": 1.0}, "outgoing", KEY) == fit


def test_belief_in_the_other_end_scales_the_fit() -> None:
    sheets = Sheets([sheet("a", peers="b"), sheet("b", sends=False, peers="a")])
    assert sheets.explains("a", {"b": 0.25, "x": 0.75}, "outgoing", KEY) == 0.25
    assert sheets.explains("a", {"b": 1.0}, "incoming", KEY) == 0
    assert sheets.explains("a", {"b": 1.0}, "outgoing", ("tcp", 4000)) == 0


def test_a_row_that_is_due_counts_more() -> None:
    """Gateway → node UDP 5683 is due once nodes are on the site, UDP 50201 the other way is not."""
    assert SHEETS.explains("igor-node", {"igor-gateway": 1.0}, "incoming", ("udp", 5683)) == DUE
    assert SHEETS.explains("igor-gateway", {"igor-node": 1.0}, "outgoing", ("udp", 50201)) == 1.0


def test_the_middle_is_the_role_that_another_sheet_names_as_its_only_peer() -> None:
    sheets = Sheets([sheet("around", sends=False, peers="middle"), sheet("middle")])
    assert (sheets.middle, sheets.around) == ({"middle"}, {"around"})
    mutual = Sheets([sheet("a", sends=False, peers="b"), sheet("b", sends=False, peers="a")])
    assert (mutual.middle, mutual.around) == (set(), set())


@pytest.mark.parametrize(
    ("traffic", "weight"),
    [
        (Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\1"), STRONG),
        (Traffic().coap(0, GATEWAY, NODE), WEAK),
        (Traffic().connect(0, NODE, 40000, GATEWAY, 443), FAINT),
        (Traffic().connect(0, NODE, 40000, GATEWAY, 4444), 0),
    ],
    ids=["the vendor's own", "open", "common", "in no sheet"],
)
def test_what_a_flow_is_worth(traffic: Traffic, weight: float) -> None:
    (conversation,) = recognised(traffic)
    assert SHEETS.weight(conversation) == weight
