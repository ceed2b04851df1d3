"""Captures in, one flow table out."""

from __future__ import annotations

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
from analyzer.pipeline.options import Options
from analyzer.tables import Flows, Reason
from analyzer.transfers import Collector, Picker


def read(
    options: Options, progress: Progress | None, collector: Collector | None = None
) -> tuple[tuple[CaptureInfo, ...], Flows]:
    """What was read of each capture, in time order, and the flows of all of them.

    Frames count on from one capture to the next. ``collector`` is shown every
    packet that a transfer may need.
    Raises :class:`analyzer.errors.PortmatrixError` for a capture or an engine that is not to be had.
    """
    engine = decode.name(options.engine)
    found = capture.find(options.sources)
    table = flowtable.new(reference=engine == "dpkt")
    infos: list[CaptureInfo] = []
    frame = 1
    with _told(progress, found):
        for one in found:
            first_frame, advance = frame, progress.advance if progress is not None else None
            whole = parallel.read(one, engine, advance, pick=Picker if collector is not None else None)
            if collector is not None:
                collector.begin_capture()
            if whole:
                whole.table.shift(frame - 1)
                table.merge(whole.table)
                if collector is not None:
                    for picked in whole.picked:
                        collector.take(picked.shifted(frame - 1))
                frame += whole.packets
            else:
                for batch in one.batches(advance):
                    packets = decode.decode(batch, frame, engine)
                    table.add(packets)
                    if collector is not None:
                        collector.add(packets)
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
