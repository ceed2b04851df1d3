"""All samples and public captures, decoded: what two ways to the same result are compared on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from analyzer.capture.find import find
from analyzer.decode import decode
from analyzer.errors import CaptureError
from analyzer.tables import Packets

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


def captures(what: str) -> Iterator[tuple[str, list[Packets]]]:
    """The name and the batches of each that can be read.

    Skips where the public ones are absent, and says that ``what`` was not compared.
    """
    if not CORPUS.is_dir():
        pytest.skip(f"{what} NOT COMPARED ON PUBLIC CAPTURES: they are not at {CORPUS}")
    yield from decoded([*ROOT.glob("samples/*/*.pcap*"), *CORPUS.glob("files/*/*")])


def decoded(paths: Iterable[Path]) -> Iterator[tuple[str, list[Packets]]]:
    """The name and the batches of each of some captures, those left out that cannot be read."""
    for path in sorted(paths):
        batches, frame = [], 1
        try:
            for capture in find([str(path)], hash=False):
                for batch in capture.batches():
                    batches.append(decode(batch, frame))
                    frame += len(batch.frames["offset"])
        except CaptureError:
            continue
        yield path.name, batches
