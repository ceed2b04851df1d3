"""Captures in, one flow table out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from analyzer import capture, decode, parallel, processors
from analyzer.ahead import ahead
from analyzer.model import CaptureInfo, Problem, Progress
from analyzer.parts import Extent, Merge, extent_of, together
from analyzer.picking import FrameWatcher, Watcher, picker
from analyzer.pipeline.options import Options
from analyzer.tables import Batch, Flows, Packets, Reason


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
    found = capture.find(options.sources, options.stdin, hash=options.sha256)
    picking = picker(watchers) if watchers else None
    infos: list[CaptureInfo] = []
    merge = Merge(engine, watchers, frame)
    with _told(progress, found):
        for one in found:
            first_frame = merge.frame
            steps: deque[int] = deque()
            whole = None
            if links is None:
                whole = parallel.read(one, engine, steps.append, pick=picking)
            if whole:
                extent, sha256 = together([part.extent for part in whole.parts]), whole.sha256
                for part in whole.parts:
                    merge.add(part)
            else:
                decoded = _decoded(one, engine, first_frame, steps.append)
                if links is None and _worth_a_thread(one, engine):
                    decoded = ahead(decoded)
                with closing(decoded):
                    for batch, packets in decoded:
                        merge.extend(packets)
                        if links is not None:
                            links.add(batch, packets)
                        _tell(progress, steps)
                        del batch, packets  # their memory is used again for the next
                extent, sha256 = extent_of(one), one.sha256
            _tell(progress, steps)
            # Only a capture without problems is read in segments.
            problems = () if whole else one.problems
            infos.append(info_of(one.path, one.format, extent, sha256, problems, first_frame))
    return tuple(infos), merge.table.flows(spent=True)


def _decoded(
    one: capture.Capture, engine: str, frame: int, advance: Callable[[int], None]
) -> Generator[tuple[Batch, Packets], None, None]:
    for batch in one.batches(advance):
        yield batch, decode.decode(batch, frame, engine)
        frame += len(batch.frames["offset"])


def _worth_a_thread(one: capture.Capture, engine: str) -> bool:
    """Whether to decode ``one`` beside who counts: dpkt would only take turns with them.

    Reading gets no thread of its own: what another processor has read is not in the decoder's cache.
    """
    return engine == "fast" and one.large and processors.available() > 1


def _tell(progress: Progress | None, steps: deque[int]) -> None:
    """Tell of bytes that were used, in the thread that asked for that."""
    while steps:
        count = steps.popleft()
        if progress is not None:
            progress.advance(count)


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


def info_of(
    path: str,
    form: str,
    extent: Extent,
    sha256: str,
    problems: Iterable[Problem] = (),
    first_frame: int = 1,
) -> CaptureInfo:
    """What a report says of a capture in format ``form``; ``problems`` count its frames from 1."""
    before = first_frame - 1
    return CaptureInfo(
        path=path,
        sha256=sha256,
        format=form,
        link_types=extent.link_types,
        packets=extent.packets,
        bytes=extent.bytes,
        first=extent.first,
        last=extent.last,
        first_frame=first_frame,
        problems=tuple(
            replace(problem, frame=problem.frame + before) if problem.frame else problem
            for problem in problems
        ),
        filters=extent.filters,
    )


def undecoded(table: Flows) -> dict[str, int]:
    """Reason, as reports spell it → frames that were not decoded to the end for it."""
    return {
        Reason(reason).name.lower().replace("_", "-"): entry.count
        for reason, entry in sorted(table.undecoded.items())
    }
