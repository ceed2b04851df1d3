"""CoAP as a carrier of files, and its message layer: RFC 7252, 7641, 7959; Q-Block (RFC 9177) is only
recognised."""

from analyzer.transfers.carrier import Carrier
from analyzer.transfers.coap.draw import Gatherer
from analyzer.transfers.coap.pick import wants

CARRIER = Carrier("coap", wants, Gatherer)

__all__ = ["CARRIER"]
