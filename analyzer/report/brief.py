"""The first screen of a report, whatever the format: what to do first, and what the report cannot say.

Facts only, as plain values; each renderer makes them harmless and lays them out in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from analyzer.model import Report, Severity, Status, Verdict
from analyzer.report.digest import undeclared, unseen
from analyzer.report.layout import number, plural

FIRST: Final = 3
"""Things to do that a first screen names: more are a list, and nobody starts with a list."""


class Todo(NamedTuple):
    """Something to do. ``finding`` is the id of the finding that asks for it, empty for none."""

    title: str
    advice: str
    finding: str = ""
    severity: Severity | None = None


def todo(report: Report, most: int = FIRST) -> list[Todo]:
    """The first ``most`` things to do: what the findings ask for, then what a better capture needs."""
    found = [
        Todo(finding.title, finding.advice or finding.detail, finding.id, finding.severity)
        for severity in (Severity.VIOLATION, Severity.WARNING)
        for finding in report.findings
        if finding.severity is severity and not finding.waived
    ]
    if not report.site.declared and report.hosts:
        found.append(
            Todo(
                "Declare who is who, and check again",
                "Roles are inferred from the traffic. With a site file (--site) or --host the same capture "
                "gives a verdict.",
            )
        )
    if not any(info.packets for info in report.captures):
        found.append(
            Todo("Capture again", "This capture holds no packets: look at interface, filter and mirror port.")
        )
    missed = Counter(result.reason for result in report.rows if result.status is Status.NOT_OBSERVABLE)
    found += [
        Todo(
            f"Capture again to see {plural(count, 'more row')}",
            f"This capture could not show them: {reason}.",
        )
        for reason, count in missed.most_common(1)
    ]
    return found[:most]


def limits(report: Report, verdicts: Mapping[Verdict, int]) -> list[str]:
    """What this report cannot say, a sentence each; damage and filters are told in strangers' text."""
    found = [undeclared(report)] if report.hosts and not report.site.declared else []
    for info in report.captures:
        for problem in info.problems:
            where = f" at frame {problem.frame}" if problem.frame else ""
            times = f", {number(problem.count)} times" if problem.count > 1 and not problem.lost else ""
            label = "damage" if problem.damage else "left out"
            found.append(f"{info.path}: {label}: {problem.code}{where}{times}: {problem.told}")
    if report.undecoded:
        reasons = ", ".join(f"{reason} {number(count)}" for reason, count in report.undecoded.items())
        found.append(f"frames not decoded to the end: {reasons}")
    found += unseen(report)
    doubtful = verdicts.get(Verdict.REVIEW, 0)
    if doubtful:
        found.append(f"{plural(doubtful, 'flow')} not judged: who opened it, or a role, is only a guess")
    return found
