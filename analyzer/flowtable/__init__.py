"""PACKETS to FLOWS: a table that merges."""

from analyzer.flowtable.copies import DUPLICATE_FRAMES
from analyzer.flowtable.engine import folded, new
from analyzer.flowtable.table import HEAD_BYTES, HEADS, FlowTable, head_bytes

__all__ = ["DUPLICATE_FRAMES", "HEADS", "HEAD_BYTES", "FlowTable", "folded", "head_bytes", "new"]
