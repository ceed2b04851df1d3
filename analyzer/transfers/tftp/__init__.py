"""TFTP as a carrier of files: RFC 1350, 1123, 2347, 2348, 2349, 7440."""

from analyzer.transfers.carrier import Carrier
from analyzer.transfers.tftp.draw import Gatherer
from analyzer.transfers.tftp.pick import wants

CARRIER = Carrier("tftp", wants, Gatherer)

__all__ = ["CARRIER"]
