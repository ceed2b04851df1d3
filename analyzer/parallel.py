"""Large captures on all processors: segments read, decoded and counted by processes of their own.

Each process gives a flow table that counts its frames from 1. Shifted and merged in order they are the table
of the whole capture. If a segment does not end where the next begins, or a process fails, nothing of this
counts, and the caller reads the capture in one go.

The processes are started as plain commands, not by :mod:`multiprocessing`: that would run the caller's own
script again, and a script or notebook that calls ``analyzer.check`` need not be prepared for it.
"""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from analyzer import parts, processors
from analyzer.capture import segments
from analyzer.capture.capture import Capture
from analyzer.capture.segments import Segment
from analyzer.capture.source import CHUNK, Hash
from analyzer.parts import Part, Pick

if TYPE_CHECKING:
    import subprocess

SEGMENT_BYTES: Final = {"fast": 128 << 20, "dpkt": 8 << 20}
"""The least a process gets, by decoder: several times what it reads in the time that it takes to start."""
MOST: Final = 8
"""Processes at most: memory is theirs each, and the disk is one."""

_CODE: Final = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from analyzer.parallel import work
work()
"""


class Whole(NamedTuple):
    """A capture read in segments: its parts in order, and the hash of the file where it is asked for."""

    parts: tuple[Part, ...]
    sha256: str


def read(
    capture: Capture,
    engine: str,
    advance: Callable[[int], None] | None = None,
    least: int | None = None,
    pick: Pick | None = None,
) -> Whole | None:
    """``capture`` read in segments; None where that is not worth it, or not sure to give the same.

    ``engine`` is ``"fast"`` or ``"dpkt"``; ``advance`` is told of the bytes once all are read, unless
    the result is None; ``least`` is the size of a segment; ``pick``, a function of a module, keeps of each
    batch what is needed besides its flows.
    """
    least = SEGMENT_BYTES[engine] if least is None else least
    # The hash of the file keeps one processor half busy beside the compiled decoder: on two, cutting costs
    # more (a process to start, tables to hand over) than it gives.
    free = processors.available() - (engine == "fast")
    count = min(MOST, free, (capture.size or 0) // least)
    cuts = segments.cut(capture, count) if count > 1 and sys.executable else []
    if not cuts:
        return None
    sums: list[str] = []
    wanted = [capture.path] if capture.hashed else []
    hashing = threading.Thread(target=lambda: sums.extend(map(hashed, wanted)), daemon=True)
    others: list[subprocess.Popen[bytes]] = []
    try:
        others = [_started(segment, engine, pick) for segment in cuts[1:]]
        hashing.start()
        done = [_counted(cuts[0], engine, pick)]
        for process in others:
            given, _ = process.communicate()
            if process.returncode or not given:
                return None
            done.append(pickle.loads(given))
    except (OSError, pickle.PickleError, EOFError):
        return None
    finally:
        for process in others:
            if process.poll() is None:
                process.kill()
                process.wait()
    if None in done:
        return None
    hashing.join()
    if advance is not None:
        advance(capture.size or 0)
    return Whole(tuple(part for part in done if part is not None), sums[0] if sums else "")


def _started(segment: Segment, engine: str, pick: Pick | None) -> subprocess.Popen[bytes]:
    import subprocess  # noqa: PLC0415 - a small capture starts no process

    process = subprocess.Popen(
        [sys.executable, "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    pickle.dump(sys.path, process.stdin)
    pickle.dump((segment, engine, pick), process.stdin)
    process.stdin.close()
    process.stdin = None
    return process


def work() -> None:
    """In a process of its own: read a segment's description, give its part, None where it is not whole."""
    segment, engine, pick = pickle.load(sys.stdin.buffer)
    pickle.dump(_counted(segment, engine, pick), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def _counted(segment: Segment, engine: str, pick: Pick | None) -> Part | None:
    part = parts.read(segment, segment.batches(), engine, pick)
    return part if segment.whole else None


def hashed(path: str) -> str:
    """The SHA-256 of a file. Raises ``OSError``."""
    total = Hash()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(CHUNK):
            total.update(data)
    return total.hexdigest()
