"""Workers and whole runs of fleets killed from outside, at any moment. The results are the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fleets
import pytest

from analyzer.fleet.plan import plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import dask, run

ROOT = Path(__file__).parents[1]
CAPTURES = 16


def content(results):
    with results.database() as database:
        return {
            name: sorted(map(repr, database.execute(f"SELECT * FROM {name}").fetchall()))
            for name in ("flows", "rows", "findings", "captures")
        }


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """Captures of two sites, the sites, and what an undisturbed run finds."""
    folder = tmp_path_factory.mktemp("calm")
    for number in range(CAPTURES):
        make = fleets.faulty if number % 3 else fleets.healthy
        make(folder / "captures" / f"b{number % 2}" / f"{number}.pcap", at=number * 60)
    sites = fleets.sites(folder / "sites", "b0", "b1")
    jobs = plan([str(folder / "captures")], sites).jobs
    results = Results(str(folder / "results"))
    assert len(run(jobs, results, lambda _workers: ThreadPoolExecutor(1)).done) == CAPTURES
    return folder, jobs, content(results)


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_for_good_costs_nothing(calm, tmp_path):
    from distributed import Client, LocalCluster

    _, jobs, undisturbed = calm
    killed = []

    class Killer:
        def finished(self, job, failed):
            if not killed:
                killed.append(workers[0].pid)
                workers[0].kill()

        def advance(self, count):
            pass

        def tick(self):
            pass

    with LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as cluster:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address]
        options = ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", str(tmp_path)]
        workers = [
            subprocess.Popen(
                [*command, *options],
                env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
                stderr=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        try:
            with Client(cluster.scheduler_address, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
            results = Results(str(tmp_path / "results"))
            account = run(jobs, results, dask(cluster.scheduler_address), 2, Killer(), fleets.slow)
            assert workers[0].wait(10) == -signal.SIGKILL
            assert workers[1].poll() is None
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    assert killed
    assert not account.failed
    assert content(results) == undisturbed


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_goes_on_where_it_was(calm, tmp_path):
    folder, _, undisturbed = calm
    target = tmp_path / "results"
    command = [
        *(sys.executable, "-m", "analyzer", "fleet", str(folder / "captures"), "--sites"),
        *(str(folder / "sites"), "--jobs", "1", "-o", str(target)),
    ]
    draw = random.Random(20261121)
    held = []
    begin = time.monotonic()
    for number in range(4):
        # First while it starts, then while it works: after so many batches more than before, and a moment.
        batches = number + min(number, 1) - 1
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            while number and time.monotonic() < begin + 120 and process.poll() is None:
                if len(list(target.glob("captures/*/*/*.parquet"))) >= batches:
                    break
                time.sleep(0.005)
            time.sleep(draw.random() * (0.05 if number else 0.8))
            os.killpg(process.pid, signal.SIGKILL)
        held.append(Results(str(target)).known())
        assert number == 0 or held[-2] <= held[-1], "what was finished stays"
    assert held[-1], "the kills came while it worked"
    assert len(held[-1]) < CAPTURES
    files = {path: path.stat().st_mtime_ns for path in target.glob("captures/*/*/*.parquet")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    new = CAPTURES - len(held[-1])
    assert f"{new} captures analysed, {len(held[-1])} known from earlier runs" in done.stdout
    assert all(path.stat().st_mtime_ns == when for path, when in files.items()), "nothing was done twice"
    assert content(Results(str(target))) == undisturbed
    assert not list(target.glob("**/.*.part"))
