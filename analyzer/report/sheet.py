"""An edition the way the vendor's document prints it: INCOMING TCP, UDP, OUTGOING TCP, UDP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from analyzer.report.layout import pad, width

Cell = Callable[[str, str, int], tuple[str, str]]
"""``(direction, transport, port)`` → the cell's text and its colour (may be empty)."""

Place = tuple[str, str, int]
FILLER: Final = "--"
HEADINGS: Final = ("incoming", "outgoing")
COLUMNS: Final = (("incoming", "tcp"), ("incoming", "udp"), ("outgoing", "tcp"), ("outgoing", "udp"))

Columns = Mapping[str, Sequence[int | None]]


def side_by_side(incoming: Sequence[int], outgoing: Sequence[int]) -> list[tuple[int | None, int | None]]:
    """Both directions' ports, the same port on one line, each direction in its own order."""
    lines: list[tuple[int | None, int | None]] = []
    waiting = list(outgoing)
    for port in incoming:
        if port in waiting:
            at = waiting.index(port)
            lines += [(None, other) for other in waiting[:at]]
            lines.append((port, port))
            del waiting[: at + 1]
        else:
            lines.append((port, None))
    return lines + [(None, port) for port in waiting]


def lines(places: Iterable[Place], columns: Columns) -> list[tuple[int | None, ...]]:
    """The ports of the four ``COLUMNS``, line by line as the vendor prints them; None for an empty place."""
    if columns:
        return list(zip_longest(*(columns.get(f"{side}/{transport}", ()) for side, transport in COLUMNS)))
    ports: dict[tuple[str, str], list[int]] = {}
    for direction, transport, port in places:
        ports.setdefault((direction, transport), []).append(port)
    tcp, udp = (
        side_by_side(ports.get(("incoming", transport), []), ports.get(("outgoing", transport), []))
        for transport in ("tcp", "udp")
    )
    return [
        (left[0], right[0], left[1], right[1])
        for left, right in zip_longest(tcp, udp, fillvalue=(None, None))
    ]


def table(
    places: Sequence[Place],
    columns: Columns | None = None,
    cell: Cell | None = None,
    paint: Callable[[str, str], str] | None = None,
    indent: str = "  ",
) -> list[str]:
    """The four columns of ``places`` (``(direction, transport, port)`` in the table's order).

    ``columns`` has the vendor's own lines (:attr:`analyzer.model.Edition.columns`); without them, the
    same port of both directions is put on one line.
    ``cell`` says what a place shows (its port number where not given); an empty place shows ``--``.
    Transports other than TCP and UDP follow below the table, one line each.
    """

    def shown(direction: str, transport: str, port: int | None) -> tuple[str, str]:
        if port is None:
            return FILLER, "dim"
        return cell(direction, transport, port) if cell else (str(port), "")

    grid = [
        [shown(*column, port) for column, port in zip(COLUMNS, line, strict=True)]
        for line in lines(places, columns or {})
    ]
    wide = max([8, *(width(text) for line in grid for text, _ in line)])
    gap = "   "
    heads = [pad(direction.upper(), 2 * wide + len(gap)) for direction in HEADINGS]
    drawn = [(indent + gap.join(heads)).rstrip()]
    drawn.append((indent + gap.join(pad(transport.upper(), wide) for _, transport in COLUMNS)).rstrip())
    for line in grid:
        parts = []
        for text, colour in line:
            padded = pad(text, wide)
            parts.append(padded.replace(text, paint(text, colour), 1) if paint and colour else padded)
        drawn.append((indent + gap.join(parts)).rstrip())
    for direction, transport, port in places:
        if transport not in ("tcp", "udp"):
            text, colour = shown(direction, transport, port)
            text = paint(text, colour) if paint and colour else text
            drawn.append(f"{indent}{direction.upper()} {transport.upper()} {text}")
    return drawn
