"""Transfers: packets → sessions → what became of each file, and why.

::

    Collector.add(packets)   beside the flow table, batch by batch
    fold                     retries that are one transfer
    judge                    outcome and cause
    draw                     model.Transfer
"""

from analyzer.transfers.collect import Collector
from analyzer.transfers.draw import Draft, draw
from analyzer.transfers.pick import wants

__all__ = ["Collector", "Draft", "draw", "wants"]
