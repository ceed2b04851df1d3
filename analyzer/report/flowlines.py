"""Flows as lines of text: one by one, or grouped by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from analyzer.model import Endpoint, FlowRecord
from analyzer.report import Style, digest
from analyzer.report.layout import number, plural, size, table
from analyzer.report.neutral import TEXT_LIMIT, visible

HEADING: Final = ("flow", "", "originator", "responder", "outcome", "packets", "bytes", "proto")
RIGHT: Final = frozenset({5, 6})
"""Columns of numbers."""


def line(record: FlowRecord) -> tuple[str, ...]:
    """The columns of ``HEADING``; a ``*`` behind the originator is a direction that is only a guess."""
    guess = "*" if record.confidence == "guess" else ""
    return (
        record.id,
        record.transport,
        _socket(record.originator) + guess,
        _socket(record.responder),
        record.outcome.value,
        f"{record.packets[0]}/{record.packets[1]}",
        size(sum(record.bytes)),
        visible(record.protocol or "?"),
    )


def _socket(end: Endpoint) -> str:
    address = visible(end.address)
    if end.port is None:
        return address
    return f"[{address}]:{end.port}" if ":" in address else f"{address}:{end.port}"


def groups(flows: Iterable[FlowRecord], style: Style, most: int) -> tuple[list[str], int]:
    """Flows that differ only in host and time on one line, the largest groups first.

    Gives at most ``most`` groups and, where there are more, a line that counts the rest; and how many
    lines of the page that is, long ones counted once.
    """
    found = digest.groups(flows)
    arrow = "->" if style.ascii else "\u2192"
    rows = [
        (
            number(group.flows),
            group.place,
            group.outcome,
            visible(group.service, TEXT_LIMIT),
            f"{visible(group.originator)} {arrow} {visible(group.responder)}",
        )
        for group in found[:most]
    ]
    lines = table(rows, style.width, frozenset({0}), "    ")
    rest = found[most:]
    if rest:
        hidden = sum(group.flows for group in rest)
        lines.append(
            f"    and {plural(len(rest), 'group')} more with {plural(hidden, 'flow')}; -v lists every flow"
        )
    return lines, len(rows) + bool(rest)
