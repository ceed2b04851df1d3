"""Days of a building are followed in the memory of hours, and found is what one check finds."""

from __future__ import annotations

import functools
import importlib.util
import pickle
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import rings
from judging import GATEWAY, NODE
from traffic import Traffic

from analyzer.activity import Activity
from analyzer.flowtable import copies, engine
from analyzer.model import FindingTold, News, Report
from analyzer.observations.bacnet import observer
from analyzer.observations.biostar import kept
from analyzer.parts import Merge
from analyzer.pipeline import Options, check, folding
from analyzer.pipeline import follow as module
from analyzer.pipeline.follow import Watch, essence, follow
from analyzer.transfers.coap import exchange, gather
from analyzer.transfers.http import gather as http
from analyzer.transfers.tftp import gather as tftp

DAY = 86_400 * 10**9
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


def outcomes(report: Report) -> Counter[str]:
    """How many transfers ended how."""
    counted: Counter[str] = Counter()
    for transfer in report.transfers:
        counted[f"{transfer.outcome} {transfer.cause}"] += transfer.counts
    return counted


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
    assert outcomes(report) == outcomes(whole)
    assert len(report.transfers) < len(whole.transfers)


NOT_STATE = frozenset({"options", "watch", "sheets", "place"})
"""Of a follower: what the user gave."""


def held(follower: module._Follower) -> dict[str, int]:
    """Bytes of every part of what is kept, pickled: whatever a part consists of is in it."""
    merge = follower.reading.merge
    parts = {name: one for name, one in vars(follower).items() if name not in NOT_STATE | {"reading"}}
    parts |= {f"reading.{name}": one for name, one in vars(follower.reading).items() if name != "_current"}
    assert isinstance(merge, Merge)
    return {name: len(pickle.dumps(one, 5)) for name, one in parts.items()}


def test_three_days_are_kept_in_the_memory_of_one(tmp_path, monkeypatch) -> None:
    """Small bounds stand for the large ones; then whatever grows with time is seen to grow."""
    monkeypatch.setattr(module, "FLOWS", 300)
    monkeypatch.setattr(module, "LATEST", 10)
    monkeypatch.setattr(copies, "RECENT", 64)
    for where in (observer, gather, http, tftp):
        monkeypatch.setattr(where, "Recent", copies.Plain)  # the size of the compiled one is fixed
    monkeypatch.setattr(gather, "REQUESTS", 64)
    for where in (folding, exchange, kept):
        monkeypatch.setattr(where, "EACH", 2)
    monkeypatch.setattr(module, "Activity", functools.partial(Activity, limit=300))
    options = ring(tmp_path, "--days=3", "--flows=9000", "--nodes=7", "--files=180")
    sizes: list[tuple[int, dict[str, int]]] = []
    fold = module._Follower.fold

    def noted(self: module._Follower, report: Report) -> None:
        fold(self, report)
        sizes.append((report.captures[-1].last or 0, held(self)))

    monkeypatch.setattr(module._Follower, "fold", noted)
    follower = module._Follower(options, rare(lambda _: None))
    report = follower.run(options.sources[0])
    first = report.captures[0].first or 0
    day = [one for at, one in sizes if at < first + DAY]
    assert len(day) >= 4
    assert len(sizes) > 2 * len(day)
    assert (follower.refused, follower.folded > 7000, follower.transfers > 20) == (0, True, True)
    for name, size in sizes[-1][1].items():
        assert size < 1.6 * day[-1][name] + 2048, name
    assert len(report.captures) < 60
    assert sum(info.files for info in report.captures) == 180


def test_errors_about_packets_that_nobody_saw_do_not_pile_up(tmp_path, monkeypatch) -> None:
    """A mirror of one direction: every error quotes a packet of another port, and none of them is there."""
    monkeypatch.setattr(module, "FLOWS", 300)
    traffic = Traffic()
    for number in range(3000):
        traffic.unreachable(40 * number, GATEWAY, NODE, 20000 + number, GATEWAY, 9, 3)
    ring = tmp_path / "ring"
    ring.mkdir()
    rings.write(ring, rings.parts(rings.frames(traffic), 30))
    follower = module._Follower(Options((str(ring),)), rare(lambda _: None))
    follower.run(str(ring))
    table = follower.reading.merge.table
    assert table.stray_errors == 3000
    # An hour of them is 90; what is looked at again is twice as much, 300 at least, and a file of 100.
    assert table.size < 500
