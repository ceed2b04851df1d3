"""Jobs on an executor: every capture once, within bounds, whatever dies on the way.

Small captures of one site go out in batches, a large one in pieces (:mod:`analyzer.fleet.large`). Nothing but
this process writes results.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from analyzer import processors
from analyzer.capture.source import one_line
from analyzer.fleet.executors import Cluster, Start, dask, local
from analyzer.fleet.large import Large, Step
from analyzer.fleet.plan import Job
from analyzer.fleet.results import Results
from analyzer.fleet.work import Product, Yield, analyse, batch

TRIES: Final = 3
"""How often a capture is tried whose worker died or whose source dropped the connection."""
DIED: Final = "the worker process ended without a word (out of memory?)"
GONE: Final = "the cluster has lost all its workers"
CANCELLED: Final = "the cluster gave it up"
AHEAD: Final = 2
"""Tasks given out for each worker: one to do and one to go on with. More would wait in memory."""
SPLIT: Final = 256 << 20
"""Bytes of a capture, as it lies there, that one worker reads at a time: a second or two of work, many times
what it costs to hand over what was found."""
BATCH_CAPTURES: Final = 64
"""Captures in a batch: writing its tables costs as much as analysing ten small captures. A crash costs
those under way."""
BATCH_BYTES: Final = 32 << 20
"""Bytes of captures in a batch: more need no company to be worth the writing."""
SHARE: Final = 4
"""Batches for each worker at least, where there are captures enough: all end at about the same time."""
TICK: Final = 0.5
"""Seconds after which whoever watches is told the time, if nothing else happens."""


class _Abandoned(Exception):
    """There is nobody left to work; what was to do is noted as failed."""


class Watch(Protocol):
    """Who is told how far a run has come."""

    def advance(self, count: int) -> None:
        """``count`` more bytes of captures are done with."""

    def finished(self, job: Job, failed: bool) -> None:
        """One more capture is done with."""

    def tick(self) -> None:
        """Time passes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A capture that could not be analysed, and why in one line."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the jobs. ``passed`` are files found in a directory that are no captures."""

    done: tuple[Job, ...]
    failed: tuple[Failure, ...]
    passed: tuple[Job, ...]


@dataclass(slots=True)
class _Task:
    """Something given to a worker: a batch of captures, or a step of a large one."""

    jobs: tuple[Job, ...]
    call: Callable[[], Any]
    large: Large | None = None
    step: Step | None = None

    @property
    def name(self) -> tuple[str, str]:
        return self.jobs[0].key, self.step.name if self.step is not None else ""

    @property
    def wanted(self) -> bool:
        return self.large is None or self.step is None or self.large.wanted(self.step)


def run(
    jobs: Iterable[Job],
    results: Results,
    start: Start = local,
    workers: int = 0,
    watch: Watch | None = None,
    work: Callable[[Job], Product] = analyse,
    split: int | None = None,
) -> Account:
    """Analyse every job and keep its tables; what is there already should not be among ``jobs``.

    A capture of more than ``split`` bytes is read in pieces of about that size; None: of ``SPLIT``, where it
    is more than a worker's share of all bytes, for pieces cost more than they gain while there are other
    captures to read. A worker that dies takes its executor with it: a new one is started, and
    the jobs that were given out are tried one by one, so that only the capture that kills workers runs out of
    tries.
    """
    with tempfile.TemporaryDirectory(prefix="portmatrix-") as folder:
        return _Run(results, start, workers, watch, work, split, folder).go(jobs)


