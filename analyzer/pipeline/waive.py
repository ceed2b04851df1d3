"""From a finding to an entry of the site file: report or captures → what it is about → text of the file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from analyzer import addresses, documents, rulesets, site
from analyzer.errors import DocumentError, UsageError
from analyzer.findings.waivers import Waivers
from analyzer.model import FindingKind, Progress, Report, Site
from analyzer.pipeline.options import Options
from analyzer.waive import INSTEAD, WAIVABLE, Relation, entries, insert

SCHEMA: Final = "portmatrix.report/1"
NOT_A_REPORT: Final = "is no report of 'portmatrix check --format json'"


@dataclass(frozen=True)
class Waiver:
    """What the site file becomes.

    ``before`` and ``after`` are its bytes, ``line`` is that of the first entry, ``entries`` are the entries
    as YAML. ``flows`` counts the flows of the report that they cover; ``also`` are the ids of other findings
    about these flows: a waiver covers a flow with all its faults.
    """

    before: bytes
    after: bytes
    line: int
    entries: tuple[str, ...]
    flows: int
    also: tuple[str, ...]


@dataclass(frozen=True)
class _Told:
    """The findings of a report, and who opens what in each of its flows (legs of a transfer left out)."""

    findings: Mapping[str, tuple[str, str, tuple[str, ...]]]
    """Id → kind, the waiver that covers it or nothing, its flows."""
    relations: Mapping[str, Relation]


def waive(
    options: Options,
    finding: str,
    reason: str,
    owner: str,
    until: datetime.date | None = None,
    progress: Progress | None = None,
    today: datetime.date | None = None,
) -> Waiver:
    """The site file of ``options`` with entries that cover ``finding``; nothing is written.

    ``options.sources`` is one report (``check --format json``), or captures, which are judged with the site
    file. Raises :class:`analyzer.errors.PortmatrixError`: no such finding, one that no entry can cover or
    that is covered already, an end that has passed, a site file that cannot be used or that has no room for
    the entries.
    """
    path = options.site
    if path is None:
        raise UsageError("--site: which site file is it to go into?")
    today = today or datetime.date.today()
    reason, owner = (" ".join(text.split()) for text in (reason, owner))
    for name, text in (("--reason", reason), ("--owner", owner)):
        if not text:
            raise UsageError(f"{name}: must not be empty")
    if until is not None and until <= today:
        raise UsageError(f"--until {until}: is not in the future")
    sheets = rulesets.load(options.rules)
    names = rulesets.roles(sheets), rulesets.modes(sheets)
    place = site.load(path, *names)
    told = _told(options, progress)
    kind, waived, flows = _about(told, finding)
    if waived:
        raise UsageError(f"{finding}: is waived already: {waived}")
    if kind not in WAIVABLE:
        why = INSTEAD.get(kind, "it is not about a flow, which is what an allow entry covers")
        raise UsageError(f"{finding}: cannot be waived: {why}")
    relations = {told.relations[flow] for flow in flows if flow in told.relations}
    before = Waivers(place, today)
    open_ = {relation for relation in relations if not _covered(before, relation)}
    if not open_:
        raise UsageError(f"{finding}: is waived already in {path}")
    try:
        found = entries(open_, place.hosts)
        written = tuple(entry.written(reason, owner, until) for entry in found)
        old = Path(path).read_bytes()
        text, line = insert(old.decode(), written)
    except UsageError as error:
        raise UsageError(f"{path}: {finding}: {error}") from error
    after = _reread(text, path, names, place, len(written))
    if after is None or not all(_covered(Waivers(after, today), relation) for relation in open_):
        raise UsageError(
            f"{path}: would not say it after the change, so it was left as it is; add by hand: - {written[0]}"
        )
    now = Waivers(after, today)
    newly = {flow for flow, one in told.relations.items() if _covered(now, one) and not _covered(before, one)}
    return Waiver(
        before=old,
        after=text.encode(),
        line=line,
        entries=written,
        flows=len(newly),
        also=tuple(
            other
            for other, (other_kind, done, held) in told.findings.items()
            if other != finding and other_kind in WAIVABLE and not done and newly & set(held)
        ),
    )


def _reread(
    text: str, path: str, names: tuple[frozenset[str], site.Modes], place: Site, added: int
) -> Site | None:
    """The site that the new text declares: the old one with entries added at the end, else None."""
    try:
        after = site.parse(text.removeprefix("\ufeff").replace("\r\n", "\n"), path, *names)
    except DocumentError:
        return None
    kept = len(place.allow)
    same = replace(after, allow=after.allow[:kept]) == place
    return after if same and len(after.allow) >= kept + added else None


def _covered(waivers: Waivers, relation: Relation) -> bool:
    return (
        waivers.allowing(relation.source, relation.target, relation.transport, relation.port or 0) is not None
    )


def _about(told: _Told, finding: str) -> tuple[str, str, tuple[str, ...]]:
    found = told.findings.get(finding)
    if found is None:
        near = documents.nearest(finding, told.findings)
        hint = f" ({near})" if near else ""
        raise UsageError(
            f"{documents.quote(finding)}: no such finding{hint}; a waived one has another id than before"
        )
    return found


# ---------------------------------------------------------------- report or captures


def _told(options: Options, progress: Progress | None) -> _Told:
    first = options.sources[0]
    if len(options.sources) == 1 and _is_json(first):
        return _from_json(first)
    from analyzer.pipeline import check  # noqa: PLC0415 - the package imports this module

    return _from_report(check(options, progress))


def _is_json(path: str) -> bool:
    """Whether a file begins as a JSON object does; no capture format does."""
    try:
        with open(path, "rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    except (OSError, ValueError):
        return False


def _from_report(report: Report) -> _Told:
    return _Told(
        {finding.id: (finding.kind.value, finding.waived, finding.flows) for finding in report.findings},
        {
            flow.id: Relation(
                addresses.parse(flow.originator.address),
                addresses.parse(flow.responder.address),
                flow.transport,
                flow.responder.port,
            )
            for flow in report.flows
            if flow.parent is None
        },
    )


def _from_json(path: str) -> _Told:
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {NOT_A_REPORT}: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f"{path}: {NOT_A_REPORT}")
    try:
        return _Told(
            {str(entry["id"]): _finding(entry) for entry in document["findings"]},
            {str(entry["id"]): _relation(entry) for entry in document["flows"] if entry["parent"] is None},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: {NOT_A_REPORT}: {type(error).__name__} {error}") from error


def _finding(entry: Any) -> tuple[str, str, tuple[str, ...]]:
    return FindingKind(entry["kind"]).value, str(entry["waived"] or ""), tuple(map(str, entry["flows"]))


def _relation(entry: Any) -> Relation:
    source, target = entry["originator"], entry["responder"]
    return Relation(
        addresses.parse(source["address"]),
        addresses.parse(target["address"]),
        str(entry["transport"]),
        None if target["port"] is None else int(target["port"]),
    )
