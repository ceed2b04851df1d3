"""Frames to packets: ``decode`` turns a batch of FRAMES into PACKETS and QUOTES columns."""

from __future__ import annotations

from analyzer.decode.engine import ENGINES, decode, name

__all__ = ["ENGINES", "decode", "name"]
