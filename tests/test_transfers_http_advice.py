"""What to do, for every cause that an HTTP transfer can have."""

import pytest

from analyzer.model import Cause
from analyzer.transfers.advice import advise
from analyzer.transfers.http.advice import TEXTS
from analyzer.transfers.http.endings import CAUSES


@pytest.mark.parametrize("cause", TEXTS)
def test_advice_without_open_names(cause: Cause) -> None:
    said = advise(TEXTS, cause, {"client": "C", "server": "S", "port": "1"})
    assert said.endswith(".")
    assert not set("{}") & set(said)


def test_every_error_has_advice() -> None:
    assert {*CAUSES.values(), Cause.ERROR_OTHER} <= set(TEXTS)
