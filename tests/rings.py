"""Ring buffers as dumpcap and tcpdump write them, for tests that follow a capture while it grows."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from captures import pcap
from traffic import START, Traffic

from analyzer.capture.capture import Capture
from analyzer.capture.ring import Gap, Ring
from analyzer.errors import CaptureError
from analyzer.model import News
from analyzer.pipeline.follow import Watch

SECOND = 10**9


def frames(traffic: Traffic) -> list[tuple[int, bytes]]:
    """``(time_ns, data)`` of made traffic, in time order."""
    return [
        (START * SECOND + round(at * 1_000_000) * 1000, data)
        for at, data in sorted(traffic.frames, key=lambda item: item[0])
    ]


def parts(whole: Sequence[tuple[int, bytes]], count: int) -> list[bytes]:
    """``count`` pcap files that hold the frames, in order."""
    size = -(-len(whole) // count)
    return [pcap(whole[begin : begin + size]) for begin in range(0, len(whole), size)]


def dumpcap_name(number: int) -> str:
    """The name of dumpcap's file of that number."""
    return f"ring_{number:05}_20261121{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}.pcapng"


def write(folder: Path, files: Iterable[bytes], name: Callable[[int], str] = "ring.pcap{}".format) -> None:
    """Ring files numbered from 0 on, each last changed long ago."""
    for number, data in enumerate(files):
        path = folder / name(number)
        path.write_bytes(data)
        os.utime(path, (START, START + number))


class Script:
    """Stands for the time that passes: each call takes the next step; after the last it says no."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)

    def __call__(self) -> bool:
        if not self.steps:
            return False
        self.steps.pop(0)()
        return True


def read(path: Path, *steps: Callable[[], object]) -> list[tuple[str, object]]:
    """What a ring gives while ``steps`` happen: name and packets of captures, name and detail of gaps."""
    given: list[tuple[str, object]] = []
    for one in Ring(str(path), Script(*steps), 0.0):
        if isinstance(one, Gap):
            given.append((os.path.basename(one.path), one.detail))
            continue
        drain(one)
        given.append((os.path.basename(one.path), one.packets))
    return given


def drain(capture: Capture) -> None:
    """Read a capture, unless it was overwritten just now."""
    with contextlib.suppress(CaptureError):
        for _ in capture.batches():
            pass


def eager(tell: Callable[[News], None], *steps: Callable[[], object]) -> Watch:
    """A watch that judges whenever it can, while ``steps`` happen."""
    return Watch(Script(*steps), tell, interval=0.0, share=1.0)
