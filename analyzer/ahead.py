"""Making items in a thread, a few before they are asked for.

Worth it where both sides spend their time outside of Python: in compiled code, in reading, in decompression.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Generator
from queue import SimpleQueue
from typing import Final, TypeVar

WAITING: Final = 1
"""Items made ahead. Few: they should still be in a processor's cache when they are looked at."""

T = TypeVar("T")


def ahead(items: Generator[T, None, None], waiting: int = WAITING) -> Generator[T, None, None]:
    """``items``, which a thread of their own makes, at most ``waiting`` more than were asked for.

    What they raise is raised here, in its place. Once this generator ends or is closed, ``items`` are closed
    and their thread is gone. Until then they are that thread's alone.
    """
    made: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
    room: SimpleQueue[None] = SimpleQueue()
    stopping = threading.Event()

    def work() -> None:
        end: BaseException | None = None
        try:
            for item in items:
                made.put((item,))
                del item  # it is the other side's: buffers are used again once nobody holds them
                room.get()
                if stopping.is_set():
                    break
            items.close()
        except BaseException as error:
            # whatever it is, it is the caller's to see
            end = error
        made.put(end)

    for _ in range(waiting):
        room.put(None)
    # The caller's context says how many processors there are.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    thread.start()
    try:
        while isinstance(given := made.get(), tuple):
            yield given[0]
            del given
            room.put(None)
        if given is not None:
            raise given
    finally:
        stopping.set()
        room.put(None)
        thread.join()
