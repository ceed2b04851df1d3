"""All findings of an analysis: flows, rows, hosts, waivers and captures are asked what is wrong with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from analyzer import model, outcomes
from analyzer.compliance import Judgement, Judgements
from analyzer.compliance.near import near_miss
from analyzer.compliance.scans import MANY_PORTS
from analyzer.compliance.statuses import FAILURES
from analyzer.conversation import Conversation
from analyzer.conversations import Conversations, Selection
from analyzer.findings import hosts, observed, transfers, updates, wording
from analyzer.findings.case import Case, identify, kind_of
from analyzer.findings.losses import Silence, silences
from analyzer.findings.waivers import Waivers
from analyzer.kinds import Array, among, distinct, kinds, members
from analyzer.matrix import Matrix
from analyzer.model import (
    CaptureInfo,
    Finding,
    FindingKind,
    Outcome,
    Row,
    RowResult,
    Severity,
    Site,
    Status,
    Verdict,
)
from analyzer.observation import Observation
from analyzer.visibility import Visibility

PROBLEMS: Final = 10
"""Damaged places that a finding spells out."""
ORDER: Final = tuple(Severity)
JUDGED: Final = (Verdict.EXPECTED, Verdict.DISPUTED, Verdict.UNEXPECTED, Verdict.REVIEW)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the findings are drawn from."""

    found: Conversations
    judgements: Judgements
    rows: Sequence[RowResult]
    matrix: Matrix
    site: Site
    captures: Sequence[CaptureInfo]
    waivers: Waivers
    waived: Mapping[int, str]
    """The reason of the waiver that covers a flow, by its row."""
    transfers: Sequence[transfers.Carried] = ()
    observations: Sequence[Observation] = ()
    near: Mapping[int, str] = field(default_factory=dict)
    """What comes close to right for a conversation that failed, by its row."""
    attempts: Sequence[model.Attempt] = ()
    dropped: int = 0
    """Requests for a file beyond what is kept."""
    probes: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    """The rows of a scan's attempts at listed ports that came to nothing."""
    seen: Visibility | None = None
    """What the capture could have shown; None where nobody asked, and every silence is what it looks like."""


def collect(evidence: Evidence) -> tuple[Finding, ...]:
    """The findings, gravest first."""
    waived = evidence.waived
    missing = list(_missing(evidence))
    seen = observed.explained(evidence.observations, missing)
    probed = set(evidence.probes.tolist())
    carried = [one for one in evidence.transfers if probed.isdisjoint(flow.row for flow in one[1])]
    failed = transfers.cases(carried, evidence.judgements, evidence.rows, waived)
    failed += updates.cases(evidence.attempts, evidence.transfers, evidence.judgements, waived)
    cases = [*_flow_cases(evidence, waived), *failed, *missing]
    cases += [*hosts.cases(evidence), *evidence.waivers.expired(), *_dropped(evidence.dropped)]
    cases += observed.cases(seen, evidence.judgements, waived)
    findings = [case.finding(evidence.captures) for case in cases]
    findings += _problems(evidence.captures)
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return tuple(_told_apart(findings))


def _severity(grave: Severity, certain: bool) -> Severity:
    """What rests on an inference is at most a warning."""
    return Severity.WARNING if grave is Severity.VIOLATION and not certain else grave


# ---------------------------------------------------------------- flows


