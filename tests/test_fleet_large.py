"""A large capture in pieces: every order of answers, damage anywhere, gives what one reading gives."""

from __future__ import annotations

import gzip
import random
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import fleets
import pytest
from captures import damaged, pcap, pcapng
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import parts
from analyzer.fleet.large import Large
from analyzer.fleet.plan import plan
from analyzer.fleet.work import Yield, analyse, batch
from tests.test_parallel import traffic

SAMPLES = Path(__file__).parents[1] / "samples"
MADE = traffic(3, 900)


def job_of(path: Path, folder: Path):
    (job,) = plan([str(path)], fleets.sites(folder / "sites", "b7")).jobs
    return job


def in_pieces(job, count: int, draw: random.Random, *, shared: bool = True) -> tuple[Yield, list[str]]:
    """What comes of a capture whose steps are done in any order; the names of the steps done."""
    with tempfile.TemporaryDirectory() as folder:
        large = Large(job, count, folder, analyse, shared=shared)
        steps, done = large.begin(), []
        while steps:
            step = steps.pop(draw.randrange(len(steps)))
            if not large.wanted(step):
                continue
            done.append(step.name)
            result = step.call()
            if isinstance(result, Yield):
                large.close()
                assert list(Path(folder).iterdir()) == [], "no part is left"
                return result, done
            steps += large.took(step, result)
    raise AssertionError("nothing came of it")


def content(made: Yield) -> dict[str, list[tuple[object, ...]]]:
    assert all(not one.error for one in made.done), made.done
    tables = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in made.files:
            path = Path(folder, f"{file.table}.parquet")
            path.write_bytes(file.data)
            tables[file.table, file.day] = duckdb.read_parquet(str(path)).fetchall()
    return tables


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([pcap, pcapng]),
    st.integers(2, 30),
    st.one_of(st.none(), st.floats(0.01, 1)),
    st.sampled_from([bytes(2000), b"\xff" * 9, b""]),
    st.booleans(),
    st.integers(),
)
def test_pieces_of_any_size_give_the_same_tables(make, count, place, damage, shared, seed) -> None:
    data = damaged(make(MADE), place, damage, 1000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "b7.cap")
        path.write_bytes(data)
        job = job_of(path, Path(folder))
        made, _ = in_pieces(job, count, random.Random(seed), shared=shared)
        assert content(made) == content(batch(analyse, [job]))


@pytest.mark.parametrize("case", ["healthy-current", "biostar-upgrade", "http-cut-off", "transfer-stalled"])
def test_samples_in_pieces(case: str, tmp_path: Path) -> None:
    (path,) = (SAMPLES / case).glob("capture.*")
    job = job_of(path, tmp_path)
    whole = content(batch(analyse, [job]))
    for count in (2, 5):
        made, done = in_pieces(job, count, random.Random(count))
        assert content(made) == whole
        assert "whole" not in done or path.stat().st_size < 5000


def test_the_way_depends_on_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "b7.pcap"
    data = pcap(MADE)
    path.write_bytes(data)
    in_order = random.Random(0)
    in_order.randrange = lambda _count: 0  # type: ignore[method-assign, assignment]
    _, done = in_pieces(job_of(path, tmp_path), 3, in_order)
    assert done == ["digest", "piece 0", "piece 1", "piece 2", "merged"]
    path.write_bytes(data[:-3])
    _, done = in_pieces(job_of(path, tmp_path), 3, in_order)
    assert done == ["digest", "piece 0", "piece 1", "piece 2", "rest", "merged"]
    early = len(data) // 6
    path.write_bytes(data[:early] + bytes(500) + data[early + 500 :])
    _, done = in_pieces(job_of(path, tmp_path), 3, in_order)
    assert done == ["digest", "piece 0", "whole"]
    path.write_bytes(gzip.compress(data))
    _, done = in_pieces(job_of(path, tmp_path), 3, in_order)
    assert done == ["digest", "piece 0", "whole"]


def test_pieces_of_a_file_that_changed_meanwhile_are_not_put_together(tmp_path: Path) -> None:
    path = tmp_path / "b7.pcap"
    path.write_bytes(pcap(MADE))
    job = job_of(path, tmp_path)
    large, done = Large(job, 2, str(tmp_path), analyse, shared=True), []
    steps = large.begin()
    while steps:
        step = steps.pop(0)
        done.append(step.name)
        if step.name == "piece 1":
            path.write_bytes(pcap([(time, bytes(len(data))) for time, data in MADE]))
        result = step.call()
        if not isinstance(result, Yield):
            steps += large.took(step, result)
    assert done == ["digest", "piece 0", "piece 1", "whole"]
    assert content(result) == content(batch(analyse, [job]))


def test_a_piece_of_a_url_that_changed_while_it_was_read_is_not_put_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    system.pipe("/b7/a.pcap", pcap(MADE))
    read, calls = parts.read, []

    def changing(*given: Any, **more: Any) -> parts.Part:
        found = read(*given, **more)
        calls.append(found)
        if len(calls) == 4:
            system.pipe("/b7/a.pcap", pcap(MADE[:-9]))
        return found

    monkeypatch.setattr(parts, "read", changing)
    try:
        (job,) = plan(["memory://b7/a.pcap"], fleets.sites(tmp_path / "sites", "b7")).jobs
        for last in ("merged", "whole"):
            made, done = in_pieces(job, 2, random.Random(0), shared=False)
            assert done[-1] == last, "the file changed while the last of its pieces was read"
        assert content(made) == content(batch(analyse, [job]))
    finally:
        system.rm("/b7", recursive=True)


def test_parts_that_are_too_much_to_send_are_merged_at_home(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "b7.pcap"
    path.write_bytes(pcap(MADE))
    job = job_of(path, tmp_path)
    at_home = {}
    for most in (0, 1 << 30):
        monkeypatch.setattr("analyzer.fleet.large.CARRIED", most)
        large = Large(job, 2, str(tmp_path), analyse, shared=False)
        steps = large.begin()
        while steps:
            step = steps.pop(0)
            result = step.call()
            if isinstance(result, Yield):
                at_home[most] = step.at_home, content(result)
                large.close()
            else:
                steps += large.took(step, result)
    assert at_home[0] == (True, at_home[1 << 30][1])
    assert not at_home[1 << 30][0]


def test_a_large_file_that_is_no_capture_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "b7.pcap"
    path.write_bytes(b"\x7fELF" + bytes(100_000))
    made, done = in_pieces(job_of(path, tmp_path), 3, random.Random(1))
    assert done[-1] == "whole"
    assert made.done[0].foreign


def test_a_url_in_pieces_is_not_hashed_and_otherwise_the_same(tmp_path: Path) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    system.pipe("/b7/a.pcap", pcap(MADE))
    try:
        (job,) = plan(["memory://b7/a.pcap"], fleets.sites(tmp_path / "sites", "b7")).jobs
        made, done = in_pieces(job, 4, random.Random(2), shared=False)
        assert "digest" not in done
        whole, split = content(batch(analyse, [job])), content(made)
        assert {name for name in whole if whole[name] != split[name]} == {("captures", "2001-09-09")}
        ((key, path, sha256, *more),) = whole["captures", "2001-09-09"]
        assert len(sha256) == 64
        assert split["captures", "2001-09-09"] == [(key, path, None, *more)]
    finally:
        system.rm("/b7", recursive=True)
