"""How many processors a piece of work may use.

The whole program is the one that a user started, so it may use the machine. A worker of a fleet was given
one processor: beside it others have theirs, and more threads or processes of its own would only take turns.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_given: ContextVar[int | None] = ContextVar("processors", default=None)


def available() -> int:
    """How many may be used here and now."""
    given = _given.get()
    if given is not None:
        return given
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def limited(count: int) -> Iterator[None]:
    """What this thread does meanwhile may use ``count`` processors."""
    token = _given.set(count)
    try:
        yield
    finally:
        _given.reset(token)
