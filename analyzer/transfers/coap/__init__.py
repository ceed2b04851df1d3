"""CoAP as a carrier of files, and its message layer: RFC 7252, 7641, 7959; Q-Block (RFC 9177) is only
recognised."""

from __future__ import annotations

from analyzer.late import Late
from analyzer.transfers import carrier
from analyzer.transfers.coap.fields import claim
from analyzer.transfers.coap.pick import sift, wants


def _gatherer() -> carrier.Gatherer:
    from analyzer.transfers.coap.draw import Gatherer  # noqa: PLC0415 - only where there is something to gather

    return Gatherer()


CARRIER = Late("coap", wants, _gatherer, claim=claim, sift=sift)

__all__ = ["CARRIER"]
