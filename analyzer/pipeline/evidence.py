"""The frames behind a finding: judged first, read a second time to pick, a third time to copy."""

from __future__ import annotations

import bisect
import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, BinaryIO, Final, NamedTuple, cast

import numpy as np

from analyzer import decode
from analyzer.capture.capture import Capture
from analyzer.capture.find import find
from analyzer.capture.pcapng import MICROSECONDS
from analyzer.capture.write import COMMENT, NUMBERS, Option, Original, PcapWriter, Writer, original, text
from analyzer.errors import CaptureError, UsageError
from analyzer.evidence import Chosen, Picker, Rewriter
from analyzer.model import Finding, FindingKind, FlowRecord, Progress, Report
from analyzer.pipeline import check
from analyzer.pipeline.options import Options
from analyzer.pseudonyms import Pseudonyms
from analyzer.report.layout import duration, plural
from analyzer.report.neutral import TEXT_LIMIT, visible

FRAME_LIMIT: Final = 100_000
"""Frames copied unless the user says otherwise: more than anybody reads, and a file that can be mailed."""
_PLAIN_NAME: Final = re.compile(rb"[a-z]{1,10}[0-9]{0,4}(\.[0-9]{1,4})?")
"""Names that say what an interface is, such as ``eth0.20``, and not whose."""
HEADS: Final = 5_000
"""Frames written whose times are remembered: as many as anybody looks into."""
NO_COMMENTS: Final = "a pcap file holds no comments: under a name in .pcapng the finding goes with its frames"
IDS_SHOWN: Final = 8
"""Ids that the line about an unknown one lists."""


@dataclass(frozen=True)
class Wanted:
    """Which frames: those of a ``finding``, of ``flows`` (ids), ``frames`` by number (first and last of
    each range), or ``everything``. A finding may be named by the beginning of its id."""

    finding: str = ""
    flows: tuple[str, ...] = ()
    frames: tuple[tuple[int, int], ...] = ()
    everything: bool = False


@dataclass(frozen=True)
class Sight:
    """What was chosen. ``total`` counts the frames before the limit; ``finding`` is the one asked for."""

    options: Options
    report: Report
    finding: Finding | None
    chosen: Chosen

    @property
    def packets(self) -> int:
        """Frames of all captures."""
        return sum(info.packets for info in self.report.captures)


@contextlib.contextmanager
def rereadable(options: Options) -> Iterator[Options]:
    """``options`` whose captures can be read more than once: standard input is kept in a temporary file.

    Raises :class:`CaptureError` for another pipe: only one input can be kept.
    """
    for source in options.sources:
        with contextlib.suppress(OSError, ValueError):
            mode = os.stat(source).st_mode
            if source != "-" and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise CaptureError(f"{source}: is a pipe or device, and is read twice here: give it as '-'")
    if "-" not in options.sources:
        yield options
        return
    stdin = sys.stdin
    if stdin is None:
        raise CaptureError("standard input: is closed")
    with tempfile.TemporaryFile() as kept:
        try:
            shutil.copyfileobj(stdin.buffer, kept)
        except OSError as error:
            raise CaptureError(f"standard input: cannot be kept: {error.strerror or error}") from error
        kept.seek(0)
        yield replace(options, stdin=cast("BinaryIO", kept))


def sight(
    options: Options, wanted: Wanted, limit: int = FRAME_LIMIT, progress: Progress | None = None
) -> Sight:
    """Find the frames. ``options`` are such as :func:`rereadable` gives; ``limit`` 0 is no limit.

    Raises :class:`UsageError` for a finding, flow or frame that the captures do not have, or that has no
    frames; else as :func:`analyzer.pipeline.check` does.
    """
    report = check(options, progress)
    packets = sum(info.packets for info in report.captures)
    finding = _finding(report, wanted.finding) if wanted.finding else None
    if wanted.everything:
        return Sight(options, report, finding, Chosen(np.arange(1, packets + 1), packets))
    numbers = [np.zeros(0, np.int64)]
    for first, last in wanted.frames:
        if first > packets:
            raise UsageError(f"frame {first}: the captures have {plural(packets, 'frame')}")
        numbers.append(np.arange(first, min(last, packets) + 1))
    flows = [_flow(report, flow) for flow in wanted.flows]
    if finding is not None:
        flows += [_flow(report, flow) for flow in finding.flows]
        if finding.kind is not FindingKind.MISSING_FLOW:
            numbers.append(np.array(finding.frames, np.int64))
    picker = Picker(flows, np.concatenate(numbers))
    _scan(options, picker)
    chosen = picker.chosen(limit)
    if finding is not None and not len(chosen.frames):
        raise UsageError(_nothing(report, finding))
    return Sight(options, report, finding, chosen)


