"""The order of the stages of a draft: captures → judged conversations → the rows of a sheet."""

from __future__ import annotations

from typing import Final

from analyzer import classify, infer, outcomes, sessions
from analyzer import learn as stage
from analyzer.matrix import build
from analyzer.model import Learned, Progress
from analyzer.pipeline.bench import bench_of, replies_due
from analyzer.pipeline.options import Options, expected
from analyzer.pipeline.reading import read
from analyzer.version import VERSION
from analyzer.visibility import Visibility

NAME: Final = "learned"


def learn(options: Options, progress: Progress | None = None, name: str = NAME) -> Learned:
    """A sheet that lists what worked in captures. Raises as :func:`analyzer.pipeline.check` does.

    Roles are those of the site, inferred ones where the user declared none. Attempts that were refused,
    blocked or unanswered, and flows of which nothing tells who opened them, are left out.
    """
    sheets, place = expected(options)
    captures, table = read(options, progress)
    found = classify.recognise(table)
    sessions.tie(found)
    place = infer.complete(place, found, sheets)
    bench = bench_of(build(sheets, place.hosts), sheets, place, strict=False)
    classify.orient(found, bench.has_row, bench.knows_port, bench.relations)
    stage.settle(found, lambda address: bench.end(address).roles)
    outcomes.settle(found, Visibility(found), replies_due(sheets))
    judgements = bench.judge_all(found)
    rows, background, left = stage.learn(found, judgements)
    return Learned(VERSION, captures, name, rows, background, left)
