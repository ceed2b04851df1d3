"""What 1,000 and 100,000 sites need, by arithmetic on what was measured: ``python benchmarks/scale.py``.

Reads ``FLEET.json``, which ``fleet.py`` writes, and writes ``SCALE.md``: a new measurement gives a new page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SITES = (1_000, 100_000)
A_DAY = 10**9
"""Bytes of captures that a site makes in a day."""
HOURLY = 24
"""Captures that they come in, where a site rotates by the hour."""
KEPT = 30
"""Days for which captures and results are kept in one place."""
TABLES = 5
PAGE = 1000
"""Names in one answer of an S3 listing."""
DAY = 86_400


def amount(value: float, unit: str) -> str:
    """``value`` of a unit that has prefixes, with two digits or three."""
    for prefix in ("", "k", "M", "G", "T", "P"):
        if value < 1000 or prefix == "P":
            return f"{value:.3g} {prefix}{unit}" if value < 100 else f"{value:.0f} {prefix}{unit}"
        value /= 1000
    raise AssertionError


def span(seconds: float) -> str:
    """Seconds as people say them."""
    for most, size, unit in ((120, 1, "s"), (7200, 60, "min"), (4 * DAY, 3600, "h")):
        if seconds < most:
            return f"{seconds / size:.2g} {unit}" if seconds / size < 10 else f"{seconds / size:.0f} {unit}"
    return f"{seconds / DAY:.0f} days"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *["--:"] * (len(head) - 1)]
    return ["", *(f"| {' | '.join(row)} |" for row in (head, rule, *rows)), ""]


def page(found: dict[str, Any]) -> str:
    """The page. Every figure is one of ``found``, or is computed in sight of the reader."""
    of = {(one["captures"], one["kind"], one["workers"]): one for one in found["throughput"]}
    large = of["large", "local", 2]
    # Processor seconds, all processes of a run together: what else the machine did is not in them.
    speed = large["bytes"] / large["processor_s"]
    share = large["result_bytes"] / large["bytes"]
    planned = max(found["planning"], key=lambda one: one["captures"])
    plan_each, held_each = (planned[name] / planned["captures"] for name in ("elapsed_s", "held_bytes"))
    led = max(found["leading"], key=lambda one: one["sites"])
    known_each, first_each, again_each, query_each = (
        led[name] / led["sites"] for name in ("known_s", "summary_s", "summary_again_s", "query_all_s")
    )
    new_each = first_each - again_each
    asked = max(found["requests"], key=lambda one: one["bytes"])
    wide = [f"{sites:,} sites" for sites in SITES]

    def row(name: str, sum_: str, *values: str) -> list[str]:
        return [name, sum_, *values]

    def over(call: Any) -> list[str]:
        return [call(sites) for sites in SITES]

    def work(sites: int) -> float:
        return sites * A_DAY / speed

    needs = [
        row("captures a day", "sites × 1 GB", *over(lambda n: amount(n * A_DAY, "B"))),
        row(
            "work a day",
            f"÷ {amount(speed, 'B/s')} a worker",
            *over(lambda n: f"{work(n) / 3600:,.0f} worker hours"),
        ),
        row("workers, all day", "÷ 24 h", *over(lambda n: f"{-(-work(n) // DAY):,.0f}")),
        row("workers, 6 h at night", "÷ 6 h", *over(lambda n: f"{-(-work(n) // (6 * 3600)):,.0f}")),
        row("network, all day", "bytes ÷ 86,400 s", *over(lambda n: amount(n * A_DAY * 8 / DAY, "bit/s"))),
        row(f"raw captures of {KEPT} days", f"× {KEPT}", *over(lambda n: amount(n * A_DAY * KEPT, "B"))),
        row(
            f"results of {KEPT} days",
            f"× {share * 1000:.2g} MB for a GB",
            *over(lambda n: amount(n * A_DAY * KEPT * share, "B")),
        ),
    ]

    def captures(sites: int, a_day: int) -> int:
        return sites * a_day

    def lead(name: str, each: float, days: int, sum_: str, fresh: float = 0.0) -> list[Any]:
        return [
            name,
            sum_,
            *(captures(sites, a_day) * (days * each + fresh) for sites in SITES for a_day in (1, HOURLY)),
        ]

    parts = [
        lead("listing and planning", plan_each, KEPT, f"{plan_each * 1e6:.0f} µs a capture of {KEPT} days"),
        lead("what is known already", known_each, KEPT, f"{known_each * 1e6:.0f} µs a file of {KEPT} days"),
        lead("writing results", led["add_s"], 1, f"{led['add_s'] * 1e3:.1f} ms a batch of a day"),
        lead(
            "summary",
            again_each,
            KEPT,
            f"{again_each * 1e6:.0f} µs a file of {KEPT} days, {new_each * 1e6:.0f} µs one of the day",
            new_each,
        ),
        lead("one query over all", query_each, KEPT, f"{query_each * 1e6:.0f} µs a file of {KEPT} days"),
    ]
    worst = max(parts, key=lambda part: part[-2])
    room = min(
        DAY / 4 / sum(part[-1] for part in parts[:4]) * SITES[-1], 2 * 2**30 / (held_each * KEPT * HOURLY)
    )
    lines = [
        "# From one machine to 100,000 sites",
        "",
        "Computed by `python benchmarks/scale.py` from [FLEET.md](FLEET.md):",
        f"{found['date']}; {found['machine']}.",
        *([found["load"]] if found["load"] else []),
        "A site makes 1 GB of captures a day. Sums are shown, so that other figures can be put in.",
        "",
        "## What it takes",
        *table(["", "sum", *wide], needs),
        f"A worker is one processor, at {amount(speed, 'B')} for each second of its time: what a run over"
        f" {large['count']} captures of {amount(large['bytes'] / large['count'], 'B')} took,",
        "its start and its summary included. Every capture is read once: the network carries as many bytes,"
        " to wherever the workers are.",
        "They belong beside the captures.",
        "",
        "## What the leading process does",
        "",
        "It lists, plans, hands out, writes results and sums up; it reads no packet. A day's run, with"
        f" {KEPT} days of captures and results in place; a site's day is one capture, or {HOURLY}:",
        *table(
            ["", "sum", *(f"{size}, {many} a day" for size in wide for many in (1, HOURLY))],
            [[str(part[0]), str(part[1]), *(span(value) for value in part[2:])] for part in parts],
        ),
        *table(
            ["", *(f"{size}, {many} a day" for size in wide for many in (1, HOURLY))],
            [
                [
                    "memory for the plan",
                    *(
                        amount(captures(n, a_day) * KEPT * held_each, "B")
                        for n in SITES
                        for a_day in (1, HOURLY)
                    ),
                ],
                [
                    f"Parquet files after {KEPT} days",
                    *(f"{captures(n, a_day) * KEPT * TABLES:,}" for n in SITES for a_day in (1, HOURLY)),
                ],
                [
                    "requests to list",
                    *(f"{-(-captures(n, a_day) * KEPT // PAGE):,}" for n in SITES for a_day in (1, HOURLY)),
                ],
                [
                    "requests to read a day",
                    *(
                        f"{captures(n, HOURLY) * (asked['head'] + asked['get']):,}" if a_day == HOURLY else ""
                        for n in SITES
                        for a_day in (1, HOURLY)
                    ),
                ],
            ],
        ),
        f"Requests to read are {asked['head']} HEAD and {asked['get']} GET for a capture of"
        f" {amount(asked['bytes'], 'B')}; listings give {PAGE:,} names each. A batch is taken to be one"
        " capture: smaller ones share their files, 64 at most.",
        "",
        "## What breaks first",
        "",
        f"The number of files. {worst[0].capitalize()} takes {span(worst[-2])} for {SITES[1]:,} sites with a"
        f" capture a day each, {span(worst[-1])}",
        f"with {HOURLY}. A query that names no site and no day opens every Parquet file of its tables,"
        " however small;",
        "the summary opens those of the day and lists the others. Not the workers, which share nothing, and"
        " not what",
        "DuckDB reads of a file once it is open.",
        "",
        "So, for many sites:",
        "",
        f"- One leading process for about {round(room, -2):,.0f} sites that rotate by the hour: its own work"
        " then stays within a quarter",
        "  of a day, and its plan within 2 GiB. Sites have nothing to do with each other; leaders may share a"
        " cluster (`--scheduler`).",
        "- Sources that name the days that are new (`s3://captures/*/2026-11-21/`): older ones are neither"
        " listed nor planned.",
        "- With them, a results folder a month (`-o results/2026-11`): what is opened is then a month's files"
        " at most. DuckDB reads",
        "  several folders by one glob.",
        "- Captures rotated by the day rather than by the hour, where that is a choice: large ones are read"
        " in pieces by several",
        "  workers, and leave fewer files.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "SCALE.md").write_text(page(json.loads((HERE / "FLEET.json").read_text())), encoding="utf-8")
