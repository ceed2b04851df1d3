"""The first screen of a report, whatever the format: the verdict in words, what to do first, what limits it.

Facts only, as plain values; each renderer makes them harmless and lays them out in its own way.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from analyzer.model import Edition, Finding, Report, Severity, Status, Verdict
from analyzer.report.layout import number, plural

FIRST: Final = 3
"""Things to do that a first screen names: more are a list, and nobody starts with a list."""

SPOKEN: Final = (Verdict.EXPECTED, Verdict.DISPUTED, Verdict.UNEXPECTED)
"""Verdicts that a sheet gave."""

VERDICTS: Final = (
    Verdict.UNEXPECTED,
    Verdict.DISPUTED,
    Verdict.REVIEW,
    Verdict.EXPECTED,
    Verdict.INFRASTRUCTURE,
    Verdict.OUT_OF_SCOPE,
)
"""In the order in which a reader wants them."""

INFERRED: Final = (
    "Roles are inferred from the traffic, so nothing here is more than a warning. "
    "Declare them with --site or --host for a verdict."
)


class Mark(NamedTuple):
    """A status for the eye: a character, its ASCII stand-in, the words of the legend."""

    sign: str
    ascii: str
    words: str


MARKS: Final[Mapping[Status, Mark]] = {
    Status.WORKING: Mark("\u2713", "+", "working"),
    Status.FAILING: Mark("!", "!", "failing"),
    Status.MISSING: Mark("x", "x", "missing"),
    Status.ONE_WAY: Mark("~", "~", "one-way"),
    Status.NOT_OBSERVABLE: Mark("?", "?", "not observable here"),
    Status.NOT_EXERCISED: Mark("-", "-", "not exercised"),
    Status.NOT_APPLICABLE: Mark(".", ".", "not applicable"),
}


class Level(enum.StrEnum):
    """How the verdict is to be taken."""

    BAD = "bad"
    CARE = "care"
    GOOD = "good"
    NONE = "none"


class Headline(NamedTuple):
    """The verdict: ``words`` are the answer, ``said`` goes on behind a colon."""

    level: Level
    words: str
    said: str


class Todo(NamedTuple):
    """Something to do. ``finding`` is the id of the finding that asks for it, empty for none."""

    title: str
    advice: str
    finding: str = ""
    severity: Severity | None = None


def counted(findings: Sequence[Finding]) -> str:
    """``2 violations, 1 note``, empty without findings."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(plural(counts[severity], severity.value) for severity in Severity if counts[severity])


def headline(report: Report, verdicts: Mapping[Verdict, int]) -> Headline:
    """The verdict of ``report``; ``verdicts`` counts its flows."""
    said = counted(report.findings)
    more = f"; {said}" if said else ""
    if not report.compliant:
        return Headline(Level.BAD, "not compliant", said)
    if not any(info.packets for info in report.captures):
        return Headline(Level.NONE, "compliant", f"the capture holds no packets{more}")
    if not any(verdicts.get(verdict) for verdict in SPOKEN):
        # Silence must not pass for approval: no sheet had anything to say here.
        return Headline(Level.NONE, "nothing judged", f"no sheet speaks about this traffic{more}")
    warned = any(finding.severity is Severity.WARNING for finding in report.findings)
    return Headline(Level.CARE if warned else Level.GOOD, "compliant", f"no violation{more}")


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
                "Roles are inferred from the traffic. With a site file (--site) or --host the same capture gives "
                "a verdict.",
            )
        )
    if not any(info.packets for info in report.captures):
        found.append(
            Todo("Capture again", "This capture holds no packets: look at interface, filter and mirror port.")
        )
    unseen = Counter(result.reason for result in report.rows if result.status is Status.NOT_OBSERVABLE)
    found += [
        Todo(f"Capture again to see {plural(count, 'more row')}", f"This capture could not show them: {reason}.")
        for reason, count in unseen.most_common(1)
    ]
    return found[:most]


def limits(report: Report, verdicts: Mapping[Verdict, int]) -> list[str]:
    """What this report cannot say, a sentence each; holds strangers' text where a capture is damaged."""
    found = [] if report.site.declared or not report.hosts else [INFERRED]
    for info in report.captures:
        for problem in info.problems:
            where = f" at frame {problem.frame}" if problem.frame else ""
            times = f", {number(problem.count)} times" if problem.count > 1 else ""
            label = "damage" if problem.damage else "left out"
            found.append(f"{info.path}: {label}: {problem.code}{where}{times}: {problem.detail}")
    if report.undecoded:
        reasons = ", ".join(f"{reason} {number(count)}" for reason, count in report.undecoded.items())
        found.append(f"frames not decoded to the end: {reasons}")
    unseen = Counter(result.reason for result in report.rows if result.status is Status.NOT_OBSERVABLE)
    found += [f"{plural(count, 'row')} not observable: {reason}" for reason, count in unseen.most_common()]
    doubtful = verdicts.get(Verdict.REVIEW, 0)
    if doubtful:
        found.append(f"{plural(doubtful, 'flow')} not judged: who opened it, or a role, is only a guess")
    return found


def editions(report: Report) -> list[tuple[Edition, str]]:
    """The editions that apply here, with their document, in the order of the rows."""
    known = {
        (ruleset.name, edition.subject, edition.id): (edition, ruleset.document)
        for ruleset in report.rulesets
        for edition in ruleset.editions
    }
    keys = dict.fromkeys(
        (result.row.ruleset, result.row.subject, result.row.edition)
        for result in report.rows
        if result.status is not Status.NOT_APPLICABLE
    )
    return [known.get(key) or (Edition(key[2], key[1], "", (), ()), key[0]) for key in keys]
