"""``FLEET.md``: what ``fleet.py`` measured, as Markdown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from madeup import LARGE_FLOWS, SMALL_FLOWS, SMALL_PACKETS

MIB = 1 << 20


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---", *["--:"] * (len(head) - 1)], *rows)]


def written(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "# Fleets, measured",
        "",
        f"{found['date']}; {found['machine']}; {found['versions']}. The least of {found['runs']} runs each.",
        *([found["load"]] if found["load"] else []),
        "",
        f"Written by `python benchmarks/fleet.py`. Small captures have {SMALL_PACKETS} packets in",
        f"{SMALL_FLOWS} flows, large ones {found['large_packets']:,} in {LARGE_FLOWS:,}.",
        "",
        "## Throughput",
        "",
        *table(
            ["captures", "workers", "elapsed s", "processor s", "captures an hour", "MB a second"],
            [
                [
                    f"{one['count']} {one['captures']}, {one['bytes'] / 1e6:.0f} MB",
                    f"{one['workers']} {one['kind']}",
                    f"{one['elapsed_s']:.1f}",
                    "" if one["processor_s"] is None else f"{one['processor_s']:.1f}",
                    f"{one['captures_per_hour']:,.0f}",
                    f"{one['bytes_per_s'] / 1e6:.1f}",
                ]
                for one in found["throughput"]
            ],
        ),
        "",
        "Elapsed is from start to exit of `portmatrix fleet`, its own start and the summary included; a Dask",
        "cluster is there already, and its workers' processor time is not counted.",
        "",
        "## One capture in pieces",
        "",
        *table(
            ["pieces", "workers", "elapsed s", "processor s", "MB a second"],
            [
                [
                    str(one["pieces"]),
                    str(one["workers"]),
                    f"{one['elapsed_s']:.1f}",
                    f"{one['processor_s']:.1f}",
                    f"{one['bytes'] / one['elapsed_s'] / 1e6:.1f}",
                ]
                for one in found["pieces"]
            ],
        ),
        "",
        "## Results on disk",
        "",
        *table(
            ["captures", "bytes a capture", "files", "MB for a GB of captures"],
            [
                [
                    f"{one['count']} {one['captures']}",
                    f"{one['result_bytes'] / one['count']:,.0f}",
                    str(one["result_files"]),
                    f"{one['result_bytes'] / one['bytes'] * 1000:.1f}",
                ]
                for one in found["throughput"]
                if (one["kind"], one["workers"]) == ("local", 2)
            ],
        ),
        "",
        "## Requests of an object store",
        "",
        "What one capture takes, besides the listing.",
        "",
        *table(
            ["bytes", "HEAD", "GET"],
            [[f"{one['bytes']:,}", str(one["head"]), str(one["get"])] for one in found["requests"]],
        ),
        "",
        "## Planning",
        "",
        "From a listing that is there already to jobs, with the memory that they take.",
        "",
        *table(
            ["captures", "sites", "s", "MiB"],
            [
                [
                    f"{one['captures']:,}",
                    f"{one['sites']:,}",
                    f"{one['elapsed_s']:.1f}",
                    f"{one['held_bytes'] / MIB:.0f}",
                ]
                for one in found["planning"]
            ],
        ),
        "",
        "## Results of many sites",
        "",
        f"One capture of each site on one day; the last column is what a batch takes to be written."
        f" {found['leading_about']}",
        "Processor seconds of all threads, but for the last column. The first summary opens every file of",
        "two tables. The next ones open those that are new, and so does what asks which captures are known.",
        "",
        *table(
            [
                "sites",
                "files",
                "first summary s",
                "summary again s",
                "what is known s",
                "query, all s",
                "query, one site s",
                "ms to write",
            ],
            [
                [
                    f"{one['sites']:,}",
                    f"{one['files']:,}",
                    *(
                        f"{one[f'{name}_s']:.2f}"
                        for name in ("summary", "summary_again", "known", "query_all", "query_one")
                    ),
                    f"{one['add_s'] * 1000:.1f}",
                ]
                for one in found["leading"]
            ],
        ),
    ]
    return "\n".join(lines) + "\n"