class Head(NamedTuple):
    """Of a frame that was written: its time (ns since 1970) and its bytes on the wire."""

    time: int
    wire: int


class Copied(NamedTuple):
    """How many frames were written, and what to say of those that were rewritten."""

    frames: int
    remarks: tuple[str, ...] = ()
    heads: tuple[Head, ...] = ()


def copy(
    found: Sight,
    stream: IO[bytes],
    application: str,
    pseudonyms: Pseudonyms | None = None,
    pcapng: bool = True,
) -> Copied:
    """Write the frames of ``found`` as pcapng, else as pcap.

    Time stamps keep their resolution, frames their interfaces and options, and the first frame carries
    the finding as a comment. With ``pseudonyms`` frames are rewritten; their comments, and what describes
    interfaces in words, are left out. A pcap has none of them. Raises :class:`UsageError` for frames that
    a pcap cannot hold.
    """
    rewriter = Rewriter(pseudonyms, found.report.flows) if pseudonyms is not None else None
    comment = _comment(found)
    if pseudonyms is not None:
        comment = pseudonyms.text(comment, names=True)
    several = len(found.report.captures) > 1
    target: _Pcapng | _Pcap = _Pcap(stream, comment, several)
    if pcapng:
        target = _Pcapng(Writer(stream, application, comment.split("\n")[0]), comment)
    written = 0
    heads: list[Head] = []
    frames = found.chosen.frames
    frame = 1
    for index, one in enumerate(_captures(found.options)):
        label = os.path.basename(one.path) if rewriter is None else f"capture-{index + 1}"
        for batch in one.batches():
            columns = batch.frames
            count = len(columns["time"])
            low, high = np.searchsorted(frames, (frame, frame + count)).tolist()
            for row in (frames[low:high] - frame).tolist():
                begin = int(columns["offset"][row])
                data: bytes | None = bytes(batch.buffer[begin : begin + int(columns["captured"][row])])
                source = original(one, batch, row)
                head = Head(int(columns["time"][row]), int(columns["wire"][row]))
                if rewriter is not None:
                    assert data is not None
                    data = rewriter.rewrite(data, head.wire, source.interface.link_type)
                    source = _without_words(source)
                if data is None:
                    continue
                slot = index, int(columns["interface"][row])
                target.put(slot, label if several else "", source, head, data)
                written += 1
                if written <= HEADS:
                    heads.append(head)
            frame += count
    left = target.close()
    rewritten = _remarks(rewriter) if rewriter is not None else ()
    return Copied(written, (*left, *rewritten), tuple(heads))


class _Pcapng:
    """Where frames go with all that is said of them; ``comment`` goes with the first."""

    def __init__(self, writer: Writer, comment: str) -> None:
        self._writer = writer
        self._pending: list[Option] = [(COMMENT, text(comment))] if comment else []
        self._numbers: dict[tuple[int, int], int] = {}

    def put(self, slot: tuple[int, int], label: str, source: Original, head: Head, data: bytes) -> None:
        """One frame of the interface ``slot``, which is called ``label`` where it has no name."""
        if slot not in self._numbers:
            interface = source.interface
            if label and not interface.name:
                interface = interface._replace(name=os.fsencode(label))
            self._numbers[slot] = self._writer.interface(interface)
        options = (*self._pending, *source.options)
        self._writer.packet(self._numbers[slot], source.ticks, data, head.wire, options)
        self._pending = []

    def close(self) -> tuple[str, ...]:
        """What there is to say of the file."""
        return ()


class _Pcap:
    """The same without words. ``several`` captures may differ in resolution: the finest holds all."""

    def __init__(self, stream: IO[bytes], comment: str, several: bool) -> None:
        self._stream, self._several = stream, several
        self._writer: PcapWriter | None = None
        self._lost = bool(comment)

    def put(self, _slot: tuple[int, int], _label: str, source: Original, head: Head, data: bytes) -> None:
        """One frame."""
        if self._writer is None:
            fine = self._several or source.interface.resolution > MICROSECONDS
            self._writer = PcapWriter(self._stream, fine)
        self._writer.packet(source.interface, head.time, data, head.wire)
        self._lost = self._lost or any(code == COMMENT for code, _ in source.options)

    def close(self) -> tuple[str, ...]:
        """What there is to say of the file."""
        (self._writer or PcapWriter(self._stream, False)).close()
        return (NO_COMMENTS,) if self._lost else ()


