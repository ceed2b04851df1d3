"""Wireshark's dissection of a few frames, through pyshark in a process of its own."""

from analyzer.dissection.run import Dissected, dissect
from analyzer.dissection.tshark import require

__all__ = ["Dissected", "dissect", "require"]
