"""PACKETS to FLOWS: a table that merges."""

from analyzer.flows.copies import DUPLICATE_FRAMES
from analyzer.flows.table import HEAD_BYTES, HEADS, FlowTable, head_bytes

__all__ = ["DUPLICATE_FRAMES", "HEADS", "HEAD_BYTES", "FlowTable", "head_bytes"]
