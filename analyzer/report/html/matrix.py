"""The matrix as the vendor prints it, each cell with its status, and every row with its reason below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.model import Edition, Report, RowResult, Status
from analyzer.report import digest, sheet

SIGNS: Final[Mapping[Status, str]] = {
    Status.FAILING: "!",
    Status.MISSING: "\u2715",
    Status.ONE_WAY: "~",
    Status.WORKING: "\u2713",
    Status.NOT_OBSERVABLE: "?",
    Status.NOT_EXERCISED: "\u2013",
    Status.NOT_APPLICABLE: "\u00b7",
}
"""A status for the eye, as in the text report; in the order of the legend, the gravest first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A port of the table; ``anchor`` leads to its row below."""

    result: RowResult
    anchor: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One edition.

    ``lines`` are the table's lines of four cells (incoming TCP, UDP, outgoing TCP, UDP), None for an empty
    one; ``others`` the rows of other transports, ``rows`` all of them in the table's order.
    """

    edition: Edition
    document: str
    lines: list[list[Cell | None]]
    others: list[Cell]
    rows: list[Cell]


def sheets(report: Report) -> list[Sheet]:
    """The editions that apply here."""
    found = []
    for edition, document in digest.editions(report):
        cells: dict[sheet.Place, Cell] = {
            (result.row.direction, result.row.transport, result.row.port): Cell(result, f"row-{at}")
            for at, result in enumerate(report.rows)
            if (result.row.subject, result.row.edition) == (edition.subject, edition.id)
        }
        lines: list[list[Cell | None]] = [
            [
                None if port is None else cells.get((direction, transport, port))
                for (direction, transport), port in zip(sheet.COLUMNS, line, strict=True)
            ]
            for line in sheet.lines(list(cells), edition.columns)
        ]
        others = [cell for place, cell in cells.items() if place[1] not in ("tcp", "udp")]
        found.append(Sheet(edition, document, lines, others, list(cells.values())))
    return found
