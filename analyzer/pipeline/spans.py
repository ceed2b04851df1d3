"""The files of days, told a few hundred to a line: what a report says of each file grows with time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from analyzer.model import CaptureInfo, Problem

LATEST: Final = 1000
"""Files that keep an entry of their own: those read last."""


def spans(infos: Sequence[CaptureInfo], cited: Collection[int], latest: int = LATEST) -> list[CaptureInfo]:
    """``infos``, in frame order, with neighbours told together but for the ``latest`` ones.

    A file that holds one of the frames ``cited`` stays by itself: a reader opens it. So do neighbours with
    other kinds of damage, for findings name these.
    """
    made: list[CaptureInfo] = []
    frames = sorted(cited)
    alone = -1
    """The place in ``made`` of the file that was told last, where it stays by itself."""
    for info in infos[: max(0, len(infos) - latest)]:
        held = any(info.first_frame <= frame < info.first_frame + info.packets for frame in frames)
        before = made[-1] if made and alone != len(made) - 1 else None
        if not held and before is not None and _joins(_damage(before), _damage(info)):
            made[-1] = _together(before, info)
        else:
            made.append(info)
        if held:
            alone = len(made) - 1
    return [*made, *infos[max(0, len(infos) - latest) :]]


def _damage(info: CaptureInfo) -> set[str]:
    return {problem.code for problem in info.problems if problem.damage}


def _joins(one: set[str], other: set[str]) -> bool:
    return not one or not other or one == other


def _together(one: CaptureInfo, other: CaptureInfo) -> CaptureInfo:
    """Neighbours as one entry. It has no checksum: each file's was told when it was read."""
    files = one.files + other.files
    ends = one.ends or (one.path,) * 2, other.ends or (other.path,) * 2
    first, last = ends[0][0], ends[1][1]
    times = [time for info in (one, other) for time in (info.first, info.last) if time is not None]
    return replace(
        one,
        path=f"{first} … {last} ({files} files)",
        sha256="",
        link_types=tuple(dict.fromkeys((*one.link_types, *other.link_types))),
        filters=tuple(dict.fromkeys((*one.filters, *other.filters))),
        packets=one.packets + other.packets,
        bytes=one.bytes + other.bytes,
        first=min(times, default=None),
        last=max(times, default=None),
        problems=_problems((*one.problems, *other.problems)),
        files=files,
        ends=(first, last),
    )


def _problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each kind of problem once, as it was met first, with the counts of all."""
    found: dict[tuple[str, bool], Problem] = {}
    for problem in problems:
        kind = problem.code, problem.damage
        before = found.get(kind)
        found[kind] = problem if before is None else before.with_more(problem)
    return tuple(found.values())
