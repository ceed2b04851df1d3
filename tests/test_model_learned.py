"""A drafted sheet is not changed once made."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer.model import LeftOut


def test_what_was_left_out_is_a_value() -> None:
    entry = LeftOut("RST", "TCP 23, igor-gateway to igor-node", 3)
    assert entry == LeftOut("RST", "TCP 23, igor-gateway to igor-node", 3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.flows = 4  # type: ignore[misc]
