"""Making items in threads, a few before they are asked for, in order all the same.

Worth it where the work is done outside of Python: in compiled code, in reading, in decompression.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar, cast, overload

WAITING: Final = 2
"""Items made ahead, besides those that threads work on. Few: they should still be in a processor's cache when
they are looked at.
"""

T = TypeVar("T")
R = TypeVar("R")

Place = SimpleQueue[tuple[R] | BaseException | None]
"""Where one item will be: alone in a tuple, or what was raised instead, or None for the end."""


@overload
def ahead(
    items: Generator[T, None, None], work: None = None, threads: int = 1, waiting: int = WAITING
) -> Generator[T, None, None]: ...


@overload
def ahead(
    items: Generator[T, None, None], work: Callable[[T], R], threads: int = 1, waiting: int = WAITING
) -> Generator[R, None, None]: ...


def ahead(
    items: Generator[Any, None, None],
    work: Callable[[Any], Any] | None = None,
    threads: int = 1,
    waiting: int = WAITING,
) -> Generator[Any, None, None]:
    """What ``work`` makes of each of ``items``, or they themselves, in their order.

    Each of ``threads``, at least one, takes the next item and works on it beside the others: what it has just
    read is in its processor's cache. So does the caller instead of waiting: n threads keep n + 1 processors
    busy. At most ``threads + waiting`` items more are taken than were asked for.

    What either raises is raised here, in its place. Once this generator ends or is closed, ``items`` are
    closed and the threads are gone. Until then nobody else may touch ``items``.
    """
    line: _Line[Any, Any] = _Line(items, work, threads + waiting + 1)
    running: list[threading.Thread] = []
    try:
        for _ in range(threads):
            # The caller's context says how many processors there are.
            run = contextvars.copy_context().run
            thread = threading.Thread(target=run, args=(line.make_all,), daemon=True)
            thread.start()
            running.append(thread)
        while isinstance(given := line.first(), tuple):
            yield given[0]
            del given
            line.room.put(None)
        if given is not None:
            raise given
    finally:
        line.ended.set()
        line.room.put(None)
        for thread in running:
            thread.join()
        items.close()


class _Line(Generic[T, R]):
    """The items that were taken and not yet given, in order."""

    def __init__(self, items: Generator[T, None, None], work: Callable[[T], R] | None, most: int) -> None:
        self._items, self._work = items, work
        self._places: SimpleQueue[Place[R]] = SimpleQueue()
        self._turn = threading.Lock()
        self.ended = threading.Event()
        self.room: SimpleQueue[None] = SimpleQueue()
        """One None for each item that may yet be taken."""
        for _ in range(most):
            self.room.put(None)

    def make_all(self) -> None:
        """Make items as long as there are any."""
        while self._make():
            pass

    def first(self) -> tuple[R] | BaseException | None:
        """What is in the first place, which is taken out of the line. Until it is there, others are made."""
        place = self._places.get()
        while place.empty() and self._make(place):
            pass
        return place.get()

    def _make(self, wanted: Place[R] | None = None) -> bool:
        """Take an item and work on it; False if there is none. Who waits for one makes no other after it."""
        try:
            # Not while it has the turn: the caller, who makes room, may be waiting for that.
            self.room.get(block=wanted is None)
        except Empty:
            return False
        with self._turn:
            if self.ended.is_set() or not (wanted is None or wanted.empty()):
                self.room.put(None)
                return False
            place: Place[R] = SimpleQueue()
            self._places.put(place)
            try:
                item = next(self._items)
            except BaseException as error:  # whatever it is, it is the caller's to see
                self.ended.set()
                place.put(None if isinstance(error, StopIteration) else error)
                return False
            if self._work is None:
                place.put((cast("R", item),))
                return True
        try:
            place.put((self._work(item),))
        except BaseException as error:  # as above
            place.put(error)
        # What was taken is let go of here: buffers are used again once nobody holds what lies in them.
        return True
