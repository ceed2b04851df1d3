"""What holds for every test: slow ones run last, and in CI nothing is skipped in silence."""

from __future__ import annotations

import os
from collections.abc import Generator

import hypothesis
import pytest

# A shared machine may stall any one example; a test that must be quick measures that itself.
# In CI the examples are the same each time: a change is judged by what it did, new examples are found by hand
# (run without CI=true) and kept as tests of their own.
hypothesis.settings.register_profile("portmatrix", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "portmatrix")

CANNOT_BE_IN_CI = ("Windows", "macOS")
"""Words in the reason of a skip that CI, one Debian machine with every tool, may have."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skip a failure where CI has, or has to install, whatever the test needs."""
    if os.environ.get("CI") != "true" or not report.skipped:
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if any(word in reason for word in CANNOT_BE_IN_CI):
        return
    report.outcome = "failed"
    report.longrepr = f"skipped in CI, where nothing may be missing: {reason}"
