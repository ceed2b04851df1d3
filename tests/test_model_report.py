"""Reports: when they are compliant, and when an update failed."""

from __future__ import annotations

import pytest

from analyzer.model import (
    Finding,
    FindingKind,
    FirmwareReport,
    Report,
    Severity,
    Site,
    Transfer,
    TransferOutcome,
)


def report(*severities: Severity) -> Report:
    findings = tuple(Finding("x", FindingKind.UNEXPECTED_FLOW, severity, "", "") for severity in severities)
    return Report("0", (), Site(), (), (), (), findings)


def test_only_a_violation_breaks_compliance() -> None:
    assert report().compliant
    assert report(Severity.WARNING, Severity.NOTE).compliant
    assert not report(Severity.NOTE, Severity.VIOLATION).compliant


@pytest.mark.parametrize("outcome", TransferOutcome)
def test_an_update_failed_only_where_a_transfer_failed(outcome: TransferOutcome) -> None:
    transfer = Transfer("t1", "tftp", "read", "a", "b", None, None, outcome, None, "", "", 0, 0, (1, 1))
    assert FirmwareReport("0", (), Site(), (), (transfer,)).failed is (outcome is TransferOutcome.FAILED)
