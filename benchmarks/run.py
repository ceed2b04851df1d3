"""portmatrix beside its peers on the same captures: ``python benchmarks/run.py [--runs 5] [--scale 1.0]``.

Captures are generated (``captures.py``) into a scratch folder. Every round runs each command once, one after
the other, so that what else the machine does hits all alike; reported are medians over the rounds of the time
from start to exit, of processor time (user + system) and of peak memory, and the ratios of processor and of
elapsed time to the table's first command. Peers that are not installed are left out. Writes ``RESULTS.md``.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import captures  # noqa: E402 - beside this file, not installed

PORTMATRIX = [sys.executable, "-m", "analyzer"]


@dataclass
class Run:
    """One command, and what its runs took: seconds, processor seconds, MiB."""

    name: str
    command: list[str]
    taken: list[tuple[float, float, float]] = field(default_factory=list)

    def once(self) -> None:
        begin = time.monotonic()
        with open(os.devnull, "wb") as nothing:
            child = subprocess.Popen(self.command, stdout=nothing, stderr=nothing, cwd=ROOT)
            _, _, used = os.wait4(child.pid, 0)
        self.taken.append((time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))

    def median(self, which: int) -> float:
        return statistics.median(one[which] for one in self.taken)


def made(folder: Path, name: str, *arguments: str) -> str:
    path = folder / name
    captures.write(captures.parser().parse_args([str(path), *arguments]))
    return str(path)


def peers(capture: str, folder: Path) -> list[Run]:
    """What is installed of the usual flow tools, doing the nearest thing to ``flows``."""
    walk = folder / "walk"
    compiler = shutil.which("cc")
    if compiler and not walk.exists():
        subprocess.run([compiler, "-O2", "-o", str(walk), str(HERE / "walk.c")], check=True)
    store = folder / "store"
    store.mkdir(exist_ok=True)
    known = [
        ("plain C walk", str(walk) if compiler else "", [capture]),
        ("nfpcapd", "nfpcapd", ["-r", capture, "-w", str(store)]),
        ("argus", "argus", ["-r", capture, "-w", str(folder / "argus.out")]),
        ("softflowd", "softflowd", ["-r", capture, "-n", "127.0.0.1:9", "-d"]),
    ]
    return [Run(name, [program, *rest]) for name, program, rest in known if program and shutil.which(program)]


def measured(title: str, runs: list[Run], rounds: int) -> str:
    """The runs, round by round, as a Markdown table."""
    os.sync()  # the captures were written just now: nobody is to wait for the disk
    for _ in range(rounds):
        for run in runs:
            run.once()
    first = runs[0]
    lines = [
        f"## {title}",
        "",
        "| command | elapsed s | processor s | peak MiB | elapsed ratio | processor ratio |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for run in runs:
        elapsed, used, peak = (run.median(which) for which in range(3))
        ratios = f"{elapsed / first.median(0):.2f} | {used / first.median(1):.2f}"
        lines.append(f"| {run.name} | {elapsed:.2f} | {used:.2f} | {peak:.0f} | {ratios} |")
        print(f"{title}: {run.name}: {elapsed:.2f} s, processor {used:.2f} s, {peak:.0f} MiB", flush=True)
    return "\n".join([*lines, ""])


def version(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "not installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return ((done.stdout or done.stderr).splitlines() or ["?"])[0].strip()


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} processors, {platform.platform()}, Python {platform.python_version()}"


def main() -> None:  # noqa: C901, PLR0915 - a list of what is measured
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="of the 2 million packets")
    parser.add_argument("--slow", action="store_true", help="also tshark and the reference decoder")
    parser.add_argument("--load", default="", help="a remark on what else the machine did")
    options = parser.parse_args()
    # An installed program has its bytecode; compiling it at every start is no part of the work.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    packets = int(2_000_000 * options.scale)
    flows, many = str(int(20_000 * options.scale)), str(int(1_000_000 * options.scale))
    parts: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        report = str(folder / "flows.csv")

        def ours(name: str, capture: str, *more: str) -> Run:
            return Run(name, [*PORTMATRIX, "flows", capture, "-q", "-o", report, *more])

        base = made(folder, "site.pcap", "--packets", str(packets), "--flows", flows)
        parts.append(measured("Peers", [ours("portmatrix flows", base), *peers(base, folder)], options.runs))
        site = str(ROOT / "samples" / "healthy-current" / "site.yaml")
        runs = []
        for form in ("text", "json"):
            written = ["-q", "--format", form]
            runs.append(Run(f"flows as {form}", [*PORTMATRIX, "flows", base, *written]))
            runs.append(Run(f"check as {form}", [*PORTMATRIX, "check", base, "--site", site, *written]))
        parts.append(measured("check", runs, options.runs))
        following = made(folder, "site.pcapng", "--packets", str(packets), "--flows", flows)
        zipped = made(folder, "site.pcap.gz", "--packets", str(packets), "--flows", flows)
        inflate = f"from isal import igzip; f = igzip.open({zipped!r})\nwhile f.read(1 << 20): pass"
        runs = [ours("pcap", base), ours("pcapng", following), ours("pcap.gz", zipped)]
        runs.append(Run("isal alone", [sys.executable, "-c", inflate]))
        parts.append(measured("Containers", runs, options.runs))
        for path in (following, zipped):
            os.unlink(path)
        few = made(folder, "few.pcap", "--packets", str(packets // 4), "--flows", flows)
        runs = [ours("packets / 4", few), ours("packets x 1", base)]
        for times in (4, 16):
            name = made(folder, f"x{times}.pcap", "--packets", str(packets * times), "--flows", flows)
            runs.append(ours(f"packets x {times}", name))
        parts.append(measured("Packets, with the same flows", runs, max(1, options.runs // 2)))
        for times in (4, 16):
            os.unlink(folder / f"x{times}.pcap")
        runs = [ours(f"{flows} flows", base)]
        for count in ("1000", str(int(100_000 * options.scale))):
            name = made(folder, f"f{count}.pcap", "--packets", str(packets), "--flows", count)
            runs.append(ours(f"{count} flows", name))
        scan = made(folder, "scan.pcap", "--packets", str(packets), "--flows", many, "--scan")
        runs.append(ours(f"scan: {many} flows", scan))
        runs.append(Run(f"scan: {many} flows, as text", [*PORTMATRIX, "flows", scan, "-q"]))
        command = [*PORTMATRIX, "check", scan, "--site", site, "-q"]
        runs.append(Run(f"scan: {many} flows, check as text", command))
        parts.append(measured("Flows", runs, max(1, options.runs // 2)))
        os.unlink(scan)
        for protocol in ("coap", "bacnet", "tftp"):
            runs = []
            for share in ("0", "0.5", "1"):
                mix = ["--coap", "0", "--bacnet", "0", "--tftp", "0", f"--{protocol}", share]
                name = made(folder, f"share{share}.pcap", "--packets", str(packets), "--flows", flows, *mix)
                runs.append(ours(f"{protocol} {float(share):.0%}", name))
            parts.append(measured(f"Share of {protocol}", runs, options.runs))
        if options.slow:
            runs = [ours("portmatrix flows", few), ours("--engine dpkt", few, "--engine", "dpkt")]
            if shutil.which("tshark"):
                runs.append(Run("tshark -z conv,udp", ["tshark", "-r", few, "-q", "-z", "conv,udp"]))
            parts.append(measured(f"{packets // 4} packets, slow readers", runs, 1))
        sample = ROOT / "samples" / "coap-blocked"
        small = str(next(sample.glob("capture.pcap*")))
        command = [*PORTMATRIX, "check", small, "--site", str(sample / "site.yaml")]
        runs = [Run("check", command)]
        if shutil.which("tshark"):
            runs.append(Run("tshark -z conv,udp", ["tshark", "-r", small, "-q", "-z", "conv,udp"]))
        parts.append(measured("A sample", runs, options.runs))
    head = [
        "# Measured",
        "",
        f"{datetime.date.today()}; {machine()}; medians of {options.runs} paired runs; {packets} packets.",
        options.load,
        "",
        f"- {version(*PORTMATRIX, '--version')}",
        f"- {version('nfpcapd', '-V')}",
        f"- argus: {version('argus', '-h')}",
        f"- {version('tshark', '--version')}",
        "",
    ]
    (HERE / "RESULTS.md").write_text("\n".join(head + parts), encoding="utf-8")


if __name__ == "__main__":
    main()
