"""Large captures on all processors: segments read, decoded and counted by processes of their own.

Each process gives a flow table that counts its frames from 1. Shifted and merged in order they are the table
of the whole capture. If a segment does not end where the next begins, or a process fails, nothing of this
counts, and the caller reads the capture in one go.

The processes are started as plain commands, not by :mod:`multiprocessing`: that would run the caller's own
script again, and a script or notebook that calls ``analyzer.check`` need not be prepared for it.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from analyzer import decode, flowtable
from analyzer.capture import Capture, segments
from analyzer.capture.segments import Segment
from analyzer.capture.source import CHUNK, Hash
from analyzer.flowtable import FlowTable
from analyzer.tables import Packets

if TYPE_CHECKING:
    import subprocess

Pick = Callable[[Packets], Packets]

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
    """A capture read in segments: what a Capture and a flow table say of it. Frames count from 1."""

    table: FlowTable
    packets: int
    bytes: int
    first: int | None
    last: int | None
    link_types: tuple[str, ...]
    sha256: str
    picked: tuple[Packets, ...] = ()
    """What ``pick`` kept of each batch, in order."""


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
    free = processors() - (engine == "fast")
    count = min(MOST, free, (capture.size or 0) // least)
    parts = segments.cut(capture, count) if count > 1 and sys.executable else []
    if not parts:
        return None
    sums: list[str] = []
    hashing = threading.Thread(target=lambda: sums.append(_hashed(capture.path)), daemon=True)
    others: list[subprocess.Popen[bytes]] = []
    try:
        others = [_started(part, engine, pick) for part in parts[1:]]
        hashing.start()
        tables, kept = _lists(_counted(parts[0], engine, pick))
        done = [parts[0]]
        for process in others:
            given, _ = process.communicate()
            if process.returncode or not given:
                return None
            part, table, picked = pickle.loads(given)
            done.append(part)
            tables.append(table)
            kept.append(picked)
    except (OSError, pickle.PickleError, EOFError):
        return None
    finally:
        for process in others:
            if process.poll() is None:
                process.kill()
                process.wait()
    if not all(part.whole for part in done):
        return None
    hashing.join()
    if advance is not None:
        advance(capture.size or 0)
    return _merged(done, tables, kept, sums[0] if sums else "")


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _lists(counted: tuple[FlowTable, list[Packets]]) -> tuple[list[FlowTable], list[list[Packets]]]:
    return [counted[0]], [counted[1]]


def _merged(parts: list[Segment], tables: list[FlowTable], kept: list[list[Packets]], sha256: str) -> Whole:
    table, packets = tables[0], parts[0].packets
    picked = kept[0]
    for part, later, others in zip(parts[1:], tables[1:], kept[1:], strict=True):
        later.shift(packets)
        table.merge(later)
        for other in others:
            other.columns["frame"] += packets
            picked.append(other)
        packets += part.packets
    firsts = [part.first for part in parts if part.first is not None]
    lasts = [part.last for part in parts if part.last is not None]
    return Whole(
        table,
        packets,
        sum(part.bytes for part in parts),
        min(firsts, default=None),
        max(lasts, default=None),
        parts[-1].reader.link_types,
        sha256,
        tuple(picked),
    )


def _started(part: Segment, engine: str, pick: Pick | None) -> subprocess.Popen[bytes]:
    import subprocess  # noqa: PLC0415 - a small capture starts no process

    process = subprocess.Popen(
        [sys.executable, "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    pickle.dump(sys.path, process.stdin)
    pickle.dump((part, engine, pick), process.stdin)
    process.stdin.close()
    process.stdin = None
    return process


def work() -> None:
    """In a process of its own: read a segment's description, give the segment and its table."""
    part, engine, pick = pickle.load(sys.stdin.buffer)
    table, picked = _counted(part, engine, pick)
    pickle.dump((part, table, picked), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def _counted(part: Segment, engine: str, pick: Pick | None) -> tuple[FlowTable, list[Packets]]:
    table = flowtable.new(reference=engine == "dpkt")
    frame = 1
    picked: list[Packets] = []
    for batch in part.batches():
        packets = decode.decode(batch, frame, engine)
        table.add(packets)
        if pick is not None:
            picked.append(pick(packets))
        frame += len(batch.frames["offset"])
    return table, picked


def _hashed(path: str) -> str:
    total = Hash()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(CHUNK):
            total.update(data)
    return total.hexdigest()