def _flow_cases(evidence: Evidence, waived: Mapping[int, str]) -> list[Case]:
    """The faults of flows, one case for each cause; flows that are alike in all that tells it are asked
    once."""
    found, judgements = evidence.found, evidence.judgements
    heads = (
        np.setdiff1d(found.heads, evidence.probes, assume_unique=True)
        if len(evidence.probes)
        else found.heads
    )
    of, results = outcomes.of_sessions(found, heads)
    answered, unanswered = (
        np.array([outcome is which for outcome, _ in results], bool)[of]
        for which in (Outcome.ANSWERED, Outcome.UNANSWERED)
    )
    silence = silences(found, heads, answered, unanswered, evidence.seen)
    recovered = silence != Silence.PLAIN
    carried = transfers.judged(evidence.transfers)
    firsts, alike = kinds(
        (
            judgements.of[heads],
            of,
            silence,
            found.columns["transport"][heads],
            found.pair("port")[1][heads],
            found.facts["claimed"].codes[heads],
            *(_numbers(named, len(found))[heads] for named in (waived, carried)),
        )
    )
    cases: dict[tuple[str, ...], Case] = {}
    flows: dict[tuple[str, ...], list[Array]] = defaultdict(list)
    for first, some in zip(firsts.tolist(), members(alike, len(firsts)), strict=True):
        conversation = found[int(heads[first])]
        judgement = judgements[conversation.row]
        for kind, grave, extra in _faults(conversation, judgement, Silence(silence[first])):
            spoken_for = carried.get(conversation.row)
            if kind is FindingKind.FAILING_FLOW and (
                spoken_for or (spoken_for is False and not recovered[first])
            ):
                continue  # the transfer tells whether it failed, and why
            waiver = "" if grave is Severity.NOTE else waived.get(conversation.row, "")
            severity = _severity(grave, judgement.certain)
            key = (
                *(kind_of(end) for end in judgement.ends),
                conversation.transport,
                str(conversation.port),
                *extra,
                *_apart(grave is not severity, waiver),
            )
            slot = (kind, *key)
            case = cases.setdefault(slot, Case(kind, severity, key, waived=waiver, over=True))
            case.rows.update((row.id, row) for row in judgement.rows)
            case.over = case.over and silence[first] == Silence.RECOVERED
            case.lost += len(some) if silence[first] == Silence.LOST else 0
            flows[slot].append(heads[some])
    for slot, case in cases.items():
        _give(case, found, judgements, np.sort(np.concatenate(flows[slot])))
    merged = _fold_scans(cases, found, judgements, evidence.probes)
    for case in merged:
        _word(case, evidence.matrix)
        if case.kind is FindingKind.FAILING_FLOW:
            flows_of_case = Selection.of(case.flows).rows.tolist() if evidence.near else []
            near = (evidence.near.get(row, "") for row in flows_of_case)
            case.near_miss = next(filter(None, near), case.near_miss)
    return merged


def _give(case: Case, found: Conversations, judgements: Judgements, rows: Array) -> None:
    """Make a case speak for the flows of ``rows``."""
    case.flows = Selection(found, rows)
    case.judgements = [judgements.kinds[kind] for kind in judgements.of[rows].tolist()]


def _numbers(named: Mapping[int, object], rows: int) -> Array:
    """A number for each row: equal where ``named`` says the same of it, 0 where it says nothing."""
    numbers = np.zeros(rows, np.int64)
    known: dict[object, int] = {}
    for row, value in named.items():
        numbers[row] = known.setdefault(value, len(known) + 1)
    return numbers


def _apart(inferred: bool, waiver: str) -> tuple[str, ...]:
    """What keeps the same fault apart where it weighs less: two findings of a report never share an id."""
    return (*(("inferred",) if inferred else ()), *((waiver,) if waiver else ()))


def _faults(
    conversation: Conversation, judgement: Judgement, silence: Silence
) -> Iterator[tuple[FindingKind, Severity, tuple[str, ...]]]:
    """What is wrong with one flow: kind, severity at the most, and what else tells the cause apart."""
    verdict = judgement.verdict
    if verdict in (Verdict.UNEXPECTED, Verdict.DISPUTED) and judgement.retired is not None:
        yield FindingKind.RETIRED_SERVICE, Severity.VIOLATION, ()
    elif verdict is Verdict.UNEXPECTED:
        yield FindingKind.UNEXPECTED_FLOW, Severity.VIOLATION, ()
    elif verdict is Verdict.DISPUTED:
        yield FindingKind.DISPUTED_FLOW, Severity.WARNING, ()
    elif verdict is Verdict.EXPECTED:
        outcome, _ = outcomes.of_session(conversation)
        if outcome is Outcome.UNANSWERED and silence is not Silence.PLAIN:
            # Lost, retried from another port and answered: worth a look, but the row works for these hosts.
            # Who lost it, a longer capture may tell otherwise: one finding, whose id stays.
            yield FindingKind.FAILING_FLOW, Severity.WARNING, (outcome, "recovered")
        elif outcome in FAILURES:
            yield FindingKind.FAILING_FLOW, Severity.VIOLATION, (outcome,)
        if judgement.undeclared:
            yield FindingKind.UNDECLARED_PEER, Severity.NOTE, ()
    if conversation.claimed and verdict in JUDGED:
        yield FindingKind.PAYLOAD_MISMATCH, Severity.WARNING, (conversation.claimed,)


