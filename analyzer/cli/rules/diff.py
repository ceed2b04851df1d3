"""``rules diff``: what the step from one table to another changes for a firewall."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, Final

import click

from analyzer.cli import options, output
from analyzer.report import Format, Style, by_ending
from analyzer.report.layout import plural, wrap
from analyzer.report.neutral import visible

if TYPE_CHECKING:
    from analyzer.sheetdiff import Change, Step, Table

SCHEMA: Final = "portmatrix.rules-diff/1"
FORMATS: Final = ("text", "json", "markdown")
ENDINGS: Final = {"": "text", ".txt": "text", ".json": "json", ".md": "markdown", ".markdown": "markdown"}


@click.command("diff")
@click.argument("old")
@click.argument("new")
@options.rules
@options.output("", *FORMATS)
def diff_command(
    old: str, new: str, rules: tuple[str, ...], format_name: str | None, target: str | None
) -> int:
    """What a firewall has to open and to close between two tables.

    OLD and NEW are NAME/EDITION as in 'rules show', NAME@VERSION, NAME for all tables of a ruleset, or a
    ruleset's file. Exit code 1 where they differ.
    """
    from analyzer import rulesets, sheetdiff  # noqa: PLC0415 - --help must not load YAML

    output.refuse_inputs(target, (old, new, *rules))
    format_name = by_ending(format_name, target, ENDINGS)
    loaded = rulesets.load(rules)
    steps = sheetdiff.compare(sheetdiff.tables(old, loaded), sheetdiff.tables(new, loaded))
    write = {"text": _text, "json": _json, "markdown": _markdown}[format_name]

    def render(value: Sequence[Step], stream: IO[str], _style: Style) -> None:
        stream.writelines(line + "\n" for line in write(value))

    output.write(target, Format(format_name, ()), render, steps, 0)
    return 1 if any(step.changes for step in steps) else 0


def _named(table: Table | None) -> str:
    return visible(table.title) if table is not None else "no table"


def _text(steps: Sequence[Step]) -> Iterator[str]:
    from analyzer import sheetdiff  # noqa: PLC0415 - as above

    for count, step in enumerate(steps):
        if count:
            yield ""
        yield from wrap(f"{step.subject}: from {_named(step.old)} to {_named(step.new)}", 80)
        if not step.changes:
            yield f"  no difference, {plural(step.same, 'row')}"
        for what, title in sheetdiff.TITLES.items():
            for direction, transport, changes in sheetdiff.grouped(step, what):
                words = "; ".join(_words(change) for change in changes)
                yield from wrap(f"{title}, {direction} {transport.upper()}: {words}", 80, "  ", "      ")
        if step.changes:
            yield f"  {plural(step.same, 'row')} as before"
            yield "  Open before the step, close after it."


def _words(change: Change) -> str:
    from analyzer import sheetdiff  # noqa: PLC0415 - as above

    words = f"{change.port} {visible(change.service)}".rstrip()
    if change.what == "peers":
        return f"{words} (was {sheetdiff.peers(change.before)}, now {sheetdiff.peers(change.after)})"
    named = change.after if change.what == "open" else change.before
    return words if named is None else f"{words} ({sheetdiff.peers(named)})"


def _markdown(steps: Sequence[Step]) -> Iterator[str]:
    from analyzer import sheetdiff  # noqa: PLC0415 - as above

    for step in steps:
        yield f"## {_cell(step.subject)}: {_cell(_named(step.old))} → {_cell(_named(step.new))}"
        yield ""
        if step.changes:
            yield "| change | direction | transport | port | service | counterpart |"
            yield "| --- | --- | --- | --- | --- | --- |"
        for change in step.changes:
            named = sheetdiff.peers(change.before if change.what == "close" else change.after)
            if change.what == "peers":
                named = f"{sheetdiff.peers(change.before)} → {named}"
            cells = (change.what, change.direction, change.transport, str(change.port), change.service, named)
            yield f"| {' | '.join(map(_cell, cells))} |"
        yield from ("", f"{plural(step.same, 'row')} as before.", "")


def _cell(text: str) -> str:
    """Text that is no markup of a Markdown table."""
    escaped = "".join(f"\\{char}" if char in "\\`*_{}[]<>|#!" else char for char in visible(text))
    return escaped or " "


def _json(steps: Sequence[Step]) -> Iterator[str]:
    document = {
        "schema": SCHEMA,
        "differs": any(step.changes for step in steps),
        "steps": [*map(_step, steps)],
    }
    yield json.dumps(document, indent=2)


def _step(step: Step) -> dict[str, Any]:
    return {
        "subject": step.subject,
        "old": _table(step.old),
        "new": _table(step.new),
        "same": step.same,
        "changes": [
            {
                "change": change.what,
                "direction": change.direction,
                "transport": change.transport,
                "port": change.port,
                "service": change.service,
                "peers": {"old": _peers(change.before), "new": _peers(change.after)},
            }
            for change in step.changes
        ],
    }


def _peers(named: frozenset[str] | None) -> list[str] | None:
    return None if named is None else sorted(named)


def _table(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    source = {"document": table.ruleset.document, "section": table.edition.section}
    return {"ruleset": table.ruleset.name, "edition": table.edition.id, "source": source}
