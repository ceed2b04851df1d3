"""A watcher is made when a batch first holds something for it, and sees that batch whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from tftpwire import make_batch
from traffic import Traffic

from analyzer.decode import decode
from analyzer.late import Late, Watching
from analyzer.picking import NONE, Want
from analyzer.tables import Packets


def wants_port_9(packets: Packets) -> Want:
    rows = np.flatnonzero(packets.columns["dst_port"] == 9)
    return Want(rows, np.zeros(len(rows), np.int64))


def begins_with_8(packets: Packets) -> bool:
    return bool(len(packets.columns["frame"])) and packets.columns["dst_port"][0] == 8


class Counter:
    """Notes how many packets each batch held."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def add(self, packets: Packets) -> None:
        self.seen.append(len(packets.columns["frame"]))


def batch(*ports: int) -> Packets:
    traffic = Traffic()
    for number, port in enumerate(ports):
        traffic.udp(number, "10.20.0.1", 5000, "10.20.0.2", port, b"x")
    return decode(make_batch(traffic.frames), 1)


@pytest.mark.parametrize(
    ("begins", "batches", "seen"),
    [
        (None, [(7, 8), (7, 9, 8), (7,), (9, 9)], [3, 1, 2]),  # all from the first on, empty or not
        (begins_with_8, [(9, 9), (7, 8), (8, 9, 7), (7,)], [3, 1]),
        (None, [(), (7,)], None),
    ],
)
def test_nothing_is_made_before_there_is_something(
    begins: Callable[[Packets], bool] | None, batches: list[tuple[int, ...]], seen: list[int] | None
) -> None:
    watching = Watching(Late("counter", wants_port_9, Counter, begins))
    for ports in batches:
        watching.add(batch(*ports))
    assert (watching.made.seen if watching.made is not None else None) == seen


def test_an_error_that_quotes_is_something_too() -> None:
    def quotes_only(packets: Packets) -> Want:
        return Want(NONE, NONE, np.arange(len(packets.quotes["row"])))

    asked = Traffic().udp(0, "10.20.0.1", 5000, "10.20.0.2", 9, b"x")
    late = Late("counter", quotes_only, Counter)
    assert not late.due(decode(make_batch(asked.frames), 1))
    asked.unreachable(1, "10.20.0.2", "10.20.0.1", 5000, "10.20.0.2", 9, 3)
    assert late.due(decode(make_batch(asked.frames), 1))


def test_it_travels_before_and_after_it_is_made() -> None:
    watching = Watching(Late("counter", wants_port_9, Counter))
    assert pickle.loads(pickle.dumps(watching)).made is None
    watching.add(batch(9))
    there = pickle.loads(pickle.dumps(watching))
    there.add(batch(7, 7))
    assert (there.made.seen, watching.made.seen if watching.made else None) == ([1, 2], [1])
