"""Fleets at work, and what limits them: ``python benchmarks/fleet.py [--scale 1.0] [--runs 3]``.

Captures are generated (``captures.py``) into a scratch folder. Measured are: many small captures and few
large ones on one and two workers, local processes and a Dask cluster on this machine; a large capture in
pieces against the same in one; what results take on disk; then the parts of the leading process alone, with
made-up fleets: planning, the results folder, the summary, queries. The least of the runs counts, for other
work on the machine only ever adds. Takes some minutes; writes ``FLEET.json`` and ``FLEET.md``. ``scale.py``
makes ``SCALE.md`` of them.
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from fleetpage import written  # noqa: E402 - beside this file, not installed
from madeup import (  # noqa: E402 - as above
    LARGE_FLOWS,
    LARGE_PACKETS,
    SITE,
    SMALL_FLOWS,
    SMALL_PACKETS,
    Fleet,
    dataset,
    made,
    weight,
)
from run import machine  # noqa: E402 - as above

ADDED = 200
"""Batches written to see what one costs."""


def took(call: Callable[[], Any], runs: int = 1, before: Callable[[], Any] | None = None) -> float:
    """The least processor seconds of so many calls, all threads together, each after one of ``before``."""
    taken = []
    for _ in range(runs):
        if before is not None:
            before()
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return min(taken)


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A Dask cluster of this machine, in processes of their own; its address."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made_up:
        yield made_up.scheduler_address


def throughput(folder: Path, scale: float, runs: int) -> list[dict[str, Any]]:
    """A line for each kind of fleet and of workers."""
    lines = []
    few = max(2, round(8 * scale))
    small = Fleet(folder / "small", max(40, round(400 * scale)), 20, SMALL_PACKETS, SMALL_FLOWS)
    large = Fleet(folder / "large", few, few, round(LARGE_PACKETS * min(1.0, scale)), LARGE_FLOWS)
    for name, fleet in (("small", small), ("large", large)):
        for workers in (1, 2):
            for kind in ("local", "dask"):
                target = folder / "results" / name

                def once(
                    *more: str, fleet: Fleet = fleet, target: Path = target
                ) -> list[tuple[float, float]]:
                    return [fleet.run(target, *more) for _ in range(runs)]

                if kind == "local":
                    taken = once("--jobs", str(workers))
                else:
                    with cluster(workers) as address:
                        taken = once("--scheduler", address)
                elapsed = min(one[0] for one in taken)
                files, size = weight(target)
                lines.append(
                    {
                        "captures": name,
                        "kind": kind,
                        "workers": workers,
                        "count": fleet.count,
                        "bytes": fleet.bytes,
                        "elapsed_s": elapsed,
                        "processor_s": min(one[1] for one in taken) if kind == "local" else None,
                        "captures_per_hour": fleet.count / elapsed * 3600,
                        "bytes_per_s": fleet.bytes / elapsed,
                        "result_files": files,
                        "result_bytes": size,
                    }
                )
                print(f"{name}, {kind}, {workers}: {elapsed:.1f} s", flush=True)
    return lines


def pieces(folder: Path, scale: float, runs: int) -> list[dict[str, Any]]:
    """One large capture, whole and in pieces."""
    packets = round(2 * LARGE_PACKETS * min(1.0, scale))
    fleet = Fleet(folder / "one", 1, 1, packets, LARGE_FLOWS)
    lines = []
    for number in (1, 2, 4, 8):
        for workers in (1, 2):
            more = ["--jobs", str(workers), "--split", str(fleet.bytes // number + 1)]
            target = folder / "results" / "one"
            taken = [fleet.run(target, *more) for _ in range(runs)]
            elapsed, used = min(one[0] for one in taken), min(one[1] for one in taken)
            lines.append(
                {
                    "pieces": number,
                    "workers": workers,
                    "bytes": fleet.bytes,
                    "elapsed_s": elapsed,
                    "processor_s": used,
                }
            )
            print(f"{number} pieces, {workers} workers: {elapsed:.1f} s, processor {used:.1f} s", flush=True)
    return lines


# ---------------------------------------------------------------- the leading process alone


def planning(count: int, sites: int) -> dict[str, Any]:
    """The planner fed with a made-up listing of so many captures and sites, in a process of its own."""
    code = f"""
import importlib, json, time
import psutil
planner = importlib.import_module("analyzer.fleet.plan")
texts = {{f"s{{number:06}}": {SITE!r} for number in range({sites})}}
planner._site_files = lambda folder: texts
def listing(sources):
    for number in range({count}):
        name = f"s3://captures/s{{number % {sites}:06}}/{{number // {sites}:03}}.pcap.gz"
        yield planner.Found(name, 42_000_000, f"[42000000, '{{number:032x}}', 1790000000]", False)
