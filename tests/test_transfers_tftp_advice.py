"""What to do, for every cause."""

from analyzer.model import Cause
from analyzer.transfers.advice import advise
from analyzer.transfers.tftp.advice import TEXTS


def test_every_cause_has_advice_without_open_names() -> None:
    assert set(TEXTS) == set(Cause)
    for cause in Cause:
        said = advise(TEXTS, cause, {"client": "C", "server": "S", "size": "1"})
        assert said.endswith(".")
        assert not set("{}") & set(said)
