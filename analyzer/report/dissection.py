"""Wireshark's dissection of a few frames: as text, and as the JSON document."""

from __future__ import annotations

from typing import IO, Any, Final

from analyzer.model.dissection import DissectedFrame, Dissection
from analyzer.report import Style
from analyzer.report.document import tool
from analyzer.report.layout import number, paint, plural, wrap
from analyzer.report.moment import timestamp
from analyzer.report.neutral import TEXT_LIMIT, unicode, visible

SCHEMA: Final = "portmatrix.dissection/1"


def write(dissection: Dissection, stream: IO[str], style: Style) -> None:
    """Frame by frame, layer by layer, a line a field. ``-q`` leaves the fields out."""

    def put(text: str, first: str = "", rest: str = "", colour: str = "") -> None:
        for piece in wrap(visible(text, TEXT_LIMIT), style.width, first, rest):
            stream.write(paint(piece, colour, style.colour) + "\n")

    shown = len(dissection.frames)
    of = f" of {number(dissection.total)}" if dissection.total != shown else ""
    put(f"{plural(shown, 'frame')}{of}: {dissection.subject}", colour="bold")
    for remark in dissection.remarks:
        put(remark)
    for frame in dissection.frames:
        stream.write("\n")
        where = f"{frame.capture} {frame.local}" if frame.local != frame.number else frame.capture
        put(f"Frame {frame.number} ({where}), {timestamp(frame.time)}, {frame.wire} bytes", colour="bold")
        for layer in frame.layers:
            put(layer.name.upper(), "  ", "  ", "cyan")
            for field in layer.fields if style.verbosity >= 0 else ():
                indent = "    " + "  " * min(field.depth, 12)
                put(field.text, indent, indent + "  ")
        if frame.left_off:
            put(f"and {plural(frame.left_off, 'field')} more", "  ")


def parts(dissection: Dissection) -> dict[str, Any]:
    """The JSON document in key order; ``frames`` is an iterator."""
    return {
        "schema": SCHEMA,
        "tool": tool(dissection.version),
        "subject": unicode(dissection.subject),
        "summary": {"frames": len(dissection.frames), "total": dissection.total},
        "remarks": [unicode(remark) for remark in dissection.remarks],
        "frames": map(_frame, dissection.frames),
    }


def _frame(frame: DissectedFrame) -> dict[str, Any]:
    return {
        "number": frame.number,
        "capture": unicode(frame.capture),
        "frame": frame.local,
        "time": timestamp(frame.time),
        "bytes": frame.wire,
        "left_off": frame.left_off,
        "layers": [
            {
                "name": unicode(layer.name),
                "fields": [
                    {"depth": field.depth, "name": unicode(field.name), "text": unicode(field.text)}
                    for field in layer.fields
                ],
            }
            for layer in frame.layers
        ],
    }