planner._found = listing
before = psutil.Process().memory_info().rss
begin = time.perf_counter()
planned = planner.plan(["s3://captures"], "sites")
taken = time.perf_counter() - begin
held = psutil.Process().memory_info().rss - before
assert len(planned.jobs) == {count} and planned.jobs[-1].site != "unassigned"
print(json.dumps({{"captures": {count}, "sites": {sites}, "elapsed_s": taken, "held_bytes": held}}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    line: dict[str, Any] = json.loads(done.stdout)
    print(f"planning {count} captures of {sites} sites: {line['elapsed_s']:.1f} s", flush=True)
    return line


def requests(folder: Path) -> list[dict[str, Any]]:
    """What is asked of an object store for one capture, by its bytes."""
    import fsspec
    from moto.server import ThreadedMotoServer

    from analyzer.fleet.plan import plan
    from analyzer.fleet.work import analyse

    class Counter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            asked.append(str(record.args))

    asked: list[str] = []
    log = logging.getLogger("werkzeug")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(Counter())
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "made-up")
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    store = fsspec.filesystem("s3")
    store.mkdir("captures")
    lines = []
    for packets in (SMALL_PACKETS, 130_000):
        path = folder / "asked.pcap"
        made(path, packets, SMALL_FLOWS, 1)
        store.put(str(path), f"captures/{packets}.pcap")
        (job,) = plan([f"s3://captures/{packets}.pcap"]).jobs
        asked.clear()
        assert not analyse(job).error
        kinds = {kind: sum(f"{kind} /" in one for one in asked) for kind in ("HEAD", "GET")}
        lines.append({"bytes": path.stat().st_size, "head": kinds["HEAD"], "get": kinds["GET"]})
        print(f"{path.stat().st_size} bytes: {kinds}", flush=True)
    server.stop()
    return lines


def leading(folder: Path, pattern: Path, sites: int, runs: int) -> dict[str, Any]:
    """What the leading process takes to read the results of ``sites`` sites."""
    from analyzer.fleet.plan import Plan
    from analyzer.fleet.query import ask
    from analyzer.fleet.results import Results
    from analyzer.fleet.run import Account
    from analyzer.fleet.summary import page, summarise

    target = folder / f"dataset-{sites}"
    dataset(target, pattern, sites)
    results = Results(str(target))
    names = tuple(f"s{number:06}" for number in range(sites))
    lines: dict[str, Any] = {"sites": sites, "files": weight(target)[0]}
    with results.held():
        pass  # the folder is one that a run has left as it should

    def summary() -> None:
        page(summarise(results, Plan((), names), Account((), (), ()), 0)[0])

    def forget() -> None:
        for index in target.glob(".*.index"):
            index.unlink()

    # Read by processor time: how long a disk takes is measured where it writes.
    lines["summary_s"] = took(summary, runs, forget)
    lines["summary_again_s"] = took(summary, runs)
    lines["known_s"] = took(results.known, runs)
    worst = "SELECT site, count(*) FROM findings WHERE severity = 'violation' GROUP BY site"
    lines["query_all_s"] = took(lambda: ask(str(target), worst), runs)
    one = f"SELECT * FROM findings WHERE site = 's{sites // 2:06}'"
    lines["query_one_s"] = took(lambda: ask(str(target), one), runs)
    print(
        f"results of {sites} sites: "
        + ", ".join(f"{name} {value:.1f}" for name, value in lines.items() if name.endswith("_s")),
        flush=True,
    )
    return lines


def adding(folder: Path, pattern: Path) -> float:
    """Seconds that a batch takes to be written."""
    from analyzer.fleet.results import Results
    from analyzer.fleet.tables import TABLES
    from analyzer.fleet.work import File

    files = [
        File(name, "2026-11-21", next((pattern / name).glob("*/*/*.parquet")).read_bytes()) for name in TABLES
    ]
    made_up = Results(str(folder / "added"))
    begin = time.perf_counter()
    for number in range(ADDED):
        made_up.add(f"s{number:06}", [str(number)], files)
    taken = (time.perf_counter() - begin) / ADDED
    shutil.rmtree(made_up.folder)
    return taken


def led(folder: Path, options: argparse.Namespace, add_s: float | None = None) -> dict[str, Any]:
    """The leading process with results of many sites, of two sizes. ``add_s`` is known from another day."""
    pattern = folder / "pattern"
    Fleet(folder / "single", 1, 1, SMALL_PACKETS, SMALL_FLOWS).run(pattern, "--jobs", "1")
    sizes = (options.sites // 10, options.sites)
    about = f"{datetime.date.today()}, the least of {options.runs} runs. {options.load}"
    written_s = {"add_s": add_s or adding(folder, pattern)}
    return {
        "leading": [leading(folder, pattern, sites, options.runs) | written_s for sites in sizes],
        "leading_about": about.rstrip(),
    }


def put(found: dict[str, Any]) -> None:
    (HERE / "FLEET.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (HERE / "FLEET.md").write_text(written(found), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the captures' number and size")
    parser.add_argument("--sites", type=int, default=20_000, help="of the largest made-up results")
    parser.add_argument("--leading", action="store_true", help="only the results of many sites, anew")
    parser.add_argument("--load", default="", help="a remark on what else the machine did")
    options = parser.parse_args()
    # An installed program has its bytecode; compiling it at every start is no part of the work.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    import distributed
    import duckdb

    version = subprocess.run(
        [sys.executable, "-m", "analyzer", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if options.leading:
            held = json.loads((HERE / "FLEET.json").read_text(encoding="utf-8"))
            put(held | led(folder, options, held["leading"][-1]["add_s"]))
            return
        found: dict[str, Any] = {
            "date": str(datetime.date.today()),
            "machine": machine(),
            "versions": f"{version.stdout.strip()}, DuckDB {duckdb.__version__},"
            f" Dask {distributed.__version__}",
            "large_packets": round(LARGE_PACKETS * min(1.0, options.scale)),
            "runs": options.runs,
            "load": options.load,
            "throughput": throughput(folder, options.scale, options.runs),
            "pieces": pieces(folder, options.scale, options.runs),
        }
        found["requests"] = requests(folder)
        found["planning"] = [planning(100_000, sites) for sites in (100, 10_000, 100_000)]
        found["planning"].append(planning(3_000_000, 100_000))
        found |= led(folder, options)
        # Before the scratch folder goes: that many files take a while.
        put(found)


if __name__ == "__main__":
    main()
