"""What every format for readers says: the verdict in words, the sheets, what is unproven, who talks.

Renderers lay these facts out, each in its own way, and make strangers' text harmless themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from analyzer import model
from analyzer.model import (
    SPOKEN,
    CaptureInfo,
    Edition,
    Endpoint,
    FlowRecord,
    Records,
    Severity,
    Status,
    TransferOutcome,
    Verdict,
)
from analyzer.report.layout import duration, number, plural, size
from analyzer.report.moment import timestamp

STATUS_WORDS: Final = {status: status.value for status in Status} | {
    Status.NOT_OBSERVABLE: "not observable here",
    Status.NOT_EXERCISED: "not exercised",
    Status.NOT_APPLICABLE: "not applicable",
}
VERDICT_ORDER: Final = (
    Verdict.UNEXPECTED,
    Verdict.DISPUTED,
    Verdict.REVIEW,
    Verdict.EXPECTED,
    Verdict.INFRASTRUCTURE,
    Verdict.OUT_OF_SCOPE,
)
"""What a reader looks for first."""
FOLDED: Final = "folded-flows"
"""What a capture that was followed for days tells of flows that others stand for."""
FEW: Final = 3
"""Groups of flows that are shown of every verdict."""

INFERRED: Final = (
    "Roles are inferred from the traffic, so nothing here is more than a warning. "
    "Declare them with --site or --host for a verdict."
)


UNDECLARED: Final = "Say who is who with --site or --host; portmatrix survey proposes it from a capture."


class Headline(NamedTuple):
    """The verdict: one word or two, and what it rests on. ``tone`` tells a failure from silence."""

    word: Literal["NOT COMPLIANT", "COMPLIANT", "NOTHING JUDGED"]
    detail: str
    tone: Literal["bad", "good", "neutral"]

    def __str__(self) -> str:
        return f"{self.word}: {self.detail}"


def judged(report: model.Report) -> bool:
    """Whether a sheet has something to say about any of the traffic."""
    return not SPOKEN.isdisjoint(Records.of(report.flows).verdicts())


def headline(report: model.Report) -> Headline:
    """The verdict on ``report``. Silence does not pass for approval: maybe no sheet had anything to say."""
    counted = Counter(finding.severity for finding in report.findings)
    said = ", ".join(plural(counted[severity], severity.value) for severity in Severity if counted[severity])
    more = f"; {said}" if said else ""
    if not report.compliant:
        return Headline("NOT COMPLIANT", said, "bad")
    if not any(info.packets for info in report.captures):
        return Headline("NOTHING JUDGED", f"the capture holds no packets{more}", "neutral")
    if not judged(report):
        if not report.site.declared:
            return Headline("NOTHING JUDGED", f"no host is known as equipment of a sheet{more}", "neutral")
        return Headline("NOTHING JUDGED", f"no sheet speaks about this traffic{more}", "neutral")
    if not report.site.declared:
        return Headline("COMPLIANT", f"as far as inferred roles can tell{more}", "neutral")
    if report.half_shown:
        return Headline("COMPLIANT", f"no violation in what this capture shows{more}", "neutral")
    return Headline("COMPLIANT", f"no violation{more}", "good")


def undeclared(report: model.Report) -> str:
    """What follows from a site that nobody declared, in a sentence; empty for one that is declared."""
    if report.site.declared:
        return ""
    return INFERRED if report.hosts else UNDECLARED


def tallies(report: model.Report) -> list[tuple[str, str]]:
    """``("Flows", "3 unexpected, …")``, the same of rows and transfers; none of what there is nothing of."""
    flows = Counter({word.value: count for word, count in Records.of(report.flows).verdicts().items()})
    rows = Counter(result.status.value for result in report.rows)
    transfers: Counter[str] = Counter()
    for entry in report.transfers:
        transfers[entry.outcome.value] += entry.counts
    lines = []
    for label, words, counted in (
        ("Flows", VERDICT_ORDER, flows),
        ("Rows", tuple(Status), rows),
        ("Transfers", tuple(TransferOutcome), transfers),
    ):
        held = [f"{number(counted[word.value])} {word.value}" for word in words if counted[word.value]]
        if held:
            more = _folded(report) if label == "Flows" else ""
            lines.append((label, ", ".join(held) + more))
    return lines


def _folded(report: model.Report) -> str:
    """What the numbers of flows leave out where a capture was followed for days."""
    problems = (problem for info in report.captures for problem in info.problems)
    count = sum(problem.count for problem in problems if problem.code == FOLDED)
    return f"; {number(count)} more of the same kinds are folded into these" if count else ""


def unseen(report: model.Report) -> list[str]:
    """What the capture could not show of this site, a sentence each, the gravest first.

    The capture filter is a stranger's text.
    """
    said = []
    if report.half_shown:
        spoken = sum(count for word, count in Records.of(report.flows).verdicts().items() if word in SPOKEN)
        said.append(
            f"One direction only: this capture holds one direction of {number(report.half_shown)} of "
            f"{plural(spoken, 'judged flow')}, and cannot tell whether they are answered"
        )
    stated = dict.fromkeys(expression for info in report.captures for expression in info.filters)
    said += [f"Capture filter: {expression}" for expression in stated]
    rows = Counter(result.reason for result in report.rows if result.status is Status.NOT_OBSERVABLE)
    return said + [f"Not observable: {plural(count, 'row')}: {why}" for why, count in rows.most_common()]


def editions(report: model.Report) -> list[tuple[Edition, str]]:
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


def results(report: model.Report, edition: Edition) -> dict[tuple[str, str, int], model.RowResult]:
    """``(direction, transport, port)`` → the row of ``edition`` and its status, in the sheet's order."""
    return {
        (result.row.direction, result.row.transport, result.row.port): result
        for result in report.rows
        if result.row.subject == edition.subject and result.row.edition == edition.id
    }


