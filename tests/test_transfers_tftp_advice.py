"""What to do, for every cause."""

from analyzer.model import Cause
from analyzer.transfers.tftp.advice import TEXTS, advise

FACTS = {"client": "10.20.1.21", "server": "{client}", "size": "8192"}


def test_every_cause_has_advice_without_open_names() -> None:
    assert set(TEXTS) == set(Cause)
    for cause in Cause:
        said = advise(cause, {"client": "C", "server": "S", "size": "1"})
        assert said.endswith(".")
        assert not set("{}") & set(said)


def test_nothing_is_wrong() -> None:
    assert advise(None, FACTS) == ""


def test_the_size_and_the_hint_are_told() -> None:
    assert "Blocks of 8192 bytes" in advise(Cause.FRAGMENTS_LOST, FACTS)
    assert advise(Cause.REFUSED, FACTS, lambda _: "More.").endswith(" More.")
