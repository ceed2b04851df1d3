"""``rules list`` and ``rules show``: the sheets as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import IO, Any, Final

import click

from analyzer import model
from analyzer.cli import options, output
from analyzer.errors import UsageError
from analyzer.report import Format, Style, by_ending, sheet
from analyzer.report.layout import wrap
from analyzer.report.neutral import visible

RULES_SCHEMA: Final = "portmatrix.rules/1"
ENDINGS: Final = {"": "text", ".txt": "text", ".json": "json"}


@click.command("list")
@options.rules
@options.output("", "text", "json")
def list_command(rules: tuple[str, ...], format_name: str | None, target: str | None) -> int:
    """One line for each ruleset."""
    from analyzer import rulesets  # noqa: PLC0415 - --help must not load YAML

    _emit(rulesets.load(rules), format_name, target, _list_text)
    return 0


@click.command()
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option("--edition", metavar="ID", help="Only this edition.")
@options.rules
@options.output("", "text", "json")
def show(
    names: tuple[str, ...],
    edition: str | None,
    rules: tuple[str, ...],
    format_name: str | None,
    target: str | None,
) -> int:
    """The matrix of rulesets, the way the vendor's document prints it.

    What the document says and what we add are kept apart. Without NAME, every ruleset.
    """
    from analyzer import rulesets  # noqa: PLC0415 - --help must not load YAML

    loaded = {entry.name: entry for entry in rulesets.load(rules)}
    for name in names:
        if name not in loaded:
            raise UsageError(f"rules show {name}: no such ruleset, there are {', '.join(loaded)}")
    chosen = [loaded[name] for name in names or loaded]
    if edition is not None and not any(
        entry.id == edition for ruleset in chosen for entry in ruleset.editions
    ):
        known = ", ".join(entry.id for ruleset in chosen for entry in ruleset.editions)
        raise UsageError(f"--edition {edition}: no such edition, there are {known or 'none'}")

    if edition is not None:
        chosen = [replace(entry, editions=_only(entry, edition)) for entry in chosen if _only(entry, edition)]
    _emit(chosen, format_name, target, _show_text)
    return 0


def _emit(
    entries: Sequence[model.Ruleset],
    format_name: str | None,
    target: str | None,
    text: Callable[[Sequence[model.Ruleset]], list[str]],
) -> None:
    """Write ``entries`` as text or JSON, to standard output or a whole file."""
    format_name = by_ending(format_name, target, ENDINGS)

    def render(value: Any, stream: IO[str], _style: Style) -> None:
        if format_name == "json":
            document = {"schema": RULES_SCHEMA, "rulesets": [_document(entry) for entry in value]}
            stream.write(json.dumps(document, indent=2) + "\n")
        else:
            stream.writelines(line + "\n" for line in text(value))

    output.write(target, Format(format_name, ()), render, entries, 0)


def _list_text(entries: Sequence[model.Ruleset]) -> list[str]:

    lines: list[str] = []
    for entry in entries:
        lines += wrap(f"{visible(entry.name)}: {visible(entry.title)}", 80)
        lines += wrap(
            f"subjects  {', '.join(entry.subjects) or 'none, a list of background traffic'}", 80, "    "
        )
        if entry.editions:
            names = dict.fromkeys(edition.id for edition in entry.editions)
            lines += wrap(f"editions  {', '.join(names)}", 80, "    ")
        if entry.document:
            lines += wrap(f"document  {visible(entry.document)} ({visible(entry.vendor)})", 80, "    ")
        lines += wrap(f"file      {visible(entry.file)}", 80, "    ")
    return lines


def _only(entry: model.Ruleset, edition: str) -> tuple[model.Edition, ...]:
    return tuple(one for one in entry.editions if one.id == edition)


def _show_text(entries: Sequence[model.Ruleset]) -> list[str]:
    return [line for entry in entries for line in _sheet_text(entry)]


def _sheet_text(entry: model.Ruleset) -> list[str]:

    lines = [visible(entry.title), *wrap(f"{visible(entry.document)} ({visible(entry.vendor)})", 80), ""]
    for note in entry.notes:
        lines += [*wrap(visible(note), 80, "  "), ""]
    for edition in entry.editions:
        lines += _edition_text(edition)
    if entry.services:
        lines += ["Legend", ""]
        lines += _legend(entry.services.values())
        lines.append("")
    for mode, words in entry.temporary_modes.items():
        lines += [*wrap(f"mode {mode} is for temporary use only: {visible(words)}", 80), ""]
    thoughts = _thoughts(entry)
    if thoughts:
        lines += ["Interpretation (ours; the document does not say it)", ""]
        for subject, thought in thoughts:
            lines += wrap(
                f"{subject}: {visible(thought.what)} Reason: {visible(thought.reason)}", 80, "  ", "      "
            )
        lines.append("")
    for item in entry.background:
        lines += wrap(
            f"background: {item.protocol} ({item.when}): {visible(item.reason)}", 80, "  ", "      "
        )
    return lines


def _edition_text(edition: model.Edition) -> list[str]:
    """One table of a sheet with its scope and its notes."""
    lines = wrap(f"{edition.subject} {edition.id}: {visible(edition.section)}", 80)
    scope = f"versions {edition.versions}" if edition.versions else f"mode {edition.mode or 'any'}"
    lines.append(f"  {scope}")
    for note in edition.notes:
        lines += wrap(f"({visible(note)})", 80, "  ")
    for role, versions in edition.works_with.items():
        lines += wrap(f"for use with {role} {versions}", 80, "  ")
    lines += ["", *sheet.table(_places(edition), edition.columns), ""]
    for gone in edition.retired:
        lines += wrap(
            f"retired: {gone.transport.upper()} {gone.port} {visible(gone.name)} "
            f"since {visible(gone.since)}: {visible(gone.reason)}",
            80,
            "  ",
        )
    if edition.retired:
        lines.append("")
    return lines


def _places(edition: model.Edition) -> list[tuple[str, str, int]]:
    return [
        *(("incoming", transport, port) for transport, port in edition.incoming),
        *(("outgoing", transport, port) for transport, port in edition.outgoing),
    ]


def _legend(services: Iterable[model.Service]) -> list[str]:
    """Ports with the legend's words and when they are due, one line for each run of alike ports."""
    lines: list[str] = []
    for service in services:
        lines += wrap(
            f"{service.transport.upper()} {service.port:<6} {visible(service.name)}  [{service.activity}]",
            80,
            "  ",
        )
    return lines


