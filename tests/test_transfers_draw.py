"""Transfers of all carriers in one order."""

from __future__ import annotations

from dataclasses import replace

from test_transfers_tftp_endings import CASES

from analyzer.transfers import draw
from analyzer.transfers.draw import named


def test_ids_follow_the_first_frames() -> None:
    ((draft),) = draw(CASES["read"][0].collect(), lambda *_: ())
    later = replace(draft, transfer=replace(draft.transfer, frames=(9, 11), protocol="coap"))
    assert [(d.transfer.id, d.transfer.protocol) for d in named([later, draft])] == [
        ("t1", "tftp"),
        ("t2", "coap"),
    ]