@dataclass(slots=True)
class _Run:
    results: Results
    start: Start
    workers: int
    watch: Watch | None
    work: Callable[[Job], Product]
    split: int | None
    folder: str
    tries: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    """Key of a job → bytes of it that whoever watches was told of."""
    over: set[str] = field(default_factory=set)
    """Keys of jobs that are done with, one way or the other."""
    home: Executor | None = None
    """One process of this machine, for what a cluster's workers cannot do."""
    broken: bool = False
    """Whether a worker process died and took the executor with it."""
    done: list[Job] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    passed: list[Job] = field(default_factory=list)
    waiting: deque[_Task] = field(default_factory=deque)
    suspects: deque[_Task] = field(default_factory=deque)
    """What was under way when a worker died."""
    later: deque[_Task] = field(default_factory=deque)
    """Captures whose source failed: tried again when all others are done with."""

    def go(self, jobs: Iterable[Job]) -> Account:
        with contextlib.suppress(_Abandoned):
            self._go(jobs)
        return Account(tuple(self.done), tuple(self.failed), tuple(self.passed))

    def _go(self, jobs: Iterable[Job]) -> None:
        with self._executor() as executor:
            self.waiting.extend(self._tasks(list(jobs)))
            self._all(executor, self.waiting, self._room())
        while self.waiting or self.suspects or self.later:
            with self._executor() as executor:
                if self.suspects:
                    # One by one, until those that were under way when a worker died are done with.
                    self._all(executor, self.suspects, 1)
                else:
                    self.waiting.extend(self.later)
                    self.later.clear()
                    self._all(executor, self.waiting, self._room())

    @contextmanager
    def _executor(self) -> Iterator[Executor]:
        executor = self.start(self.workers)
        ended = False
        try:
            yield executor
            ended = True
        finally:
            if self.home is not None:
                self.home.shutdown(wait=ended)
                self.home = None
            executor.shutdown(wait=ended)
            if isinstance(self.start, Cluster):
                self.start.close()

    def _home(self) -> Executor:
        if self.home is None:
            self.home = local(1)
        return self.home

    def _width(self) -> int:
        if isinstance(self.start, Cluster):
            return self.start.width()
        return self.workers or processors.available()

    def _room(self) -> int:
        return AHEAD * self._width()

    # ---------------------------------------------------------------- what to do

    def _tasks(self, jobs: list[Job]) -> Iterator[_Task]:
        """The largest captures first, in pieces, then batches of others: no worker is left with a giant."""
        width = self._width()
        piece = self.split or SPLIT
        # One worker's share is everything.
        split = self.split or max(SPLIT, sum(job.size or 0 for job in jobs) // width)
        jobs = sorted(jobs, key=lambda job: -(job.size or 0))
        for job in jobs:
            if (job.size or 0) > split:
                large = Large(
                    job,
                    -(-(job.size or 0) // piece),
                    self.folder,
                    self.work,
                    shared=not isinstance(self.start, Cluster),
                )
                yield from (_Task((job,), step.call, large, step) for step in large.begin())
        small = [job for job in jobs if (job.size or 0) <= split]
        most = max(1, min(BATCH_CAPTURES, -(-len(small) // (SHARE * width))))
        yield from map(self._batch, _batches(small, most))

    def _batch(self, jobs: Iterable[Job]) -> _Task:
        some = tuple(jobs)
        return _Task(some, partial(batch, self.work, some))

    def _all(self, executor: Executor, given: deque[_Task], room: int) -> None:
        """Work until ``given`` is empty or the executor broke; then those under way are suspects."""
        under_way: dict[Future[Any], _Task] = {}
        self.broken = False
        while (given and not self.broken) or under_way:
            self._give(executor, given, under_way, room)
            finished, _ = wait(under_way, TICK, FIRST_COMPLETED)
            for future in finished:
                self._finish(future, under_way.pop(future), given, alone=room == 1)
            if self.watch is not None:
                self.watch.tick()
            if under_way and isinstance(self.start, Cluster) and self.start.abandoned():
                lost = [*under_way.values(), *given, *self.waiting, *self.suspects, *self.later]
                for job in {job.key: job for task in lost for job in task.jobs}.values():
                    self._fail(job, GONE)
                raise _Abandoned

    def _give(
        self, executor: Executor, given: deque[_Task], under_way: dict[Future[Any], _Task], room: int
    ) -> None:
        while given and len(under_way) < room and not self.broken:
            task = given.popleft()
            if not task.wanted or task.jobs[0].key in self.over:
                continue
            try:
                where = self._home() if task.step is not None and task.step.at_home else executor
                under_way[where.submit(task.call)] = task
            except BrokenProcessPool:
                given.appendleft(task)
                self.broken = True
            except Exception as error:  # a cluster that is gone raises what it likes
                self._again(task, one_line(error), True)

    def _finish(self, future: Future[Any], task: _Task, given: deque[_Task], *, alone: bool) -> None:
        error = RuntimeError(CANCELLED) if future.cancelled() else future.exception()
        if isinstance(error, BrokenProcessPool):
            self.broken = True
            self._again(task, DIED, alone)
        elif error is not None:
            self._again(task, one_line(error), True)
        else:
            self._take(task, future.result(), given)

    # ---------------------------------------------------------------- what came of it

    def _again(self, task: _Task, reason: str, counts: bool) -> None:
        """Try once more, unless it was tried enough; a death that another job may have caused counts not."""
        if len(task.jobs) > 1:
            self.suspects.extend(self._batch((job,)) for job in task.jobs)
            return
        self.tries[task.name] += counts
        if self.tries[task.name] < TRIES:
            self.suspects.append(task)
        else:
            self._fail(task.jobs[0], reason, task.large)

    def _take(self, task: _Task, result: Any, given: deque[_Task]) -> None:
        if isinstance(result, Yield):
            self._keep(task, result)
        elif task.large is not None and task.step is not None:
            job = task.jobs[0]
            try:
                steps = task.large.took(task.step, result)
            except OSError as error:
                self._fail(job, f"there is no room for its parts: {one_line(error)}", task.large)
                return
            self._tell(job, task.step.size)
            # First, so that the parts of few captures wait at a time.
            given.extendleft(_Task((job,), step.call, task.large, step) for step in reversed(steps))

    def _keep(self, task: _Task, made: Yield) -> None:
        """Write what came of captures, and note what became of each."""
        done = [one.key for one in made.done if not one.error]
        reason = ""
        try:
            if done:
                self.results.add(task.jobs[0].site, done, made.files)
        except OSError as error:
            reason = f"its results cannot be written: {one_line(error)}"
        jobs = {job.key: job for job in task.jobs}
        for one in made.done:
            job = jobs[one.key]
            if one.foreign and not job.named:
                self._end(job, self.passed, task.large)
            elif one.error and "://" in job.path and not one.foreign:
                # A file that cannot be read now will not be readable in a second; a connection may.
                self.tries[job.key, ""] += 1
                if self.tries[job.key, ""] < TRIES:
                    self.later.append(self._batch((job,)))
                else:
                    self._fail(job, one.error, task.large)
            elif one.error or reason:
                self._fail(job, one.error or reason, task.large)
            else:
                self._end(job, self.done, task.large)

    def _fail(self, job: Job, reason: str, large: Large | None = None) -> None:
        if job.key not in self.over:
            self.failed.append(Failure(job, reason.removeprefix(f"{job.path}: ")))
            self._over(job, True, large)

    def _end(self, job: Job, where: list[Job], large: Large | None) -> None:
        where.append(job)
        self._over(job, False, large)

    def _over(self, job: Job, failed: bool, large: Large | None) -> None:
        self.over.add(job.key)
        if large is not None:
            large.close()
        self._tell(job, job.size or 0)
        if self.watch is not None:
            self.watch.finished(job, failed)

    def _tell(self, job: Job, count: int) -> None:
        """Tell of ``count`` bytes more of a capture, never of more than it has."""
        count = min(count, (job.size or 0) - self.told[job.key])
        self.told[job.key] += count
        if self.watch is not None and count:
            self.watch.advance(count)


def _batches(jobs: Iterable[Job], most: int) -> Iterator[list[Job]]:
    """Jobs of one site each, at most ``most`` and BATCH_BYTES together; an unknown size fills one."""
    by_site: dict[str, list[Job]] = {}
    for job in jobs:
        by_site.setdefault(job.site, []).append(job)
    for some in by_site.values():
        held: list[Job] = []
        size = 0
        for job in some:
            more = BATCH_BYTES if job.size is None else job.size
            if held and (len(held) == most or size + more > BATCH_BYTES):
                yield held
                held, size = [], 0
            held.append(job)
            size += more
        if held:
            yield held


__all__ = ["TRIES", "Account", "Failure", "Start", "Watch", "dask", "local", "run"]
