"""Antivirus exclusions of a version: which the sheet asks for, and which an export lacks."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer import versions
from analyzer.errors import CaptureError, UsageError
from analyzer.model import Cause, Host, Ruleset

SIZE_LIMIT: Final = 16_000_000
"""Bytes of an export that are read; a real one has some thousand."""
MARKS: Final = (
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
"""Byte order marks: Windows PowerShell writes ``>`` as UTF-16, newer versions as UTF-8."""
HIDDEN: Final = "must be an administrator"
"""What the preferences hold instead of the exclusions where the user may not see them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the sheet asks for. ``conditional`` are ``(process, role)`` left out: no such role is used."""

    version: str
    versions: str
    document: str
    section: str
    paths: tuple[str, ...]
    processes: tuple[str, ...]
    conditional: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """One entry that an export lacks. ``covered`` names the entry that holds it all the same."""

    entry: str
    covered: str = ""


def wanted(sheets: Sequence[Ruleset], version: str, roles: Iterable[str] = ()) -> Wanted:
    """The exclusions of the sheet that speaks of ``version``; ``roles`` are those present on the site.

    Raises :class:`analyzer.errors.UsageError` for what is no version, and for one that no sheet covers.
    """
    present = frozenset(roles)
    known: list[str] = []
    for sheet in sheets:
        for entry in sheet.exclusions:
            known.append(entry.versions)
            try:
                fits = versions.matches(version, entry.versions)
            except ValueError as error:
                raise UsageError(f"--version {version}: {error}") from error
            if fits:
                left = {process: role for process, role in entry.conditional.items() if role not in present}
                return Wanted(
                    version=version,
                    versions=entry.versions,
                    document=sheet.document,
                    section=entry.section,
                    paths=entry.paths,
                    processes=tuple(
                        name for name in _all(entry.processes, entry.conditional) if name not in left
                    ),
                    conditional=tuple(left.items()),
                )
    raise UsageError(
        f"--version {version}: no sheet states exclusions for it, only for {' and '.join(known)}"
    )


def _all(processes: Iterable[str], conditional: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*conditional, *processes)))


def read_preferences(data: bytes, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(paths, processes)`` excluded by an export of ``Get-MpPreference | ConvertTo-Json``.

    Raises :class:`analyzer.errors.CaptureError` for what is no such export, naming the file.
    """
    import json  # noqa: PLC0415 - a check asks this module for advice only

    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), "utf-8")
    try:
        found: Any = json.loads(data[:SIZE_LIMIT].decode(encoding))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise CaptureError(f"{name}: is no JSON as ConvertTo-Json writes it ({error})") from error
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict) or not {"ExclusionPath", "ExclusionProcess"} & set(found):
        raise CaptureError(
            f"{name}: has neither ExclusionPath nor ExclusionProcess: not an export of Get-MpPreference"
        )
    paths, processes = (_strings(found.get(key)) for key in ("ExclusionPath", "ExclusionProcess"))
    if any(HIDDEN in entry.lower() for entry in (*paths, *processes)):
        raise CaptureError(
            f"{name}: was exported without the right to see exclusions: run it as administrator"
        )
    return paths, processes


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):  # ConvertTo-Json of some versions wraps a collection
        value = value.get("value")
    if isinstance(value, str):
        return (value,)
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def compare(
    asked: Wanted, paths: Sequence[str], processes: Sequence[str]
) -> tuple[tuple[Missing, ...], tuple[Missing, ...]]:
    """``(paths, processes)`` that are asked for and not excluded; case and a last backslash do not matter."""
    held = {_plain(path): path for path in paths}
    running = [_plain(process) for process in processes]
    return (
        tuple(Missing(path, _parent(path, held)) for path in asked.paths if not _holds(held, _plain(path))),
        tuple(Missing(process) for process in asked.processes if not _runs(running, _plain(process))),
    )


def _plain(entry: str) -> str:
    return entry.strip().strip('"').replace("/", "\\").rstrip("\\").lower()


def _holds(held: Iterable[str], path: str) -> bool:
    return any(entry in (path, f"{path}\\*") for entry in held)


def _runs(running: Iterable[str], process: str) -> bool:
    """Whether a process is excluded by its path, by its bare name, or by a pattern."""
    name = process.rpartition("\\")[2]
    return any(
        entry in (process, name) or ("*" in entry and fnmatch.fnmatchcase(process, entry))
        for entry in running
    )


def _parent(path: str, held: dict[str, str]) -> str:
    """The excluded folder that holds ``path``, empty if none does."""
    folder = _plain(path)
    while "\\" in folder:
        folder = folder.rpartition("\\")[0]
        if folder in held:
            return held[folder]
    return ""


def silence(
    cause: Cause, hosts: Iterable[Host], sheets: Iterable[Ruleset], transport: str = "udp", port: int = 69
) -> str:
    """What to ask, in order, where a Windows host whose sheet names exclusions stays silent on a port."""
    if cause is not Cause.NO_RESPONSE:
        return ""
    subjects = {subject for sheet in sheets if sheet.exclusions for subject in sheet.subjects}
    host = next((host for host in hosts if subjects & set(host.roles)), None)
    if host is None:
        return ""
    version = host.version or "V"
    command = "Get-NetUDPEndpoint" if transport == "udp" else "Get-NetTCPConnection"
    return (
        "On this Windows host a stopped service, a service held by antivirus software and a closed port all "
        "look like silence. (1) Get-Service Igor*: do its services run, and does the antivirus have their "
        f"exclusions (portmatrix exclusions --version {version} --check FILE)? (2) {command} "
        f"-LocalPort {port}: if it lists a process, the host firewall is next "
        f"(Get-NetFirewallProfile). (3) netsh "
        f"int ipv4 show excludedportrange protocol={transport}: is a port of the sheet reserved? (4) "
        f"A capture on the "
        "host itself: if the request is not in it, the path drops it."
    )
