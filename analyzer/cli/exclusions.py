"""``portmatrix exclusions``: what antivirus software has to leave alone on a gateway of a version."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, Final

import click

from analyzer.cli import options
from analyzer.cli.output import lines, refuse_inputs, say, whole_file
from analyzer.errors import CaptureError
from analyzer.report import by_ending
from analyzer.report.neutral import visible
from analyzer.version import VERSION

if TYPE_CHECKING:
    from analyzer.exclusions import Missing, Wanted

SCHEMA: Final = "portmatrix.exclusions/1"
ENDINGS: Final = {"": "text", ".txt": "text", ".json": "json", ".ps1": "powershell"}
BACNET: Final = "bacnet-system"


@click.command()
@click.option("--version", "version", metavar="V", required=True, help="Version of the gateway.")
@click.option("--bacnet", is_flag=True, help="A BACnet/IP system talks to the gateway.")
@options.site
@click.option(
    "--check",
    "preferences",
    metavar="FILE",
    help="Compare with an export of Get-MpPreference | ConvertTo-Json.",
)
@options.output("", *dict.fromkeys(ENDINGS.values()))
def exclusions(
    *,
    version: str,
    bacnet: bool,
    site: str | None,
    hosts: tuple[str, ...],
    rules: tuple[str, ...],
    preferences: str | None,
    format_name: str | None,
    target: str | None,
) -> int:
    """Antivirus path and process exclusions for a gateway version.

    The exclusions of the BACnet service belong to it only where a BACnet/IP system is used: with
    --bacnet, or a host of the role bacnet-system. With --check the exit code is 1 where one is missing.
    """
    from analyzer import exclusions as stage  # noqa: PLC0415 - --help must not load the stages
    from analyzer import rulesets  # noqa: PLC0415
    from analyzer import site as sites  # noqa: PLC0415

    format_name = by_ending(format_name, target, ENDINGS)
    refuse_inputs(target, (site, preferences, *rules))
    sheets = rulesets.load(rules)
    roles, modes = rulesets.roles(sheets), rulesets.modes(sheets)
    stated = sites.load(site, roles, modes) if site is not None else None
    place = sites.combine(stated, [sites.parse_host(option, roles, modes) for option in hosts], ())
    present = {role for host in place.hosts for role in host.roles} | ({BACNET} if bacnet else set())
    asked = stage.wanted(sheets, version, present)
    missing: tuple[tuple[Missing, ...], tuple[Missing, ...]] | None = None
    if preferences is not None:
        try:
            with open(preferences, "rb") as stream:
                data = stream.read(stage.SIZE_LIMIT + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CaptureError(f"{preferences}: {reason}") from error
        missing = stage.compare(asked, *stage.read_preferences(data, preferences))
    written = {"text": _text, "json": _json, "powershell": _powershell}[format_name](asked, missing)
    if target in (None, "-"):
        lines(written)
    else:
        with whole_file(str(target)) as out:
            _fill(out, written)
        say(f"{target} written ({format_name})")
    return 1 if missing is not None and any(missing) else 0


def _fill(out: IO[Any], written: list[str]) -> None:
    out.writelines(visible(line) + "\n" for line in written)


def _text(asked: Wanted, missing: Any) -> list[str]:
    if missing is not None:
        return _compared(asked, missing)
    written = [f"Antivirus exclusions for version {asked.version} ({asked.versions})"]
    written += [f"{asked.document}, {asked.section}", "", "Paths"]
    written += [f"  {path}" for path in asked.paths]
    written += ["", "Processes", *(f"  {process}" for process in asked.processes)]
    for role in dict.fromkeys(role for _, role in asked.conditional):
        written += ["", f"Only where a {role} is used (--bacnet lists them above)"]
        written += [f"  {process}" for process, other in asked.conditional if other == role]
    return written


def _compared(asked: Wanted, missing: Any) -> list[str]:
    paths, processes = missing
    count = len(paths) + len(processes)
    total = len(asked.paths) + len(asked.processes)
    if not count:
        return [f"COMPLETE: all {total} exclusions for version {asked.version} are set"]
    written = [f"MISSING: {count} of {total} exclusions for version {asked.version}", ""]
    for title, entries in (("Paths", paths), ("Processes", processes)):
        if entries:
            written.append(title)
            for entry in entries:
                note = (
                    f" (its folder {entry.covered} is excluded; the sheet lists it by itself)"
                    if entry.covered
                    else ""
                )
                written.append(f"  {entry.entry}{note}")
    return [*written, "", "--format powershell writes the commands that add them."]


def _json(asked: Wanted, missing: Any) -> list[str]:
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "tool": {"name": "portmatrix", "version": VERSION},
        "version": asked.version,
        "versions": asked.versions,
        "source": {"document": asked.document, "section": asked.section},
        "paths": list(asked.paths),
        "processes": list(asked.processes),
        "conditional": [{"process": process, "only_with": role} for process, role in asked.conditional],
    }
    if missing is not None:
        paths, processes = missing
        document["missing"] = {
            "paths": [entry.entry for entry in paths],
            "processes": [entry.entry for entry in processes],
        }
        document["complete"] = not (paths or processes)
    return json.dumps(document, indent=2).split("\n")


def _powershell(asked: Wanted, missing: Any) -> list[str]:
    """Commands for Microsoft Defender: of everything, or of what is missing."""
    paths, processes = asked.paths, asked.processes
    if missing is not None:
        paths, processes = (tuple(entry.entry for entry in entries) for entries in missing)
    written = [
        f"# Antivirus exclusions for version {asked.version} ({asked.versions})",
        f"# {asked.document}, {asked.section}",
        "# Run as administrator.",
    ]
    written += [f"Add-MpPreference -ExclusionPath {_quoted(path)}" for path in paths]
    written += [f"Add-MpPreference -ExclusionProcess {_quoted(process)}" for process in processes]
    for process, role in asked.conditional if missing is None else ():
        written += [
            f"# Only where a {role} is used:",
            f"# Add-MpPreference -ExclusionProcess {_quoted(process)}",
        ]
    return written


def _quoted(text: str) -> str:
    """A literal string of PowerShell, which doubles quotes; it takes typographic quotes for quotes too."""
    for quote in ("'", "\u2018", "\u2019", "\u201a", "\u201b"):
        text = text.replace(quote, quote * 2)
    return f"'{text}'"


COMMAND = exclusions
