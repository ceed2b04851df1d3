"""Transfers: packets → sessions → what became of each file, and why.

::

    Collector.add(packets)   beside the flow table, batch by batch, to every carrier
    draw                     outcome and cause of each: model.Transfer

A carrier is a protocol that carries files: one module or package of this folder that holds ``CARRIER``.
"""

from analyzer.transfers.carrier import Circumstances, Draft
from analyzer.transfers.collect import Collector
from analyzer.transfers.draw import draw

__all__ = ["Circumstances", "Collector", "Draft", "draw"]
