"""portmatrix beside its peers on the same captures: ``python benchmarks/run.py [--runs 5] [--scale 1.0]``.

Captures are generated (``captures.py``) into a scratch folder. Every round runs each command of a table once,
one after the other, so that what else the machine does hits all alike; reported are medians over the rounds
of the time from start to exit, of processor time (user + system) and of peak memory, and the ratios of
elapsed and of processor time to the table's first command. Captures were written just now, so they are read
from memory and not from the disk. Peers that are not installed are left out. Writes ``RESULTS.md``: the
machine, the versions, the commands, a table for each question.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import captures  # noqa: E402 - beside this file, not installed

PORTMATRIX = [sys.executable, "-m", "analyzer"]
SITE = ROOT / "samples" / "healthy-current" / "site.yaml"
SAMPLE = ROOT / "samples" / "coap-blocked"

WALK = """\
The plain C walk (`walk.c`, compiled with `cc -O2`) reads the file in windows of 4 MiB, steps from one
record's header to the next, and adds up lengths. It looks at no byte of a packet: it decodes nothing, knows
no flow, judges nothing, reads one kind of pcap, and ends at the first damaged record. It is the floor under
everything that reads this file, and no competitor; what a row has more than it is the price of start,
decoding, counting and writing. The peers do the nearest thing that they can do to `portmatrix flows`: flow
records, in a file of their own format (softflowd: to a port that nobody listens on), and no judgement. A
peak of some 35 MiB is that of the program which measures: a child begins with it.
"""


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

    def typed(self, folder: Path) -> str:
        """The command as a reader would type it: scratch folder and interpreter are nobody's business."""
        program = "portmatrix" if self.command[:3] == PORTMATRIX else Path(self.command[0]).name
        rest = self.command[3 if program == "portmatrix" else 1 :]
        return shlex.join([program, *rest]).replace(f"{folder}/", "").replace(f"{ROOT}/", "")


@dataclass
class Table:
    """Commands that are compared with the first of them; ``rounds`` None: as many as were asked for."""

    title: str
    runs: Sequence[Run]
    rounds: int | None = None
    about: str = ""


