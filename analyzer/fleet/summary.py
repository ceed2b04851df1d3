"""One page over all sites: the worst first, shared faults as one line, what is new, who is silent."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from analyzer.fleet.plan import UNASSIGNED, Plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import Account
from analyzer.report.digest import some
from analyzer.report.layout import number, plural
from analyzer.report.neutral import visible

SILENT_DAYS: Final = 7
"""A site whose latest capture is this much older than the latest of all has no news."""
TITLE: Final = 200
"""Characters of a finding's title on the page."""


class SiteLine(NamedTuple):
    """What is known of one site. ``last`` is the day of its latest capture, empty without any."""

    site: str
    captures: int
    last: str
    violations: int
    warnings: int
    problems: int
    failed: int
    """Captures that could not be analysed in this run."""
    worst: str
    """Title of its gravest finding, empty where there is none."""
    judged: int
    """Captures with traffic about which a sheet says something."""


class Shared(NamedTuple):
    """One fault of several sites."""

    cause: str
    severity: str
    sites: tuple[str, ...]
    title: str


class Fresh(NamedTuple):
    """A finding that the run before did not have."""

    site: str
    id: str
    severity: str
    title: str
    cause: str


class Summary(NamedTuple):
    """The page's facts. ``sites`` are ordered worst first; ``failed``, ``damaged``: a capture and why."""

    sites: tuple[SiteLine, ...]
    shared: tuple[Shared, ...]
    fresh: tuple[Fresh, ...] | None
    """None in a first run: there is nothing to compare with."""
    silent: tuple[tuple[str, str], ...]
    """Sites without news, and the day of their latest capture."""
    damaged: tuple[tuple[str, str], ...]
    """Captures that were analysed as far as they go, and what is wrong with each."""
    failed: tuple[tuple[str, str], ...]
    done: int
    known: int
    passed: int

    @property
    def compliant(self) -> bool:
        """No site has a violation."""
        return not any(line.violations for line in self.sites)


_RANK: Final = "array_position(['violation', 'warning', 'note'], severity)"
_SITES: Final = f"""
WITH seen AS (
    SELECT site, count(*) AS captures, coalesce(max(nullif(day, 'undated')), '') AS last,
           sum(damaged::INT) AS problems, sum(coalesce(judged, true)::INT) AS judged
    FROM held GROUP BY site
), grave AS (
    SELECT site, count(DISTINCT id) FILTER (severity = 'violation') AS violations,
           count(DISTINCT id) FILTER (severity = 'warning') AS warnings, min_by(title, {_RANK}) AS worst
    FROM found GROUP BY site
)
SELECT site, captures, last, coalesce(violations, 0), coalesce(warnings, 0), problems, 0, coalesce(worst, ''),
       judged
FROM seen LEFT JOIN grave USING (site)
ORDER BY 4 DESC, 5 DESC, site
"""
_SHARED: Final = f"""
SELECT cause, min_by(severity, {_RANK}), list(DISTINCT site ORDER BY site), min(title)
FROM found WHERE severity <> 'note' AND site <> '{UNASSIGNED}'
GROUP BY cause HAVING count(DISTINCT site) > 1
ORDER BY count(DISTINCT site) DESC, cause
"""
_FINDINGS: Final = f"""
SELECT site, id, min_by(severity, {_RANK}), min(title), min(cause)
FROM found WHERE severity <> 'note' GROUP BY site, id ORDER BY 1, 2
"""


_DAMAGED: Final = (
    "SELECT capture, source, list_aggregate(problems, 'string_agg', '; ') FROM held WHERE damaged"
)


def summarise(results: Results, plan: Plan, account: Account, known: int) -> tuple[Summary, list[Any]]:
    """The summary of everything in ``results``, and the findings that the next run compares with."""
    # What is found wrong with a site today is found on its latest day. What was mended is history.
    with results.overview() as database:
        lines = [SiteLine(*row) for row in database.execute(_SITES).fetchall()]
        damaged = database.execute(_DAMAGED).fetchall()
        faults = database.execute(_SHARED).fetchall()
        findings = database.execute(_FINDINGS).fetchall()
    lost = Counter(failure.job.site for failure in account.failed)
    lines = [line._replace(failed=lost.pop(line.site, 0)) for line in lines]
    lines += [SiteLine(site, 0, "", 0, 0, 0, count, "", 0) for site, count in sorted(lost.items())]
    current = {job.key for job in plan.jobs}
    before = _before(results.runs())
    fresh = None
    if before is not None:
        fresh = tuple(Fresh(*row) for row in findings if (row[0], row[1]) not in before)
    seen = {line.site: line.last for line in lines}
    newest = max(seen.values(), default="")
    silent = [(site, seen.get(site, "")) for site in sorted({*plan.sites, *seen})]
    summary = Summary(
        tuple(lines),
        tuple(Shared(cause, severity, tuple(sites), title) for cause, severity, sites, title in faults),
        fresh,
        tuple((site, last) for site, last in silent if _old(last, newest)),
        tuple(sorted((source, problems) for key, source, problems in damaged if key in current)),
        tuple(sorted((failure.job.path, failure.reason) for failure in account.failed)),
        len(account.done),
        known,
        len(account.passed),
    )
    return summary, [list(row[:2]) for row in findings]


