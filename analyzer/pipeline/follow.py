"""``check`` of a capture that still grows: findings as they become certain, and the report at the end.

One flow table takes in all that comes, as if it were one capture, so the last judgement is that of ``check``
over all files. On the way the table is judged again and again. A judgement costs more the more flows there
are, so the time between two of them grows with their cost: together they never take more than a share.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analyzer import decode, flowtable
from analyzer.activity import Activity
from analyzer.capture.capture import Capture
from analyzer.capture.find import once, standard_input
from analyzer.capture.live import Live
from analyzer.capture.ring import Gap, Ring
from analyzer.errors import CaptureError, UsageError
from analyzer.findings.certain import certain, first_flow
from analyzer.model import (
    CaptureInfo,
    CaptureLost,
    CaptureRead,
    Finding,
    FindingTold,
    FindingWithdrawn,
    News,
    Problem,
    Report,
    Severity,
)
from analyzer.observation import Ends
from analyzer.observations import Observer, Watching, ends, forget, observers
from analyzer.parts import Merge, extent_of
from analyzer.picking import Watcher
from analyzer.pipeline.folding import Plan, plan
from analyzer.pipeline.judging import judge
from analyzer.pipeline.options import Options, expected
from analyzer.pipeline.reading import info_of
from analyzer.pipeline.spans import LATEST, spans
from analyzer.transfers import Collector

INTERVAL: Final = 5.0
"""Seconds between two looks at what came."""
SHARE: Final = 0.1
"""The most of the time that judging takes while the capture grows."""
GRAVE: Final = tuple(Severity)
FLOWS: Final = 50_000
"""Flows and ICMP errors from which on those that are over are folded: some 50 MB while they are judged."""


@dataclass(frozen=True)
class Watch:
    """How to watch. ``running`` says whether to go on; once it said no, what is there is read to its end.

    ``tell`` hears what happens, ``keep`` gets each report on what was read so far.
    """

    running: Callable[[], bool]
    tell: Callable[[News], None]
    keep: Callable[[Report], None] = lambda _report: None
    interval: float = INTERVAL
    share: float = SHARE


def follow(options: Options, watch: Watch) -> Report:
    """Check one directory, file or standard input while it grows; the report on all of it.

    Raises :class:`analyzer.errors.PortmatrixError` where the job cannot be done, also where no capture came.
    """
    return _Follower(options, watch).run(followable(options))


def followable(options: Options) -> str:
    """The one source that can be followed. Raises :class:`UsageError` where it is none, or not one."""
    if len(options.sources) != 1:
        raise UsageError("--follow: give one directory, one file, or '-'")
    (source,) = options.sources
    if "://" in source:
        from analyzer.urls import shown  # noqa: PLC0415 - only to say that it is none

        raise UsageError(f"{shown(source)}: a URL cannot be followed")
    return source


class Reading:
    """The flow table of captures that come one after another, and what was read of each so far."""

    def __init__(self, engine: str, watchers: Sequence[Watcher]) -> None:
        self.engine = engine
        self.merge = Merge(engine, watchers)
        self.done: list[CaptureInfo] = []
        self._current: tuple[Capture, int] | None = None

    @property
    def frame(self) -> int:
        """The number of the next frame."""
        return self.merge.frame

    def infos(self) -> tuple[CaptureInfo, ...]:
        """What was read of each capture, of the one that is being read too."""
        return (*self.done, *(() if self._current is None else (_info(*self._current),)))

    def take(self, one: Capture) -> Iterator[None]:
        """Read a capture, batch by batch; after each everything is as if the capture ended there."""
        self._current = one, self.frame
        try:
            for batch in one.batches():
                self.merge.extend(decode.decode(batch, self.frame, self.engine))
                yield
            self.done.append(_info(*self._current))
        finally:
            self._current = None


def _info(one: Capture, first_frame: int) -> CaptureInfo:
    return info_of(one.path, one.format, extent_of(one), one.sha256, one.problems, first_frame)


class _Follower:
    def __init__(self, options: Options, watch: Watch) -> None:
        self.options, self.watch = options, watch
        self.sheets, self.place = expected(options)
        self.collector, self.activity, self.watching = Collector(), Activity(), observers()
        self.reading = Reading(decode.name(options.engine), self.watchers())
        self.told: dict[str, Finding] = {}
        self.gaps: list[Gap] = []
        self.judged = 0
        """The number of the next frame when the table was judged last."""
        self.due = 0.0
        self.folded = 0
        """Flows that others count for."""
        self.transfers = 0
        """Transfers that others count for."""
        self.refused = 0
        """Foldings that would have changed what is found."""
        self.full = FLOWS
        """Flows at which to look for more of them."""
        self.many = 2 * LATEST
        """Files at which to tell of some together."""

    def run(self, source: str) -> Report:
        if source == "-":
            live = Live(standard_input(self.options.stdin), self.idle)
            one = Capture("-", once(live, owned=False))
            self.take(one, lambda: not self.watch.running())
        else:
            ring = Ring(source, self.idle, self.watch.interval)
            for item in ring:
                if isinstance(item, Gap):
                    self.lost(item)
                else:
                    self.take(item, lambda: ring.unfinished)
        done = self.reading.done
        if not done:
            raise CaptureError(f"{source}: no capture came")
        done[-1] = replace(done[-1], problems=(*done[-1].problems, *self.problems(), *self.counted()))
        report = self.judge(last=True)
        for finding in report.findings:
            flow = first_flow(finding, report)
            self.found(finding, self.end(), None if flow is None else flow.first)
        return report

    # ------------------------------------------------------------ reading

    def idle(self) -> bool:
        """Called where nothing new is there: time to judge. Whether to go on waiting."""
        self.look()
        return self.watch.running()

    def take(self, one: Capture, unfinished: Callable[[], bool]) -> None:
        """Read a capture, and judge whenever that is due."""
        gaps = self.problems()
        try:
            for _ in self.reading.take(one):
                self.look()
        except CaptureError:
            return  # overwritten after its head was read: the gap that follows tells of it
        self.gaps = []
        info = self.reading.done[-1]
        problems = info.problems
        if unfinished():
            # What its writer did not write yet is no damage.
            problems = tuple(problem for problem in problems if problem.code != "truncated-file")
        info = replace(info, problems=(*gaps, *problems))
        self.reading.done[-1] = info
        self.watch.tell(CaptureRead(info))
        self.look()
        if len(self.reading.done) > self.many:
            cited = {finding.frames[0] for finding in self.told.values() if finding.frames}
            self.reading.done = spans(self.reading.done, cited, LATEST)
            self.many = 2 * max(LATEST, len(self.reading.done))

    def lost(self, gap: Gap) -> None:
        """Tell of a gap now, and in the report with the next capture."""
        self.gaps.append(gap)
        self.watch.tell(CaptureLost(gap.path, gap.detail, self.end() or None))

    def problems(self) -> tuple[Problem, ...]:
        """The gaps that no capture's entry has told of yet."""
        if not self.gaps:
            return ()
        detail = "; ".join(f"{gap.path} {gap.detail}" for gap in self.gaps[:3])
        more = f"; and {len(self.gaps) - 3} more" if len(self.gaps) > 3 else ""
        return (Problem("lost-packets", f"{detail}{more}", self.reading.frame, len(self.gaps)),)

    def counted(self) -> tuple[Problem, ...]:
        """What the report has to say of what is not told one by one."""
        return tuple(
            Problem(code, detail.format(count), 0, count, damage=False)
            for code, count, detail in (
                ("folded-flows", self.folded, "{} flows that were over are counted in others of their kind"),
                (
                    "folded-transfers",
                    self.transfers,
                    "{} transfers that were over are counted in others like them",
                ),
                (
                    "not-folded",
                    self.refused,
                    "{} times folding would have changed what is found: memory grew",
                ),
            )
            if count
        )

    # ------------------------------------------------------------ judging

    def end(self) -> int:
        """The latest time read, ns; 0 before the first packet."""
        return max((info.last for info in self.reading.infos() if info.last is not None), default=0)

    def look(self) -> None:
        """Judge what came since the last time, if it is time for it or the table has become large."""
        full = self.reading.merge.table.size >= self.full
        if self.reading.frame in (self.judged, 1) or not (full or time.monotonic() >= self.due):
            return
        began = time.monotonic()
        self.judged = self.reading.frame
        report = self.judge()
        end = self.end()
        for finding, since in certain(report):
            self.found(finding, end, since)
        self.watch.keep(report)
        if full:
            self.fold(report)
        now = time.monotonic()
        self.due = max(began + self.watch.interval, now + (now - began) * (1 / self.watch.share - 1))

    def report(self, *, last: bool = False) -> Report:
        """The report on what was read so far."""
        collector, watching = self.collector, self.watching
        if not last:
            # Whoever tells what it saw closes what is open: of what goes on a copy is asked.
            collector, watching = self.copies()
        return judge(
            self.reading.infos(),
            self.reading.merge.table.flows(),
            self.sheets,
            self.place,
            collector,
            self.activity,
            strict=self.options.strict,
            watching=watching,
        )

    def judge(self, *, last: bool = False) -> Report:
        """The report on what was read so far; findings that it has no more are withdrawn."""
        report = self.report(last=last)
        there = {finding.id for finding in report.findings}
        for name in [name for name in self.told if name not in there]:
            old = self.told.pop(name)
            self.watch.tell(FindingWithdrawn(old, self.end(), self.instead(old, report)))
        return report

    def fold(self, report: Report) -> None:
        """Fold what is over, unless that would change what is found; ``report`` is on the table as it is.

        Where it would, flows alone are tried: then those who watch keep all that they saw.
        """
        table, collector, watching = self.reading.merge.table, self.collector, self.watching
        for whole in (True, False):
            self.forget(plan(report, self.end(), self.spoken(), transfers=whole), watching=whole)
            after = self.report()
            if essence(after) == essence(report):
                self.folded += len(report.flows) - len(after.flows)
                self.transfers += len(report.transfers) - len(after.transfers)
                self.told |= {one.id: one for one in after.findings if one.id in self.told}
                self.full = max(FLOWS, 2 * self.reading.merge.table.size)
                return
            self.reading.merge.table = table
            self.collector, self.watching = collector, watching
            self.reading.merge.watch(self.watchers())
        self.refused += 1
        self.full = table.size + FLOWS

    def forget(self, what: Plan, *, watching: bool) -> None:
        """Fold the table; with ``watching`` those who watch give up what is over: copies of them do, so that
        there is a way back."""
        merge = self.reading.merge
        merge.table = flowtable.folded(merge.table, what.into, what.before) or merge.table
        if watching:
            self.collector, self.watching = self.copies()
            self.collector.forget(what.kept, what.counted, what.before)
            forget(self.watching, what.before)
            merge.watch(self.watchers())

    def copies(self) -> tuple[Collector, tuple[Watching[Observer], ...]]:
        """Those who watch, as they are now."""
        made: tuple[Collector, tuple[Watching[Observer], ...]] = pickle.loads(
            pickle.dumps((self.collector, self.watching), 5)
        )
        return made

    def watchers(self) -> tuple[Watcher, ...]:
        """Who is shown every packet."""
        return (self.collector, self.activity, *self.watching)

    def spoken(self) -> Iterator[Ends]:
        """The ends of flows of which those who watch may still speak."""
        yield from self.collector.ends()
        yield from ends(self.watching)

    def instead(self, old: Finding, report: Report) -> Finding | None:
        """The finding that tells of the flows of ``old`` now."""
        flows = set(old.flows)
        return next((one for one in report.findings if not flows.isdisjoint(one.flows)), None)

    def found(self, finding: Finding, end: int, since: int | None) -> None:
        """Tell of a finding, unless it was told and has not become graver."""
        before = self.told.get(finding.id)
        if before is None or GRAVE.index(finding.severity) < GRAVE.index(before.severity):
            self.watch.tell(FindingTold(finding, end, since))
            self.told[finding.id] = finding


def essence(report: Report) -> tuple[object, ...]:
    """What folding must not change: findings, and the status of each row."""
    return (
        {(one.id, one.severity) for one in report.findings},
        [(one.row.id, one.status, one.outcome) for one in report.rows],
    )
