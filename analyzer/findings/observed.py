"""Findings about behaviour: observations, weighed by what the sheets say of the flows they were made in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from analyzer.compliance import Judgement
from analyzer.conversation import Conversation
from analyzer.findings.case import FRAMES, Case, kind_of
from analyzer.model import Severity, Verdict
from analyzer.observation import Observation, Standing

UNJUDGED = (Verdict.OUT_OF_SCOPE, Verdict.INFRASTRUCTURE)


def standing(
    judgements: Mapping[int, Judgement], waived: Mapping[int, str]
) -> Callable[[Conversation], Standing]:
    """What the verdicts and the waivers, both by row, say of a flow."""

    def stands(flow: Conversation) -> Standing:
        row = (flow.parent or flow).row
        told = judgements[row]
        origin, target = (kind_of(end) for end in told.ends)
        return Standing(told.verdict, told.certain, (origin, target), waived.get(row, ""))

    return stands


def explained(observations: Iterable[Observation], missing: Sequence[Case]) -> Iterator[Observation]:
    """Those that stand for themselves; what explains a row that is missing becomes its near miss."""
    for seen in observations:
        rows = [
            case
            for case in missing
            if seen.explains and any(row.service.protocol == seen.explains for row in case.rows.values())
        ]
        if not rows:
            yield seen
        for case in rows:
            case.near_miss = case.near_miss or f"{seen.title}. {seen.detail}"


def cases(
    observations: Iterable[Observation], judgements: Mapping[int, Judgement], waived: Mapping[int, str]
) -> Iterable[Case]:
    """One case for each observation. Between hosts of no sheet it is a note; waived where all its flows
    are."""
    for seen in observations:
        heads = {head.row: head for head in (flow.parent or flow for flow in seen.flows)}
        verdicts = {judgements[row].verdict for row in heads}
        unjudged = not verdicts or all(verdict in UNJUDGED for verdict in verdicts)
        waivers = [waived.get(row, "") for row in heads]
        waiver = waivers[0] if waivers and all(waivers) else ""
        case = Case(
            seen.kind,
            Severity.NOTE if unjudged else seen.severity,
            (*seen.key, waiver) if waiver else seen.key,
            title=seen.title,
            detail=seen.detail,
            near_miss=seen.near_miss,
            advice=seen.advice,
            waived=waiver,
        )
        for row, head in heads.items():
            case.add(head, judgements[row])
        case.frames.update(seen.frames[:FRAMES])
        yield case