def _before(runs: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]] | None:
    if not runs:
        return None
    listed = runs[-1].get("findings")
    if not isinstance(listed, list):
        return None
    return {(str(entry[0]), str(entry[1])) for entry in listed if isinstance(entry, list) and len(entry) == 2}


def _old(last: str, newest: str) -> bool:
    if not last or not newest:
        return True
    days = datetime.date.fromisoformat(newest) - datetime.date.fromisoformat(last)
    return days.days >= SILENT_DAYS


def page(summary: Summary) -> list[str]:
    """The page as lines of text, strangers' bytes made visible."""
    sections = [_head(summary)]
    for title, lines in (
        ("Sites, the worst first", _sites(summary)),
        ("Faults that sites share", _faults(summary)),
        ("New since the last run", _fresh(summary)),
        ("Sites without news", _silent(summary)),
        ("Captures that are damaged, analysed as far as they go", _listed(summary.damaged)),
        ("Captures that could not be analysed", _listed(summary.failed)),
    ):
        if lines:
            sections.append([title, *(f"  {line}" for line in lines)])
    return "\n\n".join("\n".join(section) for section in sections).split("\n")


def _head(summary: Summary) -> list[str]:
    analysed = sum(line.captures > 0 for line in summary.sites)
    judged = sum(line.judged > 0 for line in summary.sites)
    bad = sum(line.violations > 0 for line in summary.sites)
    if not analysed:
        verdict = "NO RESULT: no capture was analysed"
    elif bad:
        verdict = f"NOT COMPLIANT: {number(bad)} of {plural(analysed, 'site')} with violations"
    elif not judged:
        verdict = f"NOTHING JUDGED: no sheet speaks about the traffic of {plural(analysed, 'site')}"
    else:
        verdict = f"COMPLIANT: {plural(judged, 'site')}, no violation"
        if judged < analysed:
            verdict += f"; nothing judged at {number(analysed - judged)} more"
    held = [f"{plural(summary.done, 'capture')} analysed", f"{number(summary.known)} known from earlier runs"]
    if summary.passed:
        held.append(f"{plural(summary.passed, 'other file')} passed over")
    if summary.damaged:
        held.append(f"{number(len(summary.damaged))} damaged")
    if summary.failed:
        held.append(f"{number(len(summary.failed))} FAILED")
    return [verdict, ", ".join(held)]


def _sites(summary: Summary) -> list[str]:
    wide = max((len(line.site) for line in summary.sites), default=0)
    lines, quiet = [], []
    for line in summary.sites:
        said = [
            f"{number(count)} {word}"
            for count, word in ((line.problems, "damaged"), (line.failed, "FAILED"))
            if count
        ]
        if line.captures and not line.judged:
            said.append("nothing judged")
        if not (line.violations or line.warnings or said):
            quiet.append(line.site)
            continue
        said = [plural(line.violations, "violation"), plural(line.warnings, "warning"), *said]
        captures = f"{plural(line.captures, 'capture')}, last {line.last or 'undated'}"
        lines.append(f"{line.site:<{wide}}  {', '.join(said)}; {captures if line.captures else 'no capture'}")
        if line.worst:
            lines.append(f"{'':<{wide}}  {visible(line.worst, TITLE)}")
    if quiet:
        lines.append(f"without violation, warning or damage: {_named(quiet)}")
    return lines


def _faults(summary: Summary) -> list[str]:
    lines = []
    for fault in summary.shared:
        lines += _together(fault.severity, fault.sites, fault.cause, fault.title)
    return lines


def _fresh(summary: Summary) -> list[str]:
    """What is new; the same at several sites is one entry."""
    if summary.fresh is None:
        return []
    alike: dict[str, list[Fresh]] = {}
    for one in summary.fresh:
        alike.setdefault(one.cause, []).append(one)
    lines = []
    for found in sorted(
        alike.values(), key=lambda found: (-len({one.site for one in found}), found[0].cause)
    ):
        sites = list(dict.fromkeys(one.site for one in found))
        if len(sites) > 1:
            lines += _together(found[0].severity, sites, found[0].cause, found[0].title)
        else:
            lines += [f"{one.site}: {one.severity}: {visible(one.title, TITLE)} [{one.id}]" for one in found]
    return lines or ["nothing"]


def _together(severity: str, sites: Sequence[str], cause: str, title: str) -> list[str]:
    return [f"{severity}: {_named(sites)}: {visible(cause)}", f"  for example: {visible(title, TITLE)}"]


def _named(sites: Sequence[str]) -> str:
    return f"{plural(len(sites), 'site')} ({some(sites, 6)})"


def _silent(summary: Summary) -> list[str]:
    """Sites that sent nothing at all are one line."""
    lines = [f"{site}: last capture {last}" for site, last in summary.silent if last]
    never = [site for site, last in summary.silent if not last]
    return [*lines, f"no capture: {_named(never)}"] if never else lines


def _listed(captures: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{visible(path)}: {visible(reason, 300)}" for path, reason in captures]
