"""How many processors a piece of work may use."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

from analyzer import parallel, processors
from analyzer.capture.source import HASH_PIECE, Hash


def test_the_whole_program_may_use_the_machine() -> None:
    assert 1 <= processors.available() <= (os.cpu_count() or 1)


def test_a_limit_holds_where_it_was_set_and_ends() -> None:
    before = processors.available()
    with processors.limited(7), ThreadPoolExecutor(1) as other:
        assert processors.available() == 7
        assert other.submit(processors.available).result() == before, "another thread has its own"
    assert processors.available() == before


def test_who_has_one_processor_starts_neither_process_nor_thread() -> None:
    with processors.limited(1):
        count, total = threading.active_count(), Hash()
        total.update(bytes(2 * HASH_PIECE))
        assert threading.active_count() == count
        assert parallel.read(Big(), "fast") is None
    assert total.hexdigest() == "07854d2fef297a06ba81685e660c332de36d5d18d546927d30daad6d7fda1541"


class Big:
    """A capture that would be worth many processes."""

    size = 1 << 40
