"""Where jobs run: processes of this machine, or the workers of a Dask cluster. Both are executors."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final

from analyzer import processors
from analyzer.capture.source import one_line
from analyzer.errors import MissingExtra, UsageError

RETRIES: Final = 2
"""How often a cluster itself begins a job again whose worker died."""
ABANDONED: Final = 60.0
"""Seconds that a cluster may be without any worker before the jobs given to it count as lost."""
WINDOWS: Final = os.name == "nt"
MOST: Final = 61
"""Worker processes that one executor can have on Windows, which waits for 63 things at most at once."""
_ASKED: Final = 1.0
"""Seconds between two questions to a scheduler."""

Start = Callable[[int], Executor]
"""Makes an executor with that many workers (0: as many as it has)."""


def local(workers: int) -> Executor:
    """Processes of this machine."""
    import multiprocessing  # noqa: PLC0415 - takes milliseconds
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    # Fresh processes: forking one that has threads may lock up, and Windows cannot.
    context = multiprocessing.get_context("spawn")
    count = workers or processors.available()
    return ProcessPoolExecutor(min(count, MOST) if WINDOWS else count, context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """In a worker: a parent that is killed does not say so, and its workers would wait for jobs for ever."""
    import multiprocessing  # noqa: PLC0415
    import threading  # noqa: PLC0415

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class Cluster:
    """The workers of the Dask cluster whose scheduler is at ``address``; a :data:`Start`.

    Raises :class:`MissingExtra` where Dask is not installed.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            import dask  # noqa: PLC0415 - an extra, imported when asked for
            import distributed  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtra("--scheduler", "cluster") from error
        # Parts of captures travel with the jobs that merge them: we know how large they are.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        self._connect: Any = distributed.Client
        self._address, self._clock = address, clock
        self._client: Any = None
        self._asked = self._met = 0.0
        self._width = 1

    def __call__(self, _workers: int) -> Executor:
        """An executor on all workers. Raises :class:`UsageError` where there is no scheduler."""
        try:
            self._client = self._connect(self._address, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f"--scheduler {self._address}: {one_line(error)}") from error
        self._met = self._clock()
        executor: Executor = self._client.get_executor(retries=RETRIES, pure=False)
        return executor

    def close(self) -> None:
        """Leave the cluster: jobs that were given to it and are not done with are forgotten."""
        with contextlib.suppress(Exception):  # whatever a connection raises that is closed already
            self._client.close(timeout=2)
        self._client = None

    def width(self) -> int:
        """How many jobs run at once; what it was before where the scheduler does not answer. At least 1."""
        now = self._clock()
        if now - self._asked >= _ASKED and self._client is not None:
            self._asked = now
            try:
                found = sum(self._client.ncores().values())
            except Exception:  # whatever a closed connection raises
                found = 0
            if found:
                self._width, self._met = found, now
        return self._width

    def abandoned(self) -> bool:
        """Whether there has been no worker for so long that none is to be expected."""
        self.width()
        return self._clock() - self._met > ABANDONED


def dask(address: str) -> Cluster:
    """The workers of the Dask cluster whose scheduler is at ``address``."""
    return Cluster(address)
