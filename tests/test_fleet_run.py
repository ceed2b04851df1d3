"""Jobs on an executor, and what dies on the way: workers, sources, the disk, the run itself."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fleets
import pytest

from analyzer import processors
from analyzer.fleet.plan import Job, plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import TRIES, _Run, dask, local, run
from analyzer.fleet.work import Product, analyse, batch

ROOT = Path(__file__).parents[1]


def threads(_workers):
    return ThreadPoolExecutor(2)


@pytest.fixture
def captures(tmp_path):
    """Four captures of two sites; their jobs."""
    for name in ("b7/a.pcap", "b7/dies-once.pcap", "b9/c.pcap", "b9/d.pcap"):
        fleets.healthy(tmp_path / name)
    return plan(
        [str(tmp_path / "b7"), str(tmp_path / "b9")], fleets.sites(tmp_path / "sites", "b7", "b9")
    ).jobs


def content(results):
    with results.database() as database:
        return {
            name: sorted(map(repr, database.execute(f"SELECT * FROM {name}").fetchall()))
            for name in ("flows", "rows", "findings", "captures")
        }


def test_every_capture_is_analysed_once(captures, tmp_path):
    results = Results(str(tmp_path / "results"))
    outcome = run(captures, results, threads)
    assert {job.key for job in outcome.done} == {job.key for job in captures} == results.known()
    assert not outcome.failed


def test_a_capture_that_kills_workers_costs_only_itself(captures, tmp_path):
    results = Results(str(tmp_path / "results"))
    outcome = run(captures, results, local, 2, work=fleets.dies)
    (failure,) = outcome.failed
    assert failure.job.path.endswith("dies-once.pcap")
    assert "worker process ended" in failure.reason
    assert len(outcome.done) == 3
    assert len(results.known()) == 3


def test_a_worker_that_dies_once_changes_nothing(captures, tmp_path):
    calm, shaken = Results(str(tmp_path / "calm")), Results(str(tmp_path / "shaken"))
    run(captures, calm, threads)
    outcome = run(captures, shaken, local, 2, work=fleets.dies_once)
    assert not outcome.failed
    assert content(shaken) == content(calm)


def test_a_machine_at_fault_is_tried_again_within_bounds(captures, tmp_path):
    outcome = run(captures[:1], Results(str(tmp_path / "results")), threads, work=fleets.lost)
    (failure,) = outcome.failed
    assert "Input/output error" in failure.reason


def test_a_dropped_connection_is_tried_again_and_a_bad_file_is_not(tmp_path):
    import fsspec

    fsspec.filesystem("memory").pipe("/x/a.pcap", b"x")
    (tmp_path / "a.pcap").write_bytes(b"x")
    tries = []

    def work(job):
        tries.append(job.path)
        return Product(job.key, "undated", {}, error="connection reset")

    jobs = plan(["memory://x/a.pcap", str(tmp_path / "a.pcap")]).jobs
    outcome = run(jobs, Results(str(tmp_path / "results")), threads, work=work)
    fsspec.filesystem("memory").rm("/x", recursive=True)
    assert len(outcome.failed) == 2
    assert tries.count("memory:///x/a.pcap") == TRIES
    assert tries.count(str(tmp_path / "a.pcap")) == 1


def test_a_full_disk_costs_the_captures_that_find_no_room(captures, tmp_path, monkeypatch):
    results = Results(str(tmp_path / "results"))
    add = results.add

    def full(site, keys, files):
        if site == "b9":
            raise OSError(28, "No space left on device")
        add(site, keys, files)

    monkeypatch.setattr(results, "add", full)
    outcome = run(captures, results, threads)
    assert len(outcome.done) == 2
    assert {failure.reason for failure in outcome.failed} == {
        "its results cannot be written: No space left on device"
    }


def test_files_that_are_no_captures_are_passed_over_unless_they_were_meant(tmp_path):
    fleets.healthy(tmp_path / "x" / "a.pcap")
    (tmp_path / "x" / "notes.txt").write_text("nothing")
    found = run(plan([str(tmp_path / "x")]).jobs, Results(str(tmp_path / "r1")), threads)
    assert ([job.path for job in found.passed], len(found.failed)) == ([str(tmp_path / "x" / "notes.txt")], 0)
    meant = run(plan([str(tmp_path / "x" / "notes.txt")]).jobs, Results(str(tmp_path / "r2")), threads)
    assert len(meant.failed) == 1


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    for number in range(6):
        fleets.faulty(tmp_path / "b7" / f"{number}.pcap", at=number)
    folder = fleets.sites(tmp_path / "sites", "b7")
    command = [
        sys.executable,
        "-m",
        "analyzer",
        "fleet",
        str(tmp_path / "b7"),
        "--sites",
        folder,
        "--jobs",
        "1",
    ]
    killed = [*command, "-o", str(tmp_path / "killed")]
    with subprocess.Popen(killed, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        found = time.monotonic() + 60
        while not list((tmp_path / "killed").glob("captures/*/*/*.parquet")) and time.monotonic() < found:
            time.sleep(0.02)
        time.sleep(random.random() * 0.1)
        os.killpg(process.pid, signal.SIGKILL)
    for name in ("killed", "calm"):
        done = subprocess.run(
            [*command, "-o", str(tmp_path / name)], cwd=ROOT, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 1, done.stderr
    assert content(Results(str(tmp_path / "killed"))) == content(Results(str(tmp_path / "calm")))
    assert len(Results(str(tmp_path / "calm")).known()) == 6


def test_two_hundred_captures_of_twenty_sites_with_every_tenth_damaged(tmp_path):
    """Every capture that can be read is reported, in few files; what cannot is told of, one by one."""
    whole, bad = fleets.faulty(tmp_path / "x.pcap").read_bytes(), {}
    names = [f"s{number:02d}" for number in range(20)]
    for number in range(200):
        path = tmp_path / "captures" / names[number // 10] / f"{number}.pcap"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole)
        if number % 10 == 3:
            path.write_bytes([b"", whole[:20], b"\xff" + whole[1:], b"text"][number // 10 % 4])
            bad[str(path)] = number
    planned = plan([str(tmp_path / "captures")], fleets.sites(tmp_path / "sites", *names))
    results = Results(str(tmp_path / "results"))
    account = run(planned.jobs, results, threads)
    assert {failure.job.path for failure in account.failed} == set(bad)
    assert len(account.done) == len(results.known()) == 180
    with results.database() as database:
        counts = database.execute("SELECT site, count(*) FROM findings GROUP BY 1 ORDER BY 1").fetchall()
    assert counts == [(name, 9) for name in names]
    assert len(list(results.folder.glob("captures/*/*/*.parquet"))) <= 40


def test_memory_does_not_grow_with_the_captures(tmp_path):
    for number in range(48):
        fleets.faulty(tmp_path / "b7" / f"{number}.pcap", at=number)
    jobs = plan([str(tmp_path / "b7")], fleets.sites(tmp_path / "sites", "b7")).jobs
    batch(analyse, jobs[:8])
    tracemalloc.start()
    try:
        batch(analyse, jobs[:8])
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        batch(analyse, jobs[8:])
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 200_000, "forty captures leave nothing behind"


def test_a_worker_has_one_processor(captures):
    def work(job):
        assert processors.available() == 1
        return analyse(job)

    assert not batch(work, captures).done[0].error


class Seen:
    """Who watches a run."""

    def __init__(self):
        self.bytes, self.ticks, self.ends = 0, 0, []

    def advance(self, count):
        self.bytes += count

    def finished(self, job, failed):
        self.ends.append((Path(job.path).name, failed))

    def tick(self):
        self.ticks += 1


@pytest.mark.parametrize("split", [None, 100])
def test_who_watches_is_told_of_every_byte_and_capture(captures, tmp_path, split):
    (tmp_path / "b9" / "d.pcap").write_bytes(b"")
    seen = Seen()
    jobs = plan([str(tmp_path / "b7"), str(tmp_path / "b9")]).jobs
    run(jobs, Results(str(tmp_path / "results")), threads, 2, seen, split=split)
    assert seen.bytes == sum(job.size for job in jobs)
    assert sorted(seen.ends) == [
        ("a.pcap", False),
        ("c.pcap", False),
        ("d.pcap", True),
        ("dies-once.pcap", False),
    ]
    assert seen.ticks


def tasks_of(*sizes: int | None, split: int | None = None) -> list[tuple[str, str]]:
    """What two workers are given for captures of so many MiB: their places, and which step of one."""

    class Two(_Run):
        def _width(self):
            return 2

    jobs = [
        Job(str(at), f"/x/{at}", size and size << 20, "b7", None, (), (), False, True)
        for at, size in enumerate(sizes)
    ]
    tasks = Two(None, local, 2, None, analyse, split, "")._tasks(jobs)
    return [
        (" ".join(job.key for job in task.jobs), task.step.name if task.step else "batch") for task in tasks
    ]


def test_large_captures_go_first_and_small_ones_together():
    assert tasks_of(5, 300, 7, None, 600, 6) == [
        *(("4", step) for step in ("digest", "piece 0", "piece 1", "piece 2")),
        *((at, "batch") for at in ("1", "2", "5", "0", "3")),
    ]


def test_what_is_no_more_than_a_workers_share_is_not_split_unless_asked():
    assert tasks_of(600, 600) == [("0", "batch"), ("1", "batch")]
    assert {step for _, step in tasks_of(600)} == {"digest", "piece 0", "piece 1", "piece 2"}
    assert {step for _, step in tasks_of(600, 600, split=400 << 20)} == {"digest", "piece 0", "piece 1"}
    assert tasks_of(100) == [("0", "batch")]


@pytest.mark.parametrize("carried", [1 << 20, 0])
def test_pieces_on_dask(tmp_path, carried, monkeypatch):
    """Merged by the cluster's workers, or at home where the parts are too much to send."""
    from distributed import LocalCluster

    fleets.faulty(tmp_path / "b7" / "a.pcap")
    jobs = plan([str(tmp_path / "b7")], fleets.sites(tmp_path / "sites", "b7")).jobs
    calm, cut = Results(str(tmp_path / "calm")), Results(str(tmp_path / "cut"))
    run(jobs, calm, threads)
    monkeypatch.setattr("analyzer.fleet.large.CARRIED", carried)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        account = run(jobs, cut, dask(cluster.scheduler_address), split=200)
    assert not account.failed
    assert content(cut) == content(calm)


@pytest.mark.slow
def test_a_dask_cluster_that_loses_a_worker_gives_the_same(captures, tmp_path):
    from distributed import LocalCluster

    calm, shaken = Results(str(tmp_path / "calm")), Results(str(tmp_path / "shaken"))
    run(captures, calm, threads)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        outcome = run(captures, shaken, dask(cluster.scheduler_address), 2, work=fleets.dies_once)
    assert (tmp_path / "b7" / "dies-once.pcap.met").exists(), "a worker was lost"
    assert not outcome.failed
    assert content(shaken) == content(calm)
