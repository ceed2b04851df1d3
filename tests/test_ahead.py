"""What a thread makes ahead is what would have been made without one, and the thread is gone afterwards."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Generator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import processors
from analyzer.ahead import ahead


class Made:
    """A generator of numbers that notes what was asked of it."""

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


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 40), waiting=st.integers(0, 5))
def test_the_same_items_in_order_from_a_thread_of_its_own(count: int, waiting: int) -> None:
    before, source = threading.active_count(), Made(count)
    assert list(ahead(source.items(), waiting)) == list(range(count))
    assert threading.get_ident() not in source.threads
    assert source.closed
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [OSError("gone"), KeyboardInterrupt(), MemoryError()])
def test_what_is_raised_comes_in_its_place(error: BaseException) -> None:
    source, got = Made(3, error), []
    with pytest.raises(type(error)) as raised:
        got.extend(ahead(source.items()))
    assert raised.value is error
    assert got == [0, 1, 2]


@pytest.mark.parametrize("waiting", [1, 2, 3])
def test_no_more_is_made_than_may_wait(waiting: int) -> None:
    before, source = threading.active_count(), Made(100)
    with closing(ahead(source.items(), waiting)) as items:
        for number in items:
            # The one that is looked at, those that wait, and nothing else, however long it takes.
            assert len(source.made) <= number + 1 + waiting
            if number == 20:
                break
    assert len(source.made) <= 21 + waiting
    assert source.closed
    assert threading.active_count() == before


def test_a_caller_that_fails_leaves_no_thread() -> None:
    before, source = threading.active_count(), Made(100)

    def fail(_: int) -> None:
        raise ZeroDivisionError

    with closing(ahead(source.items())) as items, pytest.raises(ZeroDivisionError):
        list(map(fail, items))
    assert source.closed
    assert threading.active_count() == before


def test_an_item_is_held_by_nobody_once_the_caller_lets_go_of_it() -> None:
    """Buffers are used again when nobody holds a view of them."""

    class Item:
        pass

    def items() -> Generator[Item, None, None]:
        for _ in range(6):
            yield Item()

    gc.disable()
    try:
        with closing(ahead(items(), 1)) as some:
            first = next(some)
            seen = weakref.ref(first)
            del first
            next(some)
            assert seen() is None
    finally:
        gc.enable()


def test_the_thread_knows_how_many_processors_its_caller_may_use() -> None:
    def told() -> Generator[int, None, None]:
        yield processors.available()

    with processors.limited(7):
        assert list(ahead(told())) == [7]
