from __future__ import annotations

import pytest

from analyzer.model import Diff, Fault, FindingChange, FindingKind, Severity, Side, Turn

SIDE = Side("a", "capture", "1", "", True)
FAULT = Fault("x", FindingKind.FAILING_FLOW, Severity.VIOLATION, "t")


@pytest.mark.parametrize(("changed", "differs"), [(False, False), (True, True)])
def test_what_remains_unchanged_is_no_difference(changed: bool, differs: bool) -> None:
    entry = FindingChange(Turn.REMAINS, FAULT, FAULT, True, changed)
    assert Diff("1", SIDE, SIDE, (entry,)).differs is differs


def test_notes_are_not_counted() -> None:
    gone = FindingChange(Turn.FIXED, FAULT, None, False)
    found = Diff("1", SIDE, SIDE, (gone, FindingChange(Turn.FIXED, FAULT, None, True)))
    assert found.count(Turn.FIXED) == 1
    assert found.differs
    assert gone.shown is FAULT
