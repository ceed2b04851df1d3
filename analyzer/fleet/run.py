"""Jobs on an executor: every capture once, within bounds, whatever dies on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from analyzer import processors
from analyzer.capture.source import one_line
from analyzer.errors import MissingExtra, UsageError
from analyzer.fleet.plan import Job
from analyzer.fleet.results import Results
from analyzer.fleet.work import Product, analyse

TRIES: Final = 3
"""How often a capture is tried whose worker died or whose source dropped the connection."""
DIED: Final = "the worker process ended without a word (out of memory?)"
AHEAD: Final = 2
"""Jobs given out for each worker: one to do and one to go on with. More would wait in memory."""


class Watch(Protocol):
    """Who is told how far a run has come."""

    def finished(self, job: Job, failed: bool) -> None:
        """One more capture is done with."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A capture that could not be analysed, and why in one line."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the jobs. ``passed`` are files found in a directory that are no captures."""

    done: tuple[Job, ...]
    failed: tuple[Failure, ...]
    passed: tuple[Job, ...]


Start = Callable[[int], Executor]
"""Makes an executor with that many workers (0: as many as it has)."""


def local(workers: int) -> Executor:
    """Processes of this machine."""
    import multiprocessing  # noqa: PLC0415 - takes milliseconds
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    # Fresh processes: forking one that has threads may lock up, and Windows cannot.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=workers or processors.available(), mp_context=context)


def dask(address: str) -> Start:
    """The workers of the Dask cluster whose scheduler is at ``address``."""
    try:
        import distributed  # noqa: PLC0415 - an extra, imported when asked for
    except ImportError as error:
        raise MissingExtra("--scheduler", "cluster") from error

    connect: Any = distributed.Client

    def start(_workers: int) -> Executor:
        try:
            client = connect(address, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f"--scheduler {address}: {one_line(error)}") from error
        executor: Executor = client.get_executor(retries=TRIES - 1, pure=False)
        return executor

    return start


def run(
    jobs: Iterable[Job],
    results: Results,
    start: Start = local,
    workers: int = 0,
    watch: Watch | None = None,
    work: Callable[[Job], Product] = analyse,
) -> Outcome:
    """Analyse every job and keep its tables; what is there already should not be among ``jobs``.

    A worker that dies takes its executor with it: a new one is started, and the jobs that were given out are
    tried one by one, so that only the capture that kills workers runs out of tries.
    """
    return _Run(results, start, workers, watch, work).go(jobs)


class _Run:
    def __init__(
        self,
        results: Results,
        start: Start,
        workers: int,
        watch: Watch | None,
        work: Callable[[Job], Product],
    ) -> None:
        self.results, self.start, self.workers, self.watch, self.work = results, start, workers, watch, work
        self.tries: dict[str, int] = {}
        self.done: list[Job] = []
        self.failed: list[Failure] = []
        self.passed: list[Job] = []

    def go(self, jobs: Iterable[Job]) -> Outcome:
        waiting, suspects = deque(jobs), deque[Job]()
        while waiting or suspects:
            with self._executor() as executor:
                if suspects:
                    # One by one, until those that were under way when a worker died are done with.
                    self._all(executor, suspects, suspects, 1)
                else:
                    room = AHEAD * (self.workers or processors.available())
                    self._all(executor, waiting, suspects, room)
        return Outcome(tuple(self.done), tuple(self.failed), tuple(self.passed))

    @contextmanager
    def _executor(self) -> Iterator[Executor]:
        executor = self.start(self.workers)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False)
            raise
        executor.shutdown(wait=True)

    def _all(self, executor: Executor, waiting: deque[Job], suspects: deque[Job], room: int) -> None:
        """Work until ``waiting`` is empty or the executor broke; then those under way are ``suspects``."""
        under_way: dict[Future[Product], Job] = {}
        broken = False
        while (waiting and not broken) or under_way:
            while waiting and len(under_way) < room and not broken:
                job = waiting.popleft()
                try:
                    under_way[executor.submit(self.work, job)] = job
                except BrokenProcessPool:
                    waiting.appendleft(job)
                    broken = True
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                job = under_way.pop(future)
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    broken = True
                    self._again(job, suspects, DIED, room == 1)
                elif error is not None:
                    self._again(job, suspects, one_line(error), True)
                else:
                    self._take(job, future.result(), suspects)

    def _again(self, job: Job, suspects: deque[Job], reason: str, counts: bool) -> None:
        """Try once more, unless it was tried enough; a death that another job may have caused counts not."""
        self.tries[job.key] = self.tries.get(job.key, 0) + counts
        if self.tries[job.key] < TRIES:
            suspects.append(job)
        else:
            self._fail(job, reason)

    def _take(self, job: Job, product: Product, suspects: deque[Job]) -> None:
        if product.foreign and not job.named:
            self.passed.append(job)
        elif product.error:
            # A file that cannot be read now will not be readable in a second; a connection may.
            if "://" in job.path and not product.foreign:
                self._again(job, suspects, product.error, True)
                return
            self._fail(job, product.error)
            return
        else:
            try:
                self.results.add(job, product)
            except OSError as error:
                self._fail(job, f"its results cannot be written: {one_line(error)}")
                return
            self.done.append(job)
        if self.watch is not None:
            self.watch.finished(job, False)

    def _fail(self, job: Job, reason: str) -> None:
        self.failed.append(Failure(job, reason))
        if self.watch is not None:
            self.watch.finished(job, True)
