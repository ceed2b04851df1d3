"""What happens while a capture grows."""

from __future__ import annotations

import typing

from analyzer import model
from analyzer.model import CaptureLost, FindingTold, News


def test_every_event_is_news() -> None:
    events = {model.FindingTold, model.FindingWithdrawn, model.CaptureLost, model.CaptureRead}
    assert set(typing.get_args(News)) == events


def test_what_need_not_be_known() -> None:
    assert CaptureLost("a", "vanished").time is None
    assert FindingTold._field_defaults == {"since": None}