@dataclass
class Bench:
    """The scratch folder, and the sizes that the captures have."""

    folder: Path
    packets: int
    flows: int
    many: int
    rounds: int

    @property
    def few_rounds(self) -> int:
        """For tables of long runs."""
        return max(1, self.rounds // 2)

    def made(self, name: str, *, packets: int | None = None, flows: int | None = None, more: str = "") -> str:
        """A generated capture, by default of the usual size."""
        path = self.folder / name
        sizes = ["--packets", str(packets or self.packets), "--flows", str(flows or self.flows)]
        captures.write(captures.parser().parse_args([str(path), *sizes, *more.split()]))
        return str(path)

    def ours(self, name: str, capture: str, *more: str) -> Run:
        """``portmatrix flows`` into a CSV file."""
        report = str(self.folder / "flows.csv")
        return Run(name, [*PORTMATRIX, "flows", capture, "-q", "-o", report, *more])

    def checked(self, name: str, capture: str, *more: str) -> Run:
        """``portmatrix check`` to standard output."""
        return Run(name, [*PORTMATRIX, "check", capture, "--site", str(SITE), "-q", *more])


# ---------------------------------------------------------------- the tables, a function each


def peers(bench: Bench, base: str) -> Iterator[Table]:
    """What is installed of the usual flow tools, doing the nearest thing to ``flows``."""
    folder = bench.folder
    walk = folder / "walk"
    compiler = shutil.which("cc")
    if compiler:
        subprocess.run([compiler, "-O2", "-o", str(walk), str(HERE / "walk.c")], check=True)
    store = folder / "store"
    store.mkdir(exist_ok=True)
    known = [
        ("plain C walk", str(walk) if compiler else "", [base]),
        ("nfpcapd", "nfpcapd", ["-r", base, "-w", str(store)]),
        ("argus", "argus", ["-r", base, "-w", str(folder / "argus.out")]),
        ("softflowd", "softflowd", ["-r", base, "-n", "127.0.0.1:9", "-d"]),
    ]
    runs = [Run(name, [program, *rest]) for name, program, rest in known if program and shutil.which(program)]
    runs = [bench.ours("portmatrix flows", base), *runs]
    commands = "".join(f"- {run.name}: `{run.typed(folder)}`\n" for run in runs)
    yield Table("Peers", runs, about=f"{WALK}\n{commands}")


def judging(bench: Bench, base: str) -> Iterator[Table]:
    """What the verdict costs beyond the flows, and what the format does."""
    runs = []
    for form in ("text", "json"):
        runs.append(Run(f"flows as {form}", [*PORTMATRIX, "flows", base, "-q", "--format", form]))
        runs.append(bench.checked(f"check as {form}", base, "--format", form))
    yield Table("check", runs)


def containers(bench: Bench, base: str) -> Iterator[Table]:
    """The same packets in other files; a gzip can be no faster than what decompresses it."""
    following, zipped = bench.made("site.pcapng"), bench.made("site.pcap.gz")
    inflate = f"from isal import igzip; f = igzip.open({zipped!r})\nwhile f.read(1 << 20): pass"
    runs = [bench.ours("pcap", base), bench.ours("pcapng", following), bench.ours("pcap.gz", zipped)]
    yield Table("Containers", [*runs, Run("isal alone", [sys.executable, "-c", inflate])])


def lengths(bench: Bench, base: str) -> Iterator[Table]:
    """Time grows with the packets, memory does not."""
    runs = [bench.ours("packets / 4", bench.made("few.pcap", packets=bench.packets // 4))]
    runs.append(bench.ours("packets x 1", base))
    runs += [
        bench.ours(f"packets x {times}", bench.made(f"x{times}.pcap", packets=bench.packets * times))
        for times in (4, 16)
    ]
    yield Table("Packets, with the same flows", runs, bench.few_rounds)


def numbers_of_flows(bench: Bench, base: str) -> Iterator[Table]:
    """Memory grows with the flows. A scan is the worst case: a flow every other packet."""
    runs = [bench.ours(f"{bench.flows} flows", base)]
    runs += [
        bench.ours(f"{count} flows", bench.made(f"f{count}.pcap", flows=count))
        for count in (1000, bench.many // 10)
    ]
    scan, name = bench.made("scan.pcap", flows=bench.many, more="--scan"), f"scan: {bench.many} flows"
    runs.append(bench.ours(name, scan))
    runs.append(Run(f"{name}, as text", [*PORTMATRIX, "flows", scan, "-q"]))
    runs.append(bench.checked(f"{name}, check as text", scan))
    yield Table("Flows", runs, bench.few_rounds)


def shares(bench: Bench, _base: str) -> Iterator[Table]:
    """Captures that are full of one protocol."""
    for protocol in ("coap", "bacnet", "tftp"):
        runs = []
        for share in ("0", "0.5", "1"):
            mix = f"--coap 0 --bacnet 0 --tftp 0 --{protocol} {share}"
            runs.append(
                bench.ours(f"{protocol} {float(share):.0%}", bench.made(f"share{share}.pcap", more=mix))
            )
        yield Table(f"Share of {protocol}", runs)


def slow_readers(bench: Bench, _base: str) -> Iterator[Table]:
    """Who takes a minute: on a quarter of the packets, once."""
    few = bench.made("few.pcap", packets=bench.packets // 4)
    runs = [bench.ours("portmatrix flows", few), bench.ours("--engine dpkt", few, "--engine", "dpkt")]
    if shutil.which("tshark"):
        runs.append(Run("tshark -z conv,udp", ["tshark", "-r", few, "-q", "-z", "conv,udp"]))
    yield Table(f"{bench.packets // 4} packets, slow readers", runs, 1)


def sample(_bench: Bench, _base: str) -> Iterator[Table]:
    """A capture of a few packets: start-up."""
    small = str(next(SAMPLE.glob("capture.pcap*")))
    runs = [Run("check", [*PORTMATRIX, "check", small, "--site", str(SAMPLE / "site.yaml")])]
    if shutil.which("tshark"):
        runs.append(Run("tshark -z conv,udp", ["tshark", "-r", small, "-q", "-z", "conv,udp"]))
    yield Table("A sample", runs)


# ---------------------------------------------------------------- what is written


def measured(table: Table, rounds: int) -> str:
    """The runs, round by round, as a Markdown table."""
    os.sync()  # the captures were written just now: nobody is to wait for the disk
    for _ in range(rounds):
        for run in table.runs:
            run.once()
    first = table.runs[0]
    lines = [
        f"## {table.title}",
        "",
        *([table.about] if table.about else []),
        "| command | elapsed s | processor s | peak MiB | elapsed ratio | processor ratio |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for run in table.runs:
        elapsed, used, peak = (run.median(which) for which in range(3))
        ratios = f"{elapsed / first.median(0):.2f} | {used / first.median(1):.2f}"
        lines.append(f"| {run.name} | {elapsed:.2f} | {used:.2f} | {peak:.0f} | {ratios} |")
        print(
            f"{table.title}: {run.name}: {elapsed:.2f} s, processor {used:.2f} s, {peak:.0f} MiB", flush=True
        )
    return "\n".join([*lines, ""])


def version(*command: str) -> str:
    """The first line with a version in what the command prints."""
    if shutil.which(command[0]) is None:
        return "not installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    lines = (done.stdout + "\n" + done.stderr).splitlines()
    return next((line.strip().partition(". ")[0] for line in lines if re.search(r"\d\.\d", line)), "?")


def versions() -> list[str]:
    """What was compared, a line each."""
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "isal", "dpkt"))
    return [
        f"- {version(*PORTMATRIX, '--version')}; {libraries}",
        f"- {version('nfpcapd', '-V')}",
        f"- argus: {version('argus', '-h')}",
        f"- softflowd: {version('softflowd', '-h')}",
        f"- tshark: {version('tshark', '--version')}",
        f"- cc: {version('cc', '--version')}",
    ]


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} processors, {platform.platform()}, Python {platform.python_version()}"


def main() -> None:
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
    packets, flows, many = (int(number * options.scale) for number in (2_000_000, 20_000, 1_000_000))
    asked = [peers, judging, containers, lengths, numbers_of_flows, shares, slow_readers, sample]
    if not options.slow:
        asked.remove(slow_readers)
    parts: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), packets, flows, many, options.runs)
        base = bench.made("site.pcap")
        for tables in asked:
            parts += [measured(table, table.rounds or options.runs) for table in tables(bench, base)]
            for capture in bench.folder.glob("*.pcap*"):  # they take room
                if capture != Path(base):
                    capture.unlink()
    head = [
        "# Measured",
        "",
        f"{datetime.date.today()}; {machine()}; medians of {options.runs} paired runs; {packets} packets.",
        *([options.load] if options.load else []),
        "",
        *versions(),
        "",
    ]
    (HERE / "RESULTS.md").write_text("\n".join(head + parts), encoding="utf-8")


if __name__ == "__main__":
    main()
