"""Which findings may be told while the capture still grows.

An absence is certain at the end only. Of what happened a finding tells at once, but what silence means shows
when the silence has lasted: a lost packet is sent again, and a request that failed is tried once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analyzer.model import (
    Cause,
    Finding,
    FindingKind,
    FlowRecord,
    Outcome,
    Report,
    Transfer,
    TransferOutcome,
)

SECOND: Final = 1_000_000_000
SETTLE: Final = 10 * SECOND
"""How long a flow has to lie back before it is told of: its first packets may be in the wrong order, and a
search is answered for so long."""
PATIENCE: Final = 180 * SECOND
"""How long a silence has to last. TCP repeats a SYN for three minutes at least (RFC 9293 section 3.8.3), CoAP
a confirmable message for 93 s (RFC 7252 section 4.8.2), and clients of TFTP begin again within 90 s."""
AT_THE_END: Final = frozenset({FindingKind.MISSING_FLOW})
STATED: Final = frozenset({Outcome.REFUSED, Outcome.BLOCKED})
"""Outcomes that a packet states, not a silence."""
SAID: Final = frozenset(
    {
        *(Cause.REFUSED, Cause.BLOCKED, Cause.ERROR_NOT_FOUND, Cause.ERROR_ACCESS, Cause.ERROR_DISK_FULL),
        *(Cause.ERROR_OPTION, Cause.ERROR_OTHER, Cause.SIZE_MISMATCH, Cause.WRONG_MODE),
    }
)
"""Causes that a packet states."""


def certain(report: Report) -> Iterator[tuple[Finding, int | None]]:
    """The findings that may be told, in the report's order, each with the time of its first flow, ns."""
    end = max((info.last for info in report.captures if info.last is not None), default=0)
    failed = [one for one in report.transfers if one.outcome is TransferOutcome.FAILED]
    for finding in report.findings:
        if finding.kind not in AT_THE_END:
            flow = first_flow(finding, report)
            if _settled(finding, flow, failed, end):
                yield finding, None if flow is None else flow.first


def first_flow(finding: Finding, report: Report) -> FlowRecord | None:
    """The flow of a finding that began first; None for a finding without flows."""
    if not finding.flows:
        return None
    # Flows are numbered from f1 on in the order of their first frames.
    return report.flows[min(int(name[1:]) for name in finding.flows) - 1]


def _settled(finding: Finding, flow: FlowRecord | None, failed: list[Transfer], end: int) -> bool:
    """Whether the time that the finding's kind needs has passed at ``end``."""
    if flow is None:
        return True
    if finding.kind is FindingKind.TRANSFER_FAILED:
        flows = set(finding.flows)
        return any(
            end - one.last >= (SETTLE if one.cause in SAID else PATIENCE)
            for one in failed
            if not flows.isdisjoint(one.flows)
        )
    silent = finding.kind is FindingKind.FAILING_FLOW and flow.outcome not in STATED
    return end - flow.first >= (PATIENCE if silent else SETTLE)
