"""Observers shown made frames, whole or picked, cut into batches anywhere."""

from __future__ import annotations

from typing import TypeVar

from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.observations import Observer
from analyzer.picking import pick

Seer = TypeVar("Seer", bound=Observer)


def shown(
    observer: Seer, frames: list[tuple[float, bytes]], cuts: tuple[int, ...] = (), *, picked: bool = False
) -> Seer:
    """``observer`` when it has seen all of ``frames``, in batches that end after the frames ``cuts``."""
    frames = sorted(frames, key=lambda item: item[0])
    begin = 0
    for end in (*sorted(cuts), len(frames)):
        if end > begin:
            packets = decode(make_batch(frames[begin:end]), begin + 1)
            observer.add(pick(packets, (observer.wants,)) if picked else packets)
        begin = max(begin, end)
    return observer