def _fold_scans(
    cases: Mapping[tuple[str, ...], Case], found: Conversations, judgements: Judgements, probes: Array
) -> list[Case]:
    """Unexpected flows to very many ports between the same two roles become one case."""
    groups: dict[tuple[object, ...], list[Case]] = defaultdict(list)
    kept: list[Case] = []
    for case in cases.values():
        if case.kind is FindingKind.UNEXPECTED_FLOW:
            groups[(*case.key[:3], case.severity, case.waived)].append(case)
        else:
            kept.append(case)
    for group in groups.values():
        if len(group) <= MANY_PORTS:
            kept.extend(group)
            continue
        first = group[0]
        apart = _apart(first.severity is not Severity.VIOLATION, first.waived)
        whole = Case(first.kind, first.severity, (*first.key[:3], "many", *apart), waived=first.waived)
        for case in group:
            whole.rows |= case.rows
        _give(whole, found, judgements, np.concatenate([Selection.of(case.flows).rows for case in group]))
        whole.beside = _listed(Selection.of(whole.flows), found, probes)
        kept.append(whole)
    return kept


def _listed(scan: Selection, found: Conversations, probes: Array) -> tuple[int, ...]:
    """The listed ports that a scan tried in vain."""
    origin, target = found.oriented(found.places.a, found.places.b)
    _, pair = kinds((origin, target, found.columns["transport"]))
    of_scan = among(pair[probes], pair[scan.rows])
    return tuple(distinct(found.pair("port")[1][probes[of_scan]]).tolist())


_WORDS: Final[Mapping[FindingKind, Callable[[Case], None]]] = {
    FindingKind.UNEXPECTED_FLOW: wording.unexpected,
    FindingKind.RETIRED_SERVICE: wording.retired,
    FindingKind.DISPUTED_FLOW: wording.disputed,
    FindingKind.FAILING_FLOW: wording.failing,
    FindingKind.PAYLOAD_MISMATCH: wording.mismatch,
    FindingKind.UNDECLARED_PEER: wording.undeclared,
}


def _word(case: Case, matrix: Matrix) -> None:
    ports = len(Selection.of(case.flows).ports())
    if ports > MANY_PORTS:
        wording.many_ports(case, ports)
        return
    _WORDS[case.kind](case)
    if case.judgements[0].unlisted:
        case.near_miss = near_miss(case.flows[0], case.judgements[0], matrix)


# ---------------------------------------------------------------- rows


def _missing(evidence: Evidence) -> Iterable[Case]:
    """Missing rows of one service between the same roles are one case, whichever sheet's they are."""
    present = {role for host in evidence.site.hosts for role in host.roles}
    groups: dict[tuple[str, ...], list[RowResult]] = defaultdict(list)
    for result in evidence.rows:
        if result.status is Status.MISSING:
            row = result.row
            roles = {row.subject, *(((row.peers or frozenset()) | row.due_with) & present)}
            groups[(row.transport, row.service.pool or str(row.port), *sorted(roles))].append(result)
    for key, results in _joined(groups).items():
        subjects = {result.row.subject for result in results}
        inferred = any(
            subject.role in subjects and not subject.certain for subject in evidence.matrix.subjects
        )
        case = Case(FindingKind.MISSING_FLOW, _severity(Severity.VIOLATION, not inferred), key)
        case.rows = {result.row.id: result.row for result in results}
        case.frames = set(_frames_of_subject(evidence, results[0].row))
        wording.missing(case, results, key[2:])
        yield case


