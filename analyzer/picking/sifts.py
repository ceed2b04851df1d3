"""What a batch tells a watcher by itself, whatever came before it: found by the thread that decoded it, while
another one counts those before it.

::

    Sift, Sift, …  → Together.sift, beside who counts → sifted, by the watcher when it is the batch's turn

A batch that nobody sifted is sifted when it is asked for: who watches takes either alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from analyzer.tables import Packets

T = TypeVar("T")

Sift = Callable[[Packets], Any]
"""A function of a module, which keeps nothing: several threads call it at once, and never with batches in
order. What it gives is nobody's to change."""


def sifted(packets: Packets, sift: Callable[[Packets], T]) -> T:
    """What ``sift`` gives of a batch, found before or now."""
    if sift in packets.claimed:
        known: T = packets.claimed[sift]
        return known
    return sift(packets)
