"""Which packets of a connection are kept: few, and all that its behaviour rests on."""

from __future__ import annotations

from doorwire import CLIENT, DOOR, SERVER, Doors
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.observations.biostar.pick import PORTS, wants
from analyzer.picking import pick


def frames(doors: Doors) -> list[int]:
    packets = decode(make_batch(sorted(doors.frames, key=lambda item: item[0])), 1)
    want = wants(packets)
    assert not want.most.any()
    return [row + 1 for row in want.rows.tolist()]


def test_the_ports_are_those_of_the_protocols() -> None:
    assert {1470, 1471, 1480} == PORTS


def test_handshake_and_end_and_of_a_second_the_first_and_the_last() -> None:
    doors = Doors()
    session = doors.connect_to(0, DOOR, SERVER, 1480)
    for number in range(10):
        session.say(1.05 + number / 20, 0)
    session.close(5, 0)
    # 1-3 handshake; 4, 22 the first and last data of the second, 5, 23 its first and last acknowledgement;
    # 24, 25 FIN, 26 the last acknowledgement.
    assert frames(doors) == [1, 2, 3, 4, 5, 22, 23, 24, 25, 26]


def test_other_ports_and_datagrams_are_not_ours() -> None:
    doors = Doors()
    doors.connect_to(0, CLIENT, SERVER, 443)
    doors.udp(1, CLIENT, 5000, DOOR, 1470, b"x")
    assert frames(doors) == []


def test_much_data_costs_little() -> None:
    doors = Doors()
    doors.connect_to(0, CLIENT, DOOR, 1470).bulk(1, 0, 500_000)
    assert len(frames(doors)) < 3 + 4 * 3


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 1), st.booleans()), min_size=1, max_size=40))
def test_what_is_picked_of_what_was_picked_is_the_same(story: list[tuple[int, int, bool]]) -> None:
    doors = Doors()
    session = doors.connect_to(0, DOOR, SERVER, 1480)
    for tenth, side, ends in sorted(story):
        if ends:
            session.close(1 + tenth / 10, side)
        else:
            session.say(1 + tenth / 10, side)
    packets = decode(make_batch(sorted(doors.frames, key=lambda item: item[0])), 1)
    once = pick(packets, (wants,))
    again = pick(once, (wants,))
    assert again.columns["frame"].tolist() == once.columns["frame"].tolist()
