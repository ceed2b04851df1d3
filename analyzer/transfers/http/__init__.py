"""HTTP as a carrier of images: RFC 9110 and 9112, in clear text. Other files are left alone."""

from analyzer.transfers.carrier import Carrier
from analyzer.transfers.http.draw import Gatherer
from analyzer.transfers.http.pick import wants

CARRIER = Carrier("http", wants, Gatherer)

__all__ = ["CARRIER"]
