"""Transfers: packets → sessions → what became of each file, and why.

::

    Picker                  of each batch what the carriers need, beside the flow table
    Collector.take          sessions of every carrier, batch by batch
    draw                    outcome and cause of each: model.Transfer

A carrier is a protocol that carries files: one module or package of this folder that holds ``CARRIER``.
"""

from analyzer.transfers.carrier import Circumstances, Draft, Trouble
from analyzer.transfers.collect import Collector
from analyzer.transfers.draw import draw
from analyzer.transfers.pick import Picked, Picker

__all__ = ["Circumstances", "Collector", "Draft", "Picked", "Picker", "Trouble", "draw"]
