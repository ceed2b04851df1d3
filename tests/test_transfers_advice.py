"""A cause's paragraph with the facts of one transfer."""

from analyzer.model import Cause
from analyzer.transfers.advice import advise

TEXTS = {Cause.REFUSED: "Ask {client} for {size}.", Cause.BLOCKED: "Ask {server}."}
FACTS = {"client": "10.20.1.21", "server": "{client}", "size": "8192"}


def test_facts_are_filled_in() -> None:
    assert advise(TEXTS, Cause.REFUSED, FACTS) == "Ask 10.20.1.21 for 8192."


def test_a_fact_is_data() -> None:
    assert advise(TEXTS, Cause.BLOCKED, FACTS) == "Ask {client}."


def test_nothing_is_wrong() -> None:
    assert advise(TEXTS, None, FACTS) == ""


def test_the_hint_is_told() -> None:
    assert advise(TEXTS, Cause.REFUSED, FACTS, lambda _: "More.").endswith(" 8192. More.")