def _without_words(source: Original) -> Original:
    options = tuple(option for option in source.options if option[0] in NUMBERS)
    name = source.interface.name if _PLAIN_NAME.fullmatch(source.interface.name) else b""
    return source._replace(interface=source.interface._replace(name=name, description=b""), options=options)


def _remarks(rewriter: Rewriter) -> Iterator[str]:
    """What the rewriting left out or could not look into."""
    if rewriter.left_out:
        counted = _counted(rewriter.left_out, "frame")
        yield f"left out, for nobody could tell where their addresses are: {counted}"
    if rewriter.counts["cut"]:
        yield f"cut behind the header: {plural(rewriter.counts['cut'], 'frame')} of protocols we do not read"
    if rewriter.unread:
        yield f"searched for addresses as text only: {_counted(rewriter.unread, 'payload')}"
    if rewriter.suspects:
        yield f"still hold the bytes of an address of the site: {_counted(rewriter.suspects, 'payload')}"
    if rewriter.encrypted:
        yield f"encrypted, not looked into: {_counted(rewriter.encrypted, 'payload')}"
    yield "names of hosts and files, and the contents of transfers, stay as they are"


def _counted(counts: Counter[str], what: str) -> str:
    shown = ", ".join(f"{name} {count}" for name, count in counts.most_common(IDS_SHOWN))
    more = f" and {len(counts) - IDS_SHOWN} more" if len(counts) > IDS_SHOWN else ""
    return f"{plural(counts.total(), what)} ({shown}{more})"


def _captures(options: Options) -> list[Capture]:
    if options.stdin is not None:
        options.stdin.seek(0)
    return find(options.sources, options.stdin, hash=False)


def _scan(options: Options, picker: Picker) -> None:
    engine = decode.name(options.engine)
    frame = 1
    for one in _captures(options):
        for batch in one.batches():
            picker.add(decode.decode(batch, frame, engine))
            frame += len(batch.frames["offset"])


def _finding(report: Report, wanted: str) -> Finding:
    ids = [finding.id for finding in report.findings]
    matching = [finding for finding in report.findings if finding.id.startswith(wanted)]
    exact = [finding for finding in matching if finding.id == wanted]
    if len(exact or matching) == 1:
        return (exact or matching)[0]
    if matching:
        raise UsageError(f"finding {wanted}: may be {_listed([one.id for one in matching])}")
    there = f"there are {_listed(ids)}" if ids else "there is none"
    raise UsageError(f"finding {wanted}: not among those of this analysis; {there}")


def _flow(report: Report, wanted: str) -> FlowRecord:
    # Ids are f1, f2 … in order of the records.
    number = wanted[1:]
    if wanted.startswith("f") and number.isascii() and number.isdigit():
        at = bisect.bisect_left(report.flows, int(number), key=lambda flow: int(flow.id[1:]))
        if at < len(report.flows) and report.flows[at].id == wanted:
            return report.flows[at]
    last = f"f1 to {report.flows[-1].id}" if report.flows else "none"
    raise UsageError(f"flow {wanted}: no flow of this analysis has that id; there are {last}")


def _listed(ids: list[str]) -> str:
    more = f" and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    return ", ".join(ids[:IDS_SHOWN]) + more


def _nothing(report: Report, finding: Finding) -> str:
    """Why a finding has no frames, and what was looked at."""
    packets = sum(info.packets for info in report.captures)
    times = [(info.first, info.last) for info in report.captures if info.first is not None]
    span = max(last or 0 for _, last in times) - min(first or 0 for first, _ in times) if times else 0
    looked = f"looked at {plural(packets, 'frame')} in {duration(span)}"
    if finding.frames:
        looked += f", the subject seen from frame {finding.frames[0]} to {finding.frames[-1]}"
    return f"finding {finding.id}: has no frames, for it is about what was not sent; {looked}"


def _comment(found: Sight) -> str:
    """The finding as a comment: its id and title, then detail and advice, one line each."""
    finding = found.finding
    if finding is None:
        return ""
    lines = [f"{finding.id}: {finding.title}", finding.detail, finding.near_miss, finding.advice]
    lines = [visible(line, TEXT_LIMIT * 4) for line in lines if line]
    if len(found.chosen.frames) < found.chosen.total:
        lines.append(f"{len(found.chosen.frames)} of {found.chosen.total} frames")
    return "\n".join(lines)
