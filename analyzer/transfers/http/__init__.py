"""HTTP as a carrier of images: RFC 9110 and 9112, in clear text. Other files are left alone."""

from __future__ import annotations

from analyzer.late import Late
from analyzer.transfers import carrier
from analyzer.transfers.http.pick import begins, claim, wants


def _gatherer() -> carrier.Gatherer:
    from analyzer.transfers.http.draw import Gatherer  # noqa: PLC0415 - only where there is something to gather

    return Gatherer()


CARRIER = Late("http", wants, _gatherer, begins, claim)

__all__ = ["CARRIER"]
