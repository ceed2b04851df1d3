"""Days of a building are followed in the memory of hours, and found is what one check finds."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from analyzer.flowtable import engine
from analyzer.model import FindingTold, News
from analyzer.pipeline import Options, check
from analyzer.pipeline import follow as module
from analyzer.pipeline.follow import Watch, essence, follow

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

if engine.COMPILED is None:
    pytest.skip("the compiled table was not built", allow_module_level=True)


def script(name: str) -> ModuleType:
    """A script of the benchmarks as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


def ring(folder: Path, *options: str) -> Options:
    """The ring files of a building, and what a check of them needs."""
    building = script("building")
    building.write(building.parser().parse_args([str(folder / "ring"), *options]))
    return Options((str(folder / "ring"),), site=str(folder / "site.yaml"))


def rare(tell: Callable[[News], None]) -> Watch:
    """A watch that judges only where the table is full, and at the end."""
    return Watch(lambda: False, tell, interval=1e9)


def test_a_folded_day_tells_what_one_check_tells(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "FLOWS", 500)
    options = ring(tmp_path, "--days=1", "--flows=5000", "--nodes=10", "--files=24")
    news: list[News] = []
    report, whole = follow(options, rare(news.append)), check(options)
    assert len(whole.flows) > 4500
    assert len(report.flows) < 0.4 * len(whole.flows)
    assert essence(report) == essence(whole)
    kinds = {finding.kind.value for finding in whole.findings}
    assert kinds >= {"transfer-failed", "failing-flow", "unexpected-flow", "protocol-error"}
    told = {one.finding.id for one in news if isinstance(one, FindingTold)}
    assert told >= {finding.id for finding in report.findings}
    assert report.flows.totals() == whole.flows.totals()
