"""What a carrier is told when nobody knows more."""

from __future__ import annotations

from analyzer.model import Cause
from analyzer.observation import Setting
from analyzer.transfers import registry
from analyzer.transfers.carrier import Circumstances
from analyzer.visibility import Visibility


def test_nothing_known() -> None:
    known = Circumstances(1, 2, lambda *_: ())
    assert not known.one_sided((4, 0, 1), (4, 0, 2))
    assert known.hint(Cause.NO_RESPONSE, (4, 0, 2), "udp", 69) == ""


def test_a_carrier_that_saw_nothing_has_nothing_to_say() -> None:
    for carrier in registry.load().values():
        gatherer = carrier.make()
        assert list(gatherer.drafts(Circumstances(0, 0, lambda *_: ()))) == []
        assert list(gatherer.observe(Setting([], Visibility([])))) == []