def _thoughts(entry: model.Ruleset) -> list[tuple[str, model.Interpretation]]:
    """Interpretations with what they are about, each said once."""
    found: dict[tuple[str, str], list[str]] = {}
    for service in entry.services.values():
        for thought in service.interpretations:
            about = found.setdefault((thought.what, thought.reason), [])
            about.append(f"{service.transport.upper()} {service.port}")
    for edition in entry.editions:
        for thought in edition.interpretations:
            found.setdefault((thought.what, thought.reason), []).append(f"{edition.subject} {edition.id}")
    return [(", ".join(about), model.Interpretation(*key)) for key, about in found.items()]


def _interpretations(entries: Iterable[model.Interpretation]) -> list[dict[str, str]]:
    return [{"what": entry.what, "reason": entry.reason} for entry in entries]


def _document(entry: model.Ruleset) -> dict[str, Any]:
    """A ruleset as JSON."""
    return {
        "name": entry.name,
        "title": entry.title,
        "vendor": entry.vendor,
        "document": entry.document,
        "file": entry.file,
        "product": entry.product,
        "subjects": list(entry.subjects),
        "notes": list(entry.notes),
        "services": [
            {
                "transport": service.transport,
                "port": service.port,
                "name": service.name,
                "protocol": service.protocol,
                "activity": service.activity,
                "reply": service.reply,
                "due_with": sorted(service.due_with),
                "pool": service.pool,
                "interpretations": _interpretations(service.interpretations),
            }
            for service in entry.services.values()
        ],
        "editions": [
            {
                "id": edition.id,
                "subject": edition.subject,
                "section": edition.section,
                "versions": edition.versions or None,
                "mode": edition.mode or None,
                "works_with": dict(edition.works_with),
                "notes": list(edition.notes),
                "incoming": _ports(edition.incoming),
                "outgoing": _ports(edition.outgoing),
                "retired": [
                    {"transport": gone.transport, "port": gone.port, "name": gone.name, "since": gone.since}
                    for gone in edition.retired
                ],
                "interpretations": _interpretations(edition.interpretations),
            }
            for edition in entry.editions
        ],
        "temporary_modes": dict(entry.temporary_modes),
        "background": [
            {"protocol": item.protocol, "when": item.when, "reason": item.reason} for item in entry.background
        ],
    }


def _ports(places: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    ports: dict[str, list[int]] = {"tcp": [], "udp": []}
    for transport, port in places:
        ports.setdefault(transport, []).append(port)
    return ports
