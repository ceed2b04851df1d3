"""What ICMP errors say of a transfer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer import outcomes
from analyzer.addresses import text
from analyzer.model import Cause, Outcome, TransferOutcome
from analyzer.tables import QuotedError
from analyzer.transfers.tftp.endings.ending import Ending
from analyzer.transfers.tftp.session import Leg, Report, Session

FRAGMENTS: Final = frozenset({(4, 3, 4), (4, 11, 1), (6, 2, 0), (6, 3, 1)})
"""ICMP ``(version, type, code)``: fragmentation needed, reassembly time exceeded, packet too big."""


def explain(report: Report) -> tuple[Outcome | None, str]:
    """The outcome an ICMP error stands for and its name."""
    quoted = QuotedError(
        True, report.version, report.type, report.code, report.reporter, 1, report.frame, report.frame, 0
    )
    outcome, name = outcomes.explain(quoted)
    if outcome is None:
        special = {
            (4, 3, 4): "fragmentation needed",
            (4, 11, 1): "fragment reassembly time exceeded",
            (4, 11, 0): "time to live exceeded",
            (6, 2, 0): "packet too big",
            (6, 3, 0): "hop limit exceeded",
            (6, 3, 1): "fragment reassembly time exceeded",
        }
        name = special.get((report.version, report.type, report.code), "")
    return outcome, name


def too_large(session: Session, leg: Leg) -> Ending | None:
    """What ICMP says of packets too large for the path."""
    for report in session.reports:
        if (report.version, report.type, report.code) in FRAGMENTS and leg.acked <= leg.window:
            _, name = explain(report)
            said = f"{text(*report.reporter)} answered ICMP {name} to blocks of {leg.block_size} bytes"
            return Ending(TransferOutcome.FAILED, Cause.FRAGMENTS_LOST, [said])
    return None


def reported(session: Session) -> Sequence[str]:
    """What ICMP errors said, in a sentence each."""
    said = dict.fromkeys(
        f"{text(*report.reporter)} answered ICMP {name} to the {'client' if report.of_client else 'server'}"
        for report in session.reports
        if (name := explain(report)[1])
    )
    return list(said)[:2]
