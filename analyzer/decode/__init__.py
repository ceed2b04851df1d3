"""Frames to packets: ``decode`` turns a batch of FRAMES into PACKETS and QUOTES columns."""

from __future__ import annotations

from analyzer.decode.reference import MAX_DEPTH, decode

__all__ = ["MAX_DEPTH", "decode"]
