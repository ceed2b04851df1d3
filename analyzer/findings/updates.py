"""Findings about updates that failed although the image arrived: a reading of the picture, so a warning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from analyzer import model
from analyzer.compliance import Judgement
from analyzer.findings.case import FRAMES, Case, kind_of
from analyzer.findings.transfers import Carried
from analyzer.model import FindingKind, Severity

EXAMPLES: Final = 3
"""Attempts that a finding spells out."""
WORDS: Final = {
    "asked-again": "the image arrived, and was asked for again",
    "never-came-back": "the image arrived, and the node was not heard again",
}
ADVICE: Final = {
    "asked-again": (
        "The network carried the whole image, so look at the node: does it refuse the image (wrong model, "
        "wrong version, a checksum that does not match), or did the power fail while it wrote? Compare the "
        "image's checksum with the vendor's, look at the node's log, and at the version it reports now."
    ),
    "never-came-back": (
        "The network carried the whole image, so look at the node: is it powered (PoE, its lamps), does it "
        "boot? If it is alive, it may have come back with another address: look for its MAC address in the "
        "leases of the DHCP server and the switch's table. Else follow the vendor's recovery procedure."
    ),
}


def cases(
    attempts: Sequence[model.Attempt],
    carried: Sequence[Carried],
    judgements: Mapping[int, Judgement],
    waived: Mapping[int, str],
) -> list[Case]:
    """One case for each reason between the same two kinds of host."""
    flows_of = {transfer.id: flows for transfer, flows in carried}
    found: dict[tuple[str, ...], tuple[Case, list[model.Attempt]]] = {}
    for attempt in attempts:
        flows = [flow for name in attempt.transfers for flow in flows_of.get(name, ())]
        if attempt.outcome != "update-failed" or not flows:
            continue
        head = flows[0].parent or flows[0]
        waiver = waived.get(head.row, "")
        ends = (kind_of(end) for end in judgements[head.row].ends)
        key = (*ends, attempt.reason, *((waiver,) if waiver else ()))
        if key not in found:
            found[key] = (Case(FindingKind.UPDATE_FAILED, Severity.WARNING, key, waived=waiver), [])
        case, held = found[key]
        known = {flow.row for flow in case.flows}
        for flow in flows:
            top = flow.parent or flow
            if top.row not in known:
                known.add(top.row)
                case.add(top, judgements[top.row])
        if len(case.frames) < FRAMES:
            case.frames.update(event.frame for event in attempt.timeline if event.frame)
        held.append(attempt)
    for case, held in found.values():
        _word(case, held)
    return [case for case, _ in found.values()]


def _word(case: Case, held: Sequence[model.Attempt]) -> None:
    nodes = sorted({attempt.node for attempt in held})
    who = nodes[0] if len(nodes) == 1 else f"{len(nodes)} nodes"
    reason = held[0].reason
    case.title = f"update of {who} from {held[0].gateway} did not take: {WORDS[reason]}"
    said = [f"{attempt.id} {attempt.node}: {attempt.detail}" for attempt in held[:EXAMPLES]]
    more = len(held) - EXAMPLES
    case.detail = ". ".join(said) + (f". And {more} more" if more > 0 else "")
    case.detail += ". This is how it looks from the network, no proof."
    case.advice = ADVICE[reason]
