"""Both decoders on mutated frames: ``python -m tests.fuzz_decoders FRAMES [--seed N]``.

Half of the frames are generated, half come from the samples and, where it is there, the public corpus.
Prints how many were compared and ends with 1 at the first difference, naming seed, batch and bytes.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from analyzer.decode import engine
from analyzer.tables import Batch, Kind
from tests import mutants

ROOT = Path(__file__).parents[1]
FRAMES_A_BATCH = 4096


def difference(batch: Batch) -> str:
    """Empty where both decoders give one table."""
    expected, got = (engine.decode(batch, 1, name) for name in ("dpkt", "fast"))
    for which in ("columns", "quotes"):
        one, other = getattr(expected, which), getattr(got, which)
        for name, column in one.items():
            if len(column) != len(other[name]):
                return f"{which}: {len(column)} rows, not {len(other[name])}"
            wrong = np.flatnonzero(column != other[name])
            if len(wrong):
                row = int(wrong[0])
                frame = row if which == "columns" else int(expected.quotes["row"][row])
                begin = int(batch.frames["offset"][frame])
                data = bytes(batch.buffer[begin : begin + int(batch.frames["captured"][frame])])
                where = {key: int(batch.frames[key][frame]) for key in ("wire", "link_type")}
                return f"{name}: dpkt {column[row]}, fast {other[name][row]}: {where} {data.hex()}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if engine.COMPILED is None:
        print("the compiled decoder was not built")
        return 1
    places = [ROOT / "samples", ROOT.parent / "shared" / "corpus" / "files"]
    paths = [path for place in places for path in sorted(place.rglob("*.pcap*"))]
    real = [frame for path in paths for frame in mutants.of_capture(str(path), 60)]
    print(f"{len(real)} frames of {len(paths)} captures to start from", flush=True)
    begin, compared, kinds = time.monotonic(), 0, Counter[int]()
    while compared < options.frames:
        draw = random.Random(f"{options.seed}/{compared}")
        seeds = [mutants.made(draw) for _ in range(FRAMES_A_BATCH // 16)]
        seeds += draw.choices(real, k=len(seeds)) if real else []
        batch = mutants.batch(
            [mutants.mutated(draw, draw.choice(seeds)) for _ in range(FRAMES_A_BATCH)],
            draw.randbytes(draw.randrange(9)),
        )
        if found := difference(batch):
            print(f"DIFFERENT at {options.seed}/{compared}: {found}")
            return 1
        compared += FRAMES_A_BATCH
        kinds.update(engine.decode(batch, 1, "fast").columns["kind"].tolist())
        if compared % (FRAMES_A_BATCH * 64) == 0:
            print(f"{compared} frames equal, {time.monotonic() - begin:.0f} s", flush=True)
    spread = ", ".join(f"{Kind(kind).name} {count}" for kind, count in sorted(kinds.items()))
    print(f"{compared} frames, no difference, {time.monotonic() - begin:.0f} s ({spread})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
