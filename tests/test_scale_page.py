"""The page about scale: its sums, and that it is the one of the figures beside it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def loaded():
    spec = importlib.util.spec_from_file_location("scale_page", BENCHMARKS / "scale.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def line(page, name):
    (found,) = [row for row in page.splitlines() if row.startswith(f"| {name} |")]
    return [cell.strip() for cell in found.strip("|").split("|")][2:]


def test_the_sums_are_right():
    held = {"captures": "large", "kind": "local", "workers": 2, "count": 4, "bytes": 4 * 10**8}
    found = {
        "date": "2026-11-21",
        "machine": "a machine",
        "load": "",
        # 400 MB in 8 processor seconds: 50 MB/s. A hundredth of the captures' size in results.
        "throughput": [held | {"processor_s": 8.0, "result_bytes": 4 * 10**6}],
        "planning": [{"captures": 1000, "sites": 10, "elapsed_s": 0.1, "held_bytes": 10**6}],
        "requests": [{"bytes": 42 * 10**6, "head": 5, "get": 10}],
        "leading": [
            {
                "sites": 100,
                "known_s": 0.1,
                "summary_s": 0.7,
                "summary_again_s": 0.2,
                "query_all_s": 0.05,
                "add_s": 0.01,
            },
        ],
    }
    page = loaded().page(found)
    # 1,000 GB at 50 MB/s are 20,000 s, 5.6 h, a quarter of a day; of 100,000 sites a hundred times as much.
    assert line(page, "work a day") == ["6 worker hours", "556 worker hours"]
    assert line(page, "workers, all day") == ["1", "24"]
    assert line(page, "workers, 6 h at night") == ["1", "93"]
    # 8 * 10^12 bit in 86,400 s.
    assert line(page, "network, all day") == ["92.6 Mbit/s", "9.26 Gbit/s"]
    assert line(page, "raw captures of 30 days") == ["30 TB", "3 PB"]
    assert line(page, "results of 30 days") == ["300 GB", "30 TB"]
    # 100 µs for each of 30,000, 720,000, 3,000,000 and 72,000,000 captures.
    assert line(page, "listing and planning") == ["3 s", "72 s", "5 min", "2 h"]
    # 2 ms for each of 30,000, and 5 ms for each of the 1,000 of a day.
    assert line(page, "summary") == ["65 s", "26 min", "108 min", "43 h"]
    assert line(page, "writing results") == ["10 s", "4 min", "17 min", "6.7 h"]
    assert line(page.replace(" ||", ""), "what is known already") == ["30 s", "12 min", "50 min", "20 h"]
    assert "Summary takes 108 min for 100,000 sites with a capture a day each, 43 h" in page


def test_the_page_is_that_of_the_figures_beside_it():
    figures = json.loads((BENCHMARKS / "FLEET.json").read_text(encoding="utf-8"))
    assert (BENCHMARKS / "SCALE.md").read_text(encoding="utf-8") == loaded().page(figures)
