"""Captures in, one flow table out."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
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
    table = flowtable.new(reference=engine == "dpkt")
    wanted = functools.partial(pick, wants=tuple(watcher.wants for watcher in watchers))
    infos: list[CaptureInfo] = []
    with _told(progress, found):
        for one in found:
            first_frame, advance = frame, progress.advance if progress is not None else None
            whole = None
            if links is None:
                whole = parallel.read(one, engine, advance, pick=wanted if watchers else None)
            if whole:
                whole.table.shift(frame - 1)
                table.merge(whole.table)
                for picked in whole.picked:
                    later = shifted(picked, frame - 1)
                    for watcher in watchers:
                        watcher.add(later)
                frame += whole.packets
            else:
                for batch in one.batches(advance):
                    packets = decode.decode(batch, frame, engine)
                    table.add(packets)
                    for watcher in watchers:
                        watcher.add(packets)
                    if links is not None:
                        links.add(batch, packets)
                    frame += len(batch.frames["offset"])
            infos.append(_info(one, whole or one, first_frame))
    return tuple(infos), table.flows()


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


def _info(one: capture.Capture, read: capture.Capture | parallel.Whole, first_frame: int) -> CaptureInfo:
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
