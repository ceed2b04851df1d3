"""Two captures of one path: which packets both have, how far their clocks are apart, where packets died.

::

    Sights.add(packets)   of each capture, beside the flow table
    match                 sights of both → pairs, and the clock between them
    path                  pairs of one transfer → where its packets died
"""

from analyzer.pairing.clock import Clock, Matched, match
from analyzer.pairing.path import Span, Trip, judge, trip
from analyzer.pairing.sights import Sights, end_of, flow_of, host_of

__all__ = [
    "Clock",
    "Matched",
    "Sights",
    "Span",
    "Trip",
    "end_of",
    "flow_of",
    "host_of",
    "judge",
    "match",
    "trip",
]
