"""Parts read anywhere and merged in order give the report of one reading."""

from __future__ import annotations

import dataclasses
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from captures import pcap

from analyzer import parts, pipeline
from analyzer.capture.find import find
from analyzer.decode import engine
from analyzer.pipeline.assembly import Assembly, pick_for_check
from analyzer.pipeline.options import Options, expected
from analyzer.tables import Batch
from tests.test_parallel import traffic
from tests.test_parts import Piece

ENGINES = ["dpkt", *(["fast"] if engine.COMPILED is not None else [])]
SAMPLES = Path(__file__).parents[1] / "samples"


def assembled(paths: list[Path], options: Options, name: str, seed: int) -> dict[str, Any]:
    """The report on captures whose frames are cut anywhere, each part as it travels."""
    draw, pick = random.Random(seed), pick_for_check()
    assembly = Assembly(*expected(options), name, strict=options.strict)
    for path in paths:
        (capture,) = find([str(path)])
        packed = []
        for batch in capture.batches():
            size = len(batch.frames["offset"])
            cuts = sorted({0, size, *(draw.randrange(size + 1) for _ in range(draw.randrange(8)))})
            for begin, end in itertools.pairwise(cuts):
                frames = {key: array[begin:end] for key, array in batch.frames.items()}
                piece = Piece(Batch(batch.buffer, frames), capture.link_types)
                packed.append(parts.packed(parts.read(piece, [piece.batch], name, pick)))
        given = map(parts.unpacked, packed)
        assembly.add(str(path), capture.format, given, capture.sha256, capture.problems)
    return dataclasses.asdict(assembly.report())


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "case",
    [
        "healthy-current",
        "biostar-upgrade",
        "http-cut-off",
        "bacnet-refused",
        "transfer-stalled",
    ],
)
def test_a_sample_cut_anywhere(case: str, name: str) -> None:
    (path,) = (SAMPLES / case).glob("capture.*")
    options = Options((str(path),), site=str(SAMPLES / case / "site.yaml"), engine=name)
    assert assembled([path], options, name, 1) == dataclasses.asdict(pipeline.check(options))


@pytest.mark.parametrize("name", ENGINES)
def test_two_captures_of_every_layout(tmp_path: Path, name: str) -> None:
    paths = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    paths[0].write_bytes(pcap(traffic(1, 700)))
    paths[1].write_bytes(pcap([(time + 10**12, data) for time, data in traffic(2, 500)])[:-5])
    options = Options(tuple(map(str, paths)), engine=name, strict=True)
    whole = dataclasses.asdict(pipeline.check(options))
    for seed in range(3):
        assert assembled(paths, options, name, seed) == whole
    assert [problem["code"] for problem in whole["captures"][1]["problems"]] == ["truncated-file"]
