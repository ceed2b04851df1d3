"""What threads make ahead is what would have been made without them, and they are gone afterwards."""

from __future__ import annotations

import gc
import random
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import processors
from analyzer.ahead import ahead

THREADS = pytest.mark.parametrize("threads", [1, 2, 3])


class Made:
    """A generator of numbers that notes what was asked of it, and whether two asked at once."""

    def __init__(self, count: int, error: BaseException | None = None) -> None:
        self.made: list[int] = []
        self.threads: set[int] = set()
        self.closed = False
        self._count, self._error = count, error

    def items(self) -> Generator[int, None, None]:
        try:
            for number in range(self._count):
                self.made.append(number)
                self.threads.add(threading.get_ident())
                yield number
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


def same(number: int) -> int:
    return number


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 40),
    threads=st.integers(1, 3),
    waiting=st.integers(0, 3),
    pauses=st.integers(0, 1 << 30),
)
def test_the_same_items_in_order(count: int, threads: int, waiting: int, pauses: int) -> None:
    """However long each takes: the later ones are often done first."""
    before, source, luck = threading.active_count(), Made(count), random.Random(pauses)
    longs = [luck.random() < 0.2 for _ in range(count)]

    def work(number: int) -> str:
        if longs[number]:
            time.sleep(0.001)
        return f"item {number}"

    assert list(ahead(source.items(), work, threads, waiting)) == [
        f"item {number}" for number in range(count)
    ]
    assert source.made == list(range(count))
    assert source.closed
    assert threading.active_count() == before


@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 40), threads=st.integers(1, 3), waiting=st.integers(0, 3))
def test_items_without_work_are_given_as_they_are(count: int, threads: int, waiting: int) -> None:
    before, source = threading.active_count(), Made(count)
    assert list(ahead(source.items(), None, threads, waiting)) == list(range(count))
    assert source.closed
    assert threading.active_count() == before


def test_who_waits_for_an_item_does_not_make_the_next_one() -> None:
    """Items that come slowly, one after the other: whoever holds them up, the caller gets its own at once."""
    asked = threading.Semaphore(0)

    def items() -> Generator[int, None, None]:
        yield 0
        yield 1
        assert asked.acquire(timeout=20)
        yield 2

    with closing(ahead(items(), None, 1, 0)) as some:
        assert next(some) == 0
        assert next(some) == 1
        asked.release()
        assert list(some) == [2]


@THREADS
def test_all_threads_and_the_caller_work_at_once(threads: int) -> None:
    """Each item is held up until all are worked on: one a thread, and one more."""
    together = threading.Barrier(threads + 1, timeout=20)
    seen: set[int] = set()

    def work(number: int) -> int:
        seen.add(threading.get_ident())
        together.wait()
        return number

    source = Made(threads + 1)
    assert list(ahead(source.items(), work, threads)) == list(range(threads + 1))
    assert threading.get_ident() in seen
    assert len(seen) == threads + 1


def test_who_takes_an_item_works_on_it() -> None:
    """What was just read is in that processor's cache."""

    def items() -> Generator[int, None, None]:
        for _ in range(50):
            yield threading.get_ident()

    def work(taken_by: int) -> bool:
        time.sleep(0.0002)
        return taken_by == threading.get_ident()

    assert all(ahead(items(), work, 2))


@THREADS
@pytest.mark.parametrize("error", [OSError("gone"), KeyboardInterrupt(), MemoryError()])
def test_what_is_raised_comes_in_its_place(error: BaseException, threads: int) -> None:
    source, got = Made(3, error), []
    with pytest.raises(type(error)) as raised:
        got.extend(ahead(source.items(), same, threads))
    assert raised.value is error
    assert got == [0, 1, 2]


@THREADS
@pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt(), StopIteration()])
def test_what_the_work_raises_comes_in_its_place(error: BaseException, threads: int) -> None:
    """Also where the items behind it were done before it."""
    before, source, got = threading.active_count(), Made(100), []

    def work(number: int) -> int:
        if number == 3:
            time.sleep(0.01)
            raise error
        return number

    with pytest.raises(RuntimeError if isinstance(error, StopIteration) else type(error)) as raised:
        got.extend(ahead(source.items(), work, threads))
    assert error in (raised.value, raised.value.__cause__)
    assert got == [0, 1, 2]
    assert source.closed
    assert threading.active_count() == before


@THREADS
@pytest.mark.parametrize("waiting", [0, 1, 3])
def test_no_more_is_made_than_may_wait(waiting: int, threads: int) -> None:
    before, source = threading.active_count(), Made(100)
    with closing(ahead(source.items(), same, threads, waiting)) as items:
        for number in items:
            # The one that is looked at, those that wait, and nothing else, however long it takes.
            assert len(source.made) <= number + 1 + threads + waiting
            if number == 20:
                break
        time.sleep(0.02)
        assert len(source.made) == 21 + threads + waiting
    assert source.closed
    assert threading.active_count() == before


@THREADS
def test_a_caller_that_fails_leaves_no_thread(threads: int) -> None:
    before, source = threading.active_count(), Made(100)

    def fail(_: int) -> None:
        raise ZeroDivisionError

    with closing(ahead(source.items(), same, threads)) as items, pytest.raises(ZeroDivisionError):
        list(map(fail, items))
    assert source.closed
    assert threading.active_count() == before


def test_a_thread_that_cannot_be_started_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    before, source, real = threading.active_count(), Made(100), threading.Thread.start
    started: list[threading.Thread] = []

    def start(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="can't start"):
        list(ahead(source.items(), same, 3))
    assert started
    assert threading.active_count() == before


@THREADS
def test_an_item_is_held_by_nobody_once_the_caller_lets_go_of_it(threads: int) -> None:
    """Buffers are used again when nobody holds a view of them."""

    class Item:
        pass

    def items() -> Generator[Item, None, None]:
        for _ in range(6):
            yield Item()

    gc.disable()
    try:
        with closing(ahead(items(), lambda item: item, threads)) as some:
            first = next(some)
            seen = weakref.ref(first)
            del first
            next(some)
            until = time.monotonic() + 20  # its thread may still have to leave the function that made it
            while seen() is not None and time.monotonic() < until:
                time.sleep(0.001)
            assert seen() is None
    finally:
        gc.enable()


def test_the_threads_know_how_many_processors_their_caller_may_use() -> None:
    def told() -> Generator[None, None, None]:
        yield from [None] * 20

    with processors.limited(7):
        assert set(ahead(told(), lambda _: processors.available(), 2)) == {7}
