"""TFTP as a carrier of files: RFC 1350, 1123, 2347, 2348, 2349, 7440."""

from __future__ import annotations

from analyzer.late import Late
from analyzer.transfers import carrier
from analyzer.transfers.tftp.pick import begins, candidates, claim, wants


def _gatherer() -> carrier.Gatherer:
    from analyzer.transfers.tftp.draw import Gatherer  # noqa: PLC0415 - only where there is something to gather

    return Gatherer()


CARRIER = Late("tftp", wants, _gatherer, begins, claim, candidates)

__all__ = ["CARRIER"]