def _joined(groups: Mapping[tuple[str, ...], list[RowResult]]) -> dict[tuple[str, ...], list[RowResult]]:
    """``groups`` with those whose sheet names no peer joined to the same service's that names one.

    The gateway's sheet leaves open who is at the other end of a service that the node's sheet has with the
    gateway: one absence, not two.
    """
    joined: dict[tuple[str, ...], list[RowResult]] = {}
    for key, results in sorted(groups.items(), key=lambda item: -len(item[0])):
        wider = (
            other
            for other in joined
            if other[:2] == key[:2] and len(other) > len(key) and set(key[2:]) < set(other[2:])
        )
        joined.setdefault(next(wider, key), []).extend(results)
    return joined


def _frames_of_subject(evidence: Evidence, row: Row) -> Iterable[int]:
    """First and last frame in which the row's subject took part: the span in which nothing came."""
    rows = evidence.judgements.where(lambda told: any(row.subject in end.roles for end in told.ends))
    if not len(rows):
        return ()
    bounds = [
        evidence.found.columns[f"{name}_frame_{way}"][rows]
        for name in ("first", "last")
        for way in ("ab", "ba")
    ]
    frames = np.concatenate(bounds)
    return int(frames[frames > 0].min()), int(frames.max())


# ---------------------------------------------------------------- captures


def _problems(captures: Sequence[CaptureInfo]) -> Iterator[Finding]:
    """Captures with the same kinds of damage are one finding."""
    groups: dict[tuple[str, ...], list[CaptureInfo]] = defaultdict(list)
    for capture in captures:
        met = tuple(sorted({problem.code for problem in capture.problems if problem.damage}))
        if met:
            groups[met].append(capture)
    for codes, damaged in groups.items():
        yield _problem(codes, damaged, captures)


def _problem(
    codes: tuple[str, ...], damaged: Sequence[CaptureInfo], captures: Sequence[CaptureInfo]
) -> Finding:
    case = Case(FindingKind.CAPTURE_PROBLEM, Severity.WARNING, codes)
    first = damaged[0]
    are = f"{first.path} is" if len(damaged) == 1 else f"{first.path} and {len(damaged) - 1} more are"
    case.title = f"{are} damaged: {', '.join(codes)}"
    said = []
    for capture in damaged:
        where = "" if len(damaged) == 1 else f"{capture.path}: "
        last = capture.first_frame + capture.packets
        for problem in (problem for problem in capture.problems if problem.damage):
            times = f" ({problem.count} times)" if problem.count > 1 and not problem.lost else ""
            said.append(f"{where}{problem.told}{times}")
            if problem.frame and capture.first_frame <= problem.frame < last:
                case.frames.add(problem.frame)
    more = f"; and {len(said) - PROBLEMS} more" if len(said) > PROBLEMS else ""
    case.detail = "; ".join(said[:PROBLEMS]) + more
    case.advice = (
        "What could be read was analysed. Take the capture again if the damage hides the time in question; "
        "rows and flows may be incomplete."
    )
    case.frames = set(sorted(case.frames)[:PROBLEMS])
    return case.finding(captures)


def _dropped(requests: int) -> Iterator[Case]:
    """Requests beyond the bound: nothing is known of them, and that has to be said."""
    if requests:
        case = Case(FindingKind.CAPTURE_PROBLEM, Severity.WARNING, ("transfers",))
        case.title = f"{requests} requests for a file were not judged: the capture has too many"
        case.detail = (
            "Transfers beyond the limit could not be judged; those listed are. So many requests are a scan "
            "or a test rather than an update."
        )
        case.advice = "Cut the capture to the hosts or to the time in question, and check that."
        yield case


# ---------------------------------------------------------------- ids


def _told_apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings whose ids differ: of one cause that is told twice, the graver finding keeps the id.

    That happens where a part of the hosts is declared and another inferred, or a part is waived.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.id] += 1
        if seen[finding.id] > 1:
            key = (finding.id, finding.severity, str(seen[finding.id]))
            finding = replace(finding, id=identify(finding.kind, key))  # noqa: PLW2901
        yield finding
