"""A few frames, dissected by Wireshark."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from analyzer import dissection
from analyzer.errors import PortmatrixError
from analyzer.model import CaptureInfo, Progress
from analyzer.model.dissection import DissectedFrame, DissectedLayer, Dissection
from analyzer.pipeline import evidence
from analyzer.pipeline.evidence import Sight, Wanted
from analyzer.pipeline.options import Options
from analyzer.report.layout import plural
from analyzer.version import VERSION

FRAME_LIMIT: Final = 50
"""Frames dissected unless the user says otherwise: some thousand lines of text."""
MOST: Final = 5_000
"""Frames that can be asked for: a minute's work for pyshark, and more than a reader takes in."""


def inspect(
    options: Options, wanted: Wanted, limit: int = FRAME_LIMIT, progress: Progress | None = None
) -> Dissection:
    """Wireshark's dissection of the chosen frames, at most ``limit`` of them.

    They are dissected by themselves: what Wireshark concludes from frames that were not chosen (reassembly,
    the answer to a request) is not seen. Raises where pyshark or tshark is missing or gives nothing, and as
    :func:`analyzer.pipeline.evidence.sight` does.
    """
    tshark = dissection.require("inspect")
    with evidence.rereadable(options) as again:
        found = evidence.sight(again, wanted, limit, progress)
        with tempfile.TemporaryDirectory(prefix="portmatrix-") as folder:
            path = Path(folder) / "frames.pcapng"
            with path.open("wb") as stream:
                copied = evidence.copy(replace(found, finding=None), stream, "portmatrix")
            made = dissection.dissect(path, tshark, copied.frames)
    if made.trouble and not made.frames:
        raise PortmatrixError(f"inspect: {made.trouble}")
    frames = tuple(_frames(found, copied, made))
    return Dissection(
        VERSION, _subject(found, wanted), frames, found.chosen.total, tuple(_remarks(found, made))
    )


def _frames(found: Sight, copied: evidence.Copied, made: dissection.Dissected) -> Iterator[DissectedFrame]:
    numbers = found.chosen.frames.tolist()
    for number, head, (layers, left) in zip(numbers, copied.heads, made.frames, strict=False):
        home = _home(found.report.captures, number)
        local = number - home.first_frame + 1
        yield DissectedFrame(
            number, home.path, local, head.time, head.wire, tuple(_renumbered(layers, local)), left
        )


def _renumbered(layers: tuple[DissectedLayer, ...], number: int) -> Iterator[DissectedLayer]:
    """The frame numbers are those of the copy; a reader looks for the capture's."""
    for layer in layers:
        fields = (
            field._replace(text=f"Frame Number: {number}") if field.name == "frame.number" else field
            for field in layer.fields
        )
        yield layer._replace(fields=tuple(fields))


def _home(captures: tuple[CaptureInfo, ...], number: int) -> CaptureInfo:
    return next(info for info in reversed(captures) if info.packets and info.first_frame <= number)


def _subject(found: Sight, wanted: Wanted) -> str:
    if found.finding is not None:
        return f"{found.finding.id}: {found.finding.title}"
    return ", ".join(("flow " + " ".join(wanted.flows),) if wanted.flows else ()) or "frames by number"


def _remarks(found: Sight, made: dissection.Dissected) -> Iterator[str]:
    left = found.chosen.total - len(found.chosen.frames)
    if left:
        yield f"{plural(left, 'frame')} more left out by the limit (--limit)"
    if made.trouble:
        yield f"only the first {len(made.frames)} came: {made.trouble}"