class Unproven(NamedTuple):
    """Rows that this capture did not prove, for one and the same reason."""

    status: Status
    reason: str
    rows: tuple[model.RowResult, ...]


def unproven(report: model.Report) -> list[Unproven]:
    """Rows not exercised or not observable, by reason, the most frequent first."""
    grouped: dict[tuple[Status, str], list[model.RowResult]] = {}
    for result in report.rows:
        if result.status in (Status.NOT_OBSERVABLE, Status.NOT_EXERCISED):
            grouped.setdefault((result.status, result.reason), []).append(result)
    found = [Unproven(status, reason, tuple(rows)) for (status, reason), rows in grouped.items()]
    return sorted(found, key=lambda entry: -len(entry.rows))


class Group(NamedTuple):
    """Flows that differ only in host and time. Ends are roles, an address, or how many hosts."""

    flows: int
    place: str
    """``udp/5683``, ``udp/*`` for the legs of sessions, or the transport alone where it has no ports."""
    outcome: str
    service: str
    originator: str
    responder: str


def groups(flows: Sequence[FlowRecord], verdict: Verdict | None = None) -> list[Group]:
    """``flows``, with one verdict if any is given, by place, service, roles and outcome, the largest
    first."""
    found = [
        Group(
            flows=alike.flows,
            place=_place(alike.example),
            outcome=alike.example.outcome.value,
            service=alike.example.service or alike.example.protocol,
            originator=_who(alike.example.originator, alike.originators),
            responder=_who(alike.example.responder, alike.responders),
        )
        for alike in Records.of(flows).alike(verdict)
    ]
    return sorted(found, key=lambda group: -group.flows)


def by_verdict(flows: Sequence[FlowRecord], most: int) -> Iterator[tuple[str, list[Group], list[Group]]]:
    """``verdict (flows)``, the groups to show and those that are too many, for each verdict that there is.

    About ``most`` groups are shown in all, what matters first; of every verdict at least ``FEW``.
    """
    left = most
    for verdict in VERDICT_ORDER:
        found = groups(flows, verdict)
        if found:
            some = found[: max(FEW, left)]
            left -= len(some)
            title = f"{verdict.value} ({number(sum(group.flows for group in found))})"
            yield title, some, found[len(some) :]


def _place(record: FlowRecord) -> str:
    if record.responder.port is None:
        return record.transport
    return f"{record.transport}/{'*' if record.parent is not None else record.responder.port}"


def _who(end: Endpoint, addresses: int) -> str:
    """A role names its end, else the address where it is only one."""
    return "+".join(end.roles) or (end.address if addresses == 1 else f"{number(addresses)} hosts")


def held(info: CaptureInfo) -> str:
    """Format, packets, bytes and time of a capture, in one phrase."""
    said = f"{info.format}, {plural(info.packets, 'packet')}, {size(info.bytes)}"
    if info.first is None or info.last is None:
        return said
    return f"{said}, {duration(info.last - info.first)} from {timestamp(info.first)}"


def some(values: Sequence[str], most: int) -> str:
    """The first ``most`` of ``values`` and how many more there are."""
    if len(values) <= most:
        return ", ".join(values)
    return f"{', '.join(values[:most])} and {number(len(values) - most)} more"
