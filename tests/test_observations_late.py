"""An observer is made when a batch first holds what it wants, and sees that batch whole."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from tftpwire import make_batch
from traffic import Traffic

from analyzer.decode import decode
from analyzer.model import Attempt
from analyzer.observation import Ends
from analyzer.observations import Observation, Setting
from analyzer.observations.late import Late
from analyzer.picking import Want
from analyzer.tables import Packets
from analyzer.visibility import Visibility

ENDS: Ends = ("udp", ((4, 0, 1), 1), ((4, 0, 2), 2))


def wants_port_9(packets: Packets) -> Want:
    rows = np.flatnonzero(packets.columns["dst_port"] == 9)
    return Want(rows, np.zeros(len(rows), np.int64))


class Counter:
    """Notes how many packets each batch held."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def add(self, packets: Packets) -> None:
        self.seen.append(len(packets.columns["frame"]))

    def observe(self, setting: Setting) -> Iterable[Observation]:
        return [observation(len(setting.found))]

    def attempts(self, setting: Setting) -> tuple[Attempt, ...]:
        return (attempt(len(setting.found)),)

    def ends(self) -> Iterable[Ends]:
        return [ENDS]


def observation(number: int) -> Observation:
    return Observation(*["x"] * 6, frames=(number,))  # type: ignore[arg-type, misc]


def attempt(number: int) -> Attempt:
    return Attempt(f"u{number}", "", "", "unknown", "", 0, 0, (), (), ())


def batch(*ports: int) -> Packets:
    traffic = Traffic()
    for number, port in enumerate(ports):
        traffic.udp(number, "10.20.0.1", 5000, "10.20.0.2", port, b"x")
    return decode(make_batch(traffic.frames), 1)


def test_nothing_is_made_before_it_is_wanted() -> None:
    made: list[Counter] = []

    def make() -> Counter:
        made.append(Counter())
        return made[-1]

    late, setting = Late(wants_port_9, make), Setting([], Visibility([]))
    late.add(batch(7, 8))
    assert (made, list(late.observe(setting)), late.attempts(setting)) == ([], [], ())
    assert list(late.ends()) == []
    for ports in ((7, 9, 8), (7,), (9, 9)):
        late.add(batch(*ports))
    (one,) = made
    assert one.seen == [3, 1, 2]  # all from the first batch on: what wants is empty may still matter
    assert (list(late.observe(setting)), late.attempts(setting)) == ([observation(0)], (attempt(0),))
    assert list(late.ends()) == [ENDS]
