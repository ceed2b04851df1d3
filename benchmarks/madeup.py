"""Made-up fleets: captures in folders named like sites, the sites, and results as if of very many."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import captures  # noqa: E402 - beside this file, not installed

SITE = """site: made
hosts:
  - {name: gateways, address: 10.0.0.0/16, role: igor-gateway, version: 5.1.0}
  - {name: nodes, address: 10.1.0.0/16, role: igor-node, version: 6.0.2}
"""
SMALL_PACKETS, SMALL_FLOWS = 200, 20
LARGE_PACKETS, LARGE_FLOWS = 500_000, 2_000


def made(path: Path, packets: int, flows: int, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = [str(path), "--packets", str(packets), "--flows", str(flows), "--seed", str(seed)]
    captures.write(captures.parser().parse_args(options))


def weight(folder: Path) -> tuple[int, int]:
    """Files below ``folder``, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


class Fleet:
    """Captures in folders named like sites, and the sites."""

    def __init__(self, folder: Path, count: int, sites: int, packets: int, flows: int) -> None:
        self.folder, self.count = folder, count
        for number in range(sites):
            (folder / "sites").mkdir(parents=True, exist_ok=True)
            (folder / "sites" / f"s{number:05}.yaml").write_text(SITE)
        distinct = min(count, 8 if packets == SMALL_PACKETS else 2)  # large ones take seconds to make
        for number in range(count):
            path = folder / "captures" / f"s{number % sites:05}" / f"{number:05}.pcap"
            if number < distinct:
                made(path, packets, flows, number)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                first = (
                    folder / "captures" / f"s{number % distinct % sites:05}" / f"{number % distinct:05}.pcap"
                )
                shutil.copy(first, path)
        self.bytes = weight(folder / "captures")[1]

    def run(self, target: Path, *more: str) -> tuple[float, float]:
        """Seconds from start to exit of a run that analyses all, and processor seconds of its processes."""
        shutil.rmtree(target, ignore_errors=True)
        command = [sys.executable, "-m", "analyzer", "fleet", str(self.folder / "captures"), "-q"]
        command += ["--sites", str(self.folder / "sites"), "-o", str(target), *more]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        elapsed = time.perf_counter() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def dataset(folder: Path, pattern: Path, sites: int) -> None:
    """Results of ``sites`` sites, a capture each: the files of one made-up result under each site's name."""
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    for table in sorted(path for path in pattern.iterdir() if path.is_dir() and path.name != "runs"):
        file = next(table.glob("*/*/*.parquet"), None)
        if file is None:
            continue
        day = file.parent.name
        first: Path | None = None
        for number in range(sites):
            place = folder / table.name / f"site=s{number:06}" / day
            place.mkdir(parents=True)
            path = place / f"{number:024x}.parquet"
            if first is None or number % 10_000 == 0:
                shutil.copy(file, path)  # file systems bound the links of one file
                first = path
            else:
                os.link(first, path)
