"""What following days of captures takes: ``python benchmarks/days.py FOLDER [--site FILE] [--json OUT]``.

Follows the ring files in FOLDER (``benchmarks/building.py`` makes some) as fast as they are read, and prints
beside the time that the captures tell of the memory of the process and what it holds.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import time
from pathlib import Path
from typing import Any, Final

from analyzer.model import CaptureRead, News
from analyzer.pipeline import memory
from analyzer.pipeline.folding import OPEN
from analyzer.pipeline.follow import Watch, _Follower
from analyzer.pipeline.options import Options
from analyzer.transfers.coap.gather import REQUESTS

MEBIBYTE: Final = 1 << 20
SAMPLES: Final = 20
HOUR: Final = 3_600_000_000_000


def resident() -> int:
    """Bytes of this process that are in memory now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def held(follower: Any) -> dict[str, int]:
    """Bytes of each part of what is kept, pickled: the arrays cut to what they hold."""
    merge = follower.reading.merge
    parts = {
        "flows": merge.table,
        "transfers": follower.collector,
        "observers": follower.watching,
        "activity": follower.activity,
        "captures": follower.reading.done,
        "told": follower.told,
    }
    return {name: len(pickle.dumps(part, 5)) for name, part in parts.items()}


def follow(options: argparse.Namespace) -> list[dict[str, Any]]:
    files = len(list(options.folder.iterdir()))
    every = max(1, files // SAMPLES)
    samples: list[dict[str, Any]] = []
    read, began = 0, time.monotonic()
    first = 0

    def tell(news: News) -> None:
        nonlocal read, first
        if not isinstance(news, CaptureRead):
            return
        first = first or (news.info.first or 0)
        read += 1
        if read % every == 0 or read == files:
            sample(((news.info.last or first) - first) / HOUR)

    def sample(hours: float) -> None:
        now = resident()
        samples.append(
            {
                "files": read,
                "hours": round(hours, 2),
                "packets": follower.reading.frame - 1,
                "flows": follower.reading.merge.table.count,
                "counted": follower.reading.merge.table.count + follower.folded,
                "resident": now,
                "peak": peak(),
                "seconds": round(time.monotonic() - began, 1),
                "parts": held(follower),
            }
        )
        print(line(samples[-1]), flush=True)

    follower = _Follower(
        Options((str(options.folder),), site=str(options.site)),
        Watch(lambda: False, tell, share=options.share),
    )
    memory.give_back()
    print(HEAD)
    report = follower.run(str(options.folder))
    print(
        f"report: {len(report.flows)} flows, {len(report.transfers)} transfers,"
        f" {len(report.findings)} findings"
    )
    print(f"peak {peak() / MEBIBYTE:.0f} MiB, {time.monotonic() - began:.0f} s")
    return samples


HEAD: Final = (
    "hours  files    packets  flows seen  kept    MiB  peak  "
    "MiB of: flows transfers observers activity captures told"
)


def line(one: dict[str, Any]) -> str:
    parts = " ".join(f"{size / MEBIBYTE:9.1f}" for size in one["parts"].values())
    return (
        f"{one['hours']:5.1f} {one['files']:6} {one['packets']:10} {one['counted']:11} {one['flows']:6}"
        f" {one['resident'] / MEBIBYTE:6.0f} {one['peak'] / MEBIBYTE:5.0f} {parts}"
    )


PAGE: Final = """\
# What following days of captures takes

Made by `benchmarks/days.py` of the ring files that `benchmarks/building.py` makes: {nodes}. {hours:.0f} hours
of capture in {files} files, {packets} packets, {counted} conversations spread evenly, most of them from ports
that are new each time: CoAP, TLS, BACnet, searches for UPnP devices, DNS, NTP, updates over TFTP (one in ten
fails), doors of BioStar that reconnect, refused connections, ICMP errors, a host that is off. The files are
read as fast as they can be, and judged whenever that is due; resident memory is that of the whole process,
its libraries included.

| hours | packets | conversations | flows kept | resident | flows | transfers | observers | activity | files |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

Memory is in MiB; the last five columns are what is kept, pickled. The process peaked at {peak:.0f} MiB, while
a table was judged and folded. What bounds each:

| what | bound |
| --- | --- |
| flows | an hour of them, and of those that are over four of a kind: hosts, service, outcome and verdict |
| transfers | four of a kind and the latest between two hosts; {limit} messages of CoAP |
| observers | BioStar: four connections of a kind between two hosts; BACnet: causes and hosts |
| activity | stretches in which a host went on sending, 28 MiB; where that is too little, short silences go |
| files | a thousand entries, those that findings cite, and one for each stretch of others |

Memory does not depend on time but on how many hosts talk to how many others, and on the conversations of an
hour and of {open} hours for TCP connections that never end.
"""


def page(samples: list[dict[str, Any]]) -> str:
    """The page about some samples: those nearest to each tenth."""
    chosen = [samples[round((len(samples) - 1) * tenth / 10)] for tenth in range(11)]
    last = samples[-1]
    rows = [
        "| "
        + " | ".join(
            (
                f"{one['hours']:.1f}",
                f"{one['packets']:,}".replace(",", " "),
                f"{one['counted']:,}".replace(",", " "),
                f"{one['flows']:,}".replace(",", " "),
                f"{one['resident'] / MEBIBYTE:.0f}",
                *(
                    f"{one['parts'][name] / MEBIBYTE:.1f}"
                    for name in ("flows", "transfers", "observers", "activity", "captures")
                ),
            )
        )
        + " |"
        for one in chosen
    ]
    return PAGE.format(
        nodes="200 nodes, two gateways, a BMS, 30 doors, 40 office computers and a scanner",
        hours=last["hours"],
        files=last["files"],
        packets=f"{last['packets']:,}".replace(",", " "),
        counted=f"{last['counted']:,}".replace(",", " "),
        rows="\n".join(rows),
        peak=last["peak"] / MEBIBYTE,
        limit=f"{REQUESTS:,}".replace(",", " "),
        open=OPEN // HOUR,
    )


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("folder", type=Path)
    made.add_argument("--site", type=Path)
    made.add_argument("--share", type=float, default=0.1, help="of the time that judging may take")
    made.add_argument("--json", type=Path, help="write the figures")
    made.add_argument("--page", type=Path, help="write a page about them")
    return made


if __name__ == "__main__":
    wanted = parser().parse_args()
    wanted.site = wanted.site or wanted.folder.with_name("site.yaml")
    found = follow(wanted)
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=1) + "\n")
    if wanted.page:
        wanted.page.write_text(page(found))
