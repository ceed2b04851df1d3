"""Frames as Wireshark dissects them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class DissectedField(NamedTuple):
    """One line of a dissection: ``name`` is what display filters call it, ``depth`` how far it is nested."""

    depth: int
    name: str
    text: str


class DissectedLayer(NamedTuple):
    """One protocol of a frame."""

    name: str
    fields: tuple[DissectedField, ...]


@dataclass(frozen=True, slots=True)
class DissectedFrame:
    """One frame: ``number`` in the analysis, ``capture`` and ``local`` (its number there), bytes on the wire.

    ``time`` is ns since 1970. ``left_off`` counts fields that were too many to show.
    """

    number: int
    capture: str
    local: int
    time: int
    wire: int
    layers: tuple[DissectedLayer, ...]
    left_off: int = 0


@dataclass(frozen=True, slots=True)
class Dissection:
    """What ``inspect`` found. ``total`` counts the frames asked for, ``subject`` says what they are."""

    version: str
    subject: str
    frames: tuple[DissectedFrame, ...]
    total: int
    remarks: tuple[str, ...] = ()
