"""Flows as lines of text: one by one, or grouped by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from analyzer.model import Endpoint, FlowRecord
from analyzer.report import Style
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


def groups(flows: Sequence[FlowRecord], style: Style, most: int) -> tuple[list[str], int]:
    """Flows that differ only in host and time on one line, the largest groups first.

    Gives at most ``most`` groups and, where there are more, a line that counts the rest; and how many
    lines of the page that is, long ones counted once.
    """
    found: dict[tuple[str, str, str, str, str], list[FlowRecord]] = {}
    for record in flows:
        port = "" if record.responder.port is None else f"/{record.responder.port}"
        key = (
            f"{record.transport}{port}",
            visible(record.service or record.protocol, TEXT_LIMIT),
            "+".join(record.originator.roles),
            "+".join(record.responder.roles),
            record.outcome.value,
        )
        found.setdefault(key, []).append(record)
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    arrow = "->" if style.ascii else "\u2192"
    rows = []
    for (place, service, originator, responder, outcome), members in ordered[:most]:
        source = originator or _addresses(record.originator.address for record in members)
        target = responder or _addresses(record.responder.address for record in members)
        rows.append((number(len(members)), place, outcome, service, f"{source} {arrow} {target}"))
    lines = table(rows, style.width, frozenset({0}), "    ")
    rest = ordered[most:]
    if rest:
        hidden = sum(len(members) for _, members in rest)
        lines.append(
            f"    and {plural(len(rest), 'group')} more with {plural(hidden, 'flow')}; -v lists every flow"
        )
    return lines, len(rows) + bool(rest)


def _addresses(values: Iterable[str]) -> str:
    unique = list(dict.fromkeys(values))
    return visible(unique[0]) if len(unique) == 1 else f"{number(len(unique))} hosts"
