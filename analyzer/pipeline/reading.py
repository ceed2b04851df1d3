"""Captures in, one flow table out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Final

from analyzer import decode, parallel, processors
from analyzer.ahead import ahead
from analyzer.capture.capture import Capture
from analyzer.capture.find import find
from analyzer.model import CaptureInfo, Problem, Progress
from analyzer.parts import Extent, Merge, extent_of, together
from analyzer.picking import FrameWatcher, Watcher, picker
from analyzer.pipeline.options import Options
from analyzer.tables import Batch, Flows, Packets, Reason

HELPERS: Final = 2
"""Threads at most that decode beside who counts: more are not needed to keep up with that."""


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
    found = find(options.sources, options.stdin, hash=options.sha256)
    if options.begun is not None and [one.path for one in found] == [options.begun.path]:
        found[0].begun = options.begun
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
                helpers = 0 if links is not None else _helpers(one, engine)
                with closing(_decoded(one, engine, first_frame, steps.append, helpers)) as decoded:
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
    one: Capture, engine: str, first_frame: int, advance: Callable[[int], None], helpers: int
) -> Generator[tuple[Batch, Packets], None, None]:
    """The batches of a capture and what is in them; ``helpers`` threads decode beside the caller."""

    def numbered() -> Generator[tuple[Batch, int], None, None]:
        frame = first_frame
        for batch in one.batches(advance):
            count = len(batch.frames["offset"])
            yield batch, frame
            frame += count
            del batch

    def work(given: tuple[Batch, int]) -> tuple[Batch, Packets]:
        batch, frame = given
        return batch, decode.decode(batch, frame, engine)

    if helpers:
        return ahead(numbered(), work, helpers)
    return (work(given) for given in numbered())


def _helpers(one: Capture, engine: str) -> int:
    """How many threads decode ``one`` beside who counts: with dpkt they would only take turns.

    Reading gets no thread of its own: what another processor has read is not in the decoder's cache. But
    decompression has one, and takes longer than all that follows: nobody else may take its processor.
    """
    if engine != "fast" or not one.large:
        return 0
    others = processors.available() - (2 if one.compression else 1)
    return max(min(others, HELPERS), 0)


def _tell(progress: Progress | None, steps: deque[int]) -> None:
    """Tell of bytes that were used, in the thread that asked for that."""
    while steps:
        count = steps.popleft()
        if progress is not None:
            progress.advance(count)


@contextmanager
def _told(progress: Progress | None, found: Sequence[Capture]) -> Iterator[None]:
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
