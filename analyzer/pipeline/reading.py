"""Captures in, one flow table out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from analyzer import (
    capture,
    decode,
    flowtable,
    parallel,
)
from analyzer.model import (
    CaptureInfo,
    Progress,
)
from analyzer.picking import FrameWatcher, Watcher, pick, shifted
from analyzer.pipeline.options import Options
from analyzer.tables import Flows, Reason


def read(
    options: Options,
    progress: Progress | None,
    watchers: Sequence[Watcher] = (),
    links: FrameWatcher | None = None,
    frame: int = 1,
) -> tuple[tuple[CaptureInfo, ...], Flows]:
    """What was read of each capture, in time order, and the flows of all of them.

    Frames count from ``frame`` on, from one capture to the next. ``watchers`` are shown every packet that
    they want. ``links`` is shown whole batches with their frames; then one process reads alone.
    Raises :class:`analyzer.errors.PortmatrixError` for a capture or an engine that is not to be had.
    """
    engine = decode.name(options.engine)
    found = capture.find(options.sources, options.stdin)
    reading = Reading(engine, watchers, links, frame)
    wanted = functools.partial(pick, wants=tuple(watcher.wants for watcher in watchers))
    with _told(progress, found):
        for one in found:
            advance = progress.advance if progress is not None else None
            whole = None
            if links is None:
                whole = parallel.read(one, engine, advance, pick=wanted if watchers else None)
            if whole:
                reading.merge(one, whole)
            else:
                for _ in reading.take(one, advance):
                    pass
    return reading.infos(), reading.table.flows()


class Reading:
    """One flow table, and the captures that it was filled from so far; ``frame`` is the next one's number.

    ``links`` is shown whole batches with their frames.
    """

    def __init__(
        self,
        engine: str,
        watchers: Sequence[Watcher] = (),
        links: FrameWatcher | None = None,
        frame: int = 1,
    ) -> None:
        self.table = flowtable.new(reference=engine == "dpkt")
        self.frame = frame
        self._engine, self._watchers, self._links = engine, watchers, links
        self._infos: list[CaptureInfo] = []
        self._current: tuple[capture.Capture, int] | None = None

    def infos(self) -> tuple[CaptureInfo, ...]:
        """What was read of each capture, of the one that is being read too."""
        current = () if self._current is None else (_info(*self._current, self._current[0]),)
        return (*self._infos, *current)

    def correct(self, info: CaptureInfo) -> None:
        """Put ``info`` in the place of what is said of the capture that was read last."""
        self._infos[-1] = info

    def merge(self, one: capture.Capture, whole: parallel.Whole) -> None:
        """Take in a capture that was read in segments."""
        first_frame, before = self.frame, self.frame - 1
        whole.table.shift(before)
        self.table.merge(whole.table)
        for picked in whole.picked:
            later = shifted(picked, before)
            for watcher in self._watchers:
                watcher.add(later)
        self.frame += whole.packets
        self._infos.append(_info(one, first_frame, whole))

    def take(self, one: capture.Capture, advance: Callable[[int], None] | None = None) -> Iterator[None]:
        """Read a capture, batch by batch; after each everything is as if the capture ended there."""
        first_frame = self.frame
        self._current = one, first_frame
        try:
            for batch in one.batches(advance):
                packets = decode.decode(batch, self.frame, self._engine)
                self.table.add(packets)
                for watcher in self._watchers:
                    watcher.add(packets)
                if self._links is not None:
                    self._links.add(batch, packets)
                self.frame += len(batch.frames["offset"])
                yield
            self._infos.append(_info(one, first_frame, one))
        finally:
            self._current = None


@contextmanager
def _told(progress: Progress | None, found: Sequence[capture.Capture]) -> Iterator[None]:
    if progress is None:
        yield
        return
    sizes = [one.size for one in found]
    progress.start(None if None in sizes else sum(size for size in sizes if size is not None))
    try:
        yield
    finally:
        progress.finish()


def _info(one: capture.Capture, first_frame: int, read: capture.Capture | parallel.Whole) -> CaptureInfo:
    """What ``read`` says of the capture; only a capture without problems is read in segments."""
    problems = tuple(
        replace(problem, frame=problem.frame + first_frame - 1) if problem.frame else problem
        for problem in (one.problems if read is one else ())
    )
    return CaptureInfo(
        path=one.path,
        sha256=read.sha256,
        format=one.format,
        link_types=read.link_types,
        packets=read.packets,
        bytes=read.bytes,
        first=read.first,
        last=read.last,
        first_frame=first_frame,
        problems=problems,
    )


def undecoded(table: Flows) -> dict[str, int]:
    """Reason, as reports spell it → frames that were not decoded to the end for it."""
    return {
        Reason(reason).name.lower().replace("_", "-"): entry.count
        for reason, entry in sorted(table.undecoded.items())
    }
