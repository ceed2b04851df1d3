"""Words that agree with how many there are."""

from __future__ import annotations

from analyzer.addresses import parse
from analyzer.observation import Tally
from analyzer.observations.bacnet.refusals.words import between, counted, form


def test_a_verb_agrees() -> None:
    assert form("ask{s} it, and {is_} refused", {1}) == "asks it, and is refused"
    assert form("ask{s} it, and {is_} refused", {1, 2}) == "ask it, and are refused"


def test_who_refused_whom() -> None:
    assert between(parse("10.20.1.1"), parse("10.20.1.2")) == "10.20.1.2 to 10.20.1.1"


def test_the_first_few_are_spelled_out() -> None:
    once, often = Tally(count=1), Tally(count=4)
    assert counted([("A to B", once)]) == "A to B, once"
    five = [("A to B", once), ("C to D", often), ("E to F", once), ("G to H", once), ("I to J", once)]
    assert counted(five) == "A to B, once; C to D, 4 times; E to F, once; and 2 more"
