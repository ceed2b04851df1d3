"""What changed between two reports, said once: the same facts for every format, and text for a terminal.

:func:`headline` and :func:`sections` are for readers, :func:`parts` is the JSON document. Strangers' text is
in them as it was: each format makes it harmless in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

from analyzer.model import Diff, Fault, FindingChange, RelationChange, RowChange, Side, Traffic, Turn
from analyzer.report import Style
from analyzer.report.document import tool
from analyzer.report.layout import duration, number, paint, plural, size, wrap
from analyzer.report.neutral import TEXT_LIMIT, unicode, visible

SCHEMA: Final = "portmatrix.diff/1"
PAIRS_SHOWN: Final = 3
SHOWN: Final = 40
"""Entries of a section that a terminal shows; ``-v`` shows all."""


class Entry(NamedTuple):
    """One change: a line, and lines of detail."""

    line: str
    detail: tuple[str, ...] = ()


class Section(NamedTuple):
    """Changes of one kind. ``tone`` is ``bad``, ``good`` or ``neutral``."""

    title: str
    tone: str
    entries: tuple[Entry, ...]


# ---------------------------------------------------------------- facts


def headline(diff: Diff) -> str:
    """What the change came to: ``2 faults fixed, 1 new, 3 remain``."""
    fixed, new, remain = (diff.count(turn) for turn in (Turn.FIXED, Turn.NEW, Turn.REMAINS))
    gone, come = diff.count(Turn.NO_LONGER_JUDGED), diff.count(Turn.FIRST_JUDGED)
    if not fixed + new + remain + gone + come:
        said = "no fault on either side"
    else:
        verb = "remains" if remain == 1 else "remain"
        said = f"{plural(fixed, 'fault')} fixed, {number(new)} new, {number(remain)} {verb}"
        said += f"; {number(gone)} no longer judged" if gone else ""
        said += f"; {number(come)} judged for the first time" if come else ""
    return said if diff.differs else f"no difference: {said}"


def sides(diff: Diff) -> list[tuple[str, str]]:
    """A line for each side: what it is and what it came to."""
    return [("OLD", _side(diff.old)), ("NEW", _side(diff.new))]


def _side(side: Side) -> str:
    found = ", ".join(plural(count, word) for word, count in side.findings.items() if count) or "no finding"
    verdict = "compliant" if side.judged else "nothing judged"
    if not side.compliant:
        verdict = "not compliant"
    when = f", {side.first}, {duration(side.duration)}" if side.first else ""
    saved = "saved report, " if side.form == "report" else ""
    return f"{side.source} ({saved}{plural(side.packets, 'packet')}{when}): {verdict}, {found}"


def sections(diff: Diff) -> list[Section]:
    """All changes, what matters most first; sections without any are left out."""
    found = [
        Section(title, tone, tuple(_finding(entry) for entry in diff.findings if entry.turn is turn))
        for turn, title, tone in _TURNS
    ]
    found.append(Section("Rows of the matrix", "neutral", tuple(_row(entry) for entry in diff.rows)))
    for change, title in _CHANGES:
        entries = tuple(_relation(entry) for entry in diff.relations if entry.change == change)
        found.append(Section(title, "neutral", entries))
    return [section for section in found if section.entries]


_TURNS: Final = (
    (Turn.NEW, "New", "bad"),
    (Turn.FIRST_JUDGED, "Judged for the first time (OLD could not have shown it)", "neutral"),
    (Turn.REMAINS, "Remaining", "neutral"),
    (
        Turn.NO_LONGER_JUDGED,
        "No longer judged (NEW could not have shown it: no proof of a repair)",
        "neutral",
    ),
    (Turn.FIXED, "Fixed", "good"),
)
_CHANGES: Final = (
    ("changed", "Traffic judged or answered differently"),
    ("appeared", "Traffic that appeared"),
    ("vanished", "Traffic that vanished"),
    ("volume", "Traffic of another volume"),
)


def _finding(entry: FindingChange) -> Entry:
    fault = entry.shown
    detail = [entry.reason] if entry.reason else []
    if entry.counts and entry.new is not None and entry.turn is not Turn.REMAINS and fault.advice:
        detail.append(f"Advice: {fault.advice}")
    return Entry(f"{fault.severity}: {fault.title} [{fault.id}]", tuple(detail))


def _row(entry: RowChange) -> Entry:
    reason = (entry.new_reason,) if entry.new_reason else ()
    return Entry(f"{entry.id} {entry.service}: {entry.old}, now {entry.new}", reason)


def _relation(entry: RelationChange) -> Entry:
    port = "" if entry.port is None else f" {entry.port}"
    service = f" ({entry.service})" if entry.service else ""
    line = f"{entry.originator} -> {entry.responder} {entry.transport.upper()}{port}{service}"
    if entry.old is None or entry.new is None:
        there = entry.new or entry.old
        assert there is not None  # a change has a side
        said = f"{_state(there)}; {_amount(there)}"
    elif entry.change == "volume":
        said = f"{size(round(entry.old.rate))}/s, now {size(round(entry.new.rate))}/s"
    else:
        said = f"{_state(entry.old)}; now {_state(entry.new)}"
    if entry.pairs == ((entry.originator, entry.responder),):
        return Entry(f"{line}: {said}", ())  # without roles the addresses stand in the line itself
    pairs = [f"{one} -> {other}" for one, other in entry.pairs[:PAIRS_SHOWN]]
    more = f" and {number(len(entry.pairs) - PAIRS_SHOWN)} more" if len(entry.pairs) > PAIRS_SHOWN else ""
    return Entry(f"{line}: {said}", (", ".join(pairs) + more,))


def _state(traffic: Traffic) -> str:
    return f"{traffic.verdict or 'no verdict'}, {traffic.outcome}"


def _amount(traffic: Traffic) -> str:
    return f"{plural(traffic.flows, 'flow')}, {size(traffic.bytes)}"


def closing(diff: Diff) -> Iterator[str]:
    """What to know besides: notes, and the background that was left out."""
    yield from (f"Note: {note}" for note in diff.notes)
    appeared, vanished = diff.background.get("appeared", 0), diff.background.get("vanished", 0)
    if appeared or vanished:
        yield (
            "Background (infrastructure, hosts without a sheet), not compared further: "
            f"{number(appeared)} relations appeared, {number(vanished)} vanished."
        )


# ---------------------------------------------------------------- JSON


def parts(diff: Diff) -> dict[str, Any]:
    """The JSON document in key order; the lists are iterators."""
    return {
        "schema": SCHEMA,
        "tool": tool(diff.version),
        "old": _side_entry(diff.old),
        "new": _side_entry(diff.new),
        "summary": {
            "differs": diff.differs,
            "headline": headline(diff),
            "faults": {turn.value: diff.count(turn) for turn in Turn},
            "rows": len(diff.rows),
            "flows": {word: sum(entry.change == word for entry in diff.relations) for word, _ in _CHANGES},
            "background": dict(diff.background),
        },
        "notes": (unicode(note) for note in diff.notes),
        "findings": map(_finding_entry, diff.findings),
        "rows": map(_row_entry, diff.rows),
        "flows": map(_relation_entry, diff.relations),
    }


def _side_entry(side: Side) -> dict[str, Any]:
    return {
        "source": unicode(side.source),
        "form": side.form,
        "version": unicode(side.version),
        "site": unicode(side.site),
        "compliant": side.compliant,
        "captures": [unicode(path) for path in side.captures],
        "packets": side.packets,
        "first": side.first,
        "last": side.last,
        "duration_s": side.duration / 1e9,
        "findings": dict(side.findings),
    }


def _fault_entry(fault: Fault | None) -> dict[str, Any] | None:
    if fault is None:
        return None
    return {
        "id": unicode(fault.id),
        "kind": fault.kind.value,
        "severity": fault.severity.value,
        "title": unicode(fault.title),
        "detail": unicode(fault.detail),
        "advice": unicode(fault.advice),
        "waived": unicode(fault.waived) or None,
        "flows": fault.flows,
        "rows": [unicode(row) for row in fault.rows],
    }


def _finding_entry(entry: FindingChange) -> dict[str, Any]:
    return {
        "change": entry.turn.value,
        "id": unicode(entry.shown.id),
        "fault": entry.counts,
        "changed": entry.changed,
        "reason": unicode(entry.reason),
        "old": _fault_entry(entry.old),
        "new": _fault_entry(entry.new),
    }


def _row_entry(entry: RowChange) -> dict[str, Any]:
    return {
        "id": unicode(entry.id),
        "service": unicode(entry.service),
        "old": entry.old.value,
        "new": entry.new.value,
        "old_reason": unicode(entry.old_reason),
        "new_reason": unicode(entry.new_reason),
    }


def _traffic_entry(traffic: Traffic | None) -> dict[str, Any] | None:
    if traffic is None:
        return None
    return {
        "verdict": traffic.verdict.value if traffic.verdict else None,
        "outcome": traffic.outcome.value,
        "flows": traffic.flows,
        "packets": traffic.packets,
        "bytes": traffic.bytes,
        "bytes_s": round(traffic.rate, 1),
    }


def _relation_entry(entry: RelationChange) -> dict[str, Any]:
    return {
        "change": entry.change,
        "originator": unicode(entry.originator),
        "responder": unicode(entry.responder),
        "transport": unicode(entry.transport),
        "port": entry.port,
        "service": unicode(entry.service) or None,
        "old": _traffic_entry(entry.old),
        "new": _traffic_entry(entry.new),
        "pairs": [[unicode(one), unicode(other)] for one, other in entry.pairs],
    }


# ---------------------------------------------------------------- text


def write(diff: Diff, stream: IO[str], style: Style) -> None:
    """The comparison for a terminal: the headline first. ``-q`` leaves out detail and notes."""

    def put(text: str, first: str = "", rest: str = "", colour: str = "") -> None:
        for piece in wrap(visible(text, TEXT_LIMIT), style.width, first, rest):
            stream.write(paint(piece, colour, style.colour) + "\n")

    put(
        headline(diff),
        colour="red" if diff.count(Turn.NEW) else "green" if diff.count(Turn.FIXED) else "bold",
    )
    for label, side in sides(diff):
        put(side, f"  {label} ", "      ")
    for section in sections(diff):
        stream.write("\n")
        put(f"{section.title} ({number(len(section.entries))})", colour="bold")
        most = len(section.entries) if style.verbosity > 0 else SHOWN
        for entry in section.entries[:most]:
            put(entry.line, "  ", "    ", _COLOURS[section.tone])
            for detail in entry.detail if style.verbosity >= 0 else ():
                put(detail, "      ", "      ")
        if len(section.entries) > most:
            put(f"and {number(len(section.entries) - most)} more; -v shows all", "  ", "    ")
    said = tuple(closing(diff)) if style.verbosity >= 0 else ()
    if said:
        stream.write("\n")
    for text in said:
        put(text, "", "  ")


_COLOURS: Final = {"bad": "red", "good": "green", "neutral": ""}
