"""What a connection's packets add up to."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from judging import address

from analyzer.observations.biostar.link import PAUSE, WRAP, Burst, Link, Packet, Side
from analyzer.sessions import EARLY
from analyzer.tables import ACK, FIN, PSH, RST, SYN

S = 1_000_000_000
A, B = (address("10.20.3.11"), 49200), (address("10.20.0.50"), 1480)


def packet(at: float, side: int, flags: int = PSH | ACK, seq: int = 0, length: int = 0) -> Packet:
    return Packet(int(at * S), int(at * 10) + 1, side, flags, seq % WRAP, length)


def link(*packets: Packet) -> Link:
    made = Link(A, B, packets[0].time, packets[0].frame, opened=True)
    for one in packets:
        made.add(one)
    return made


def test_a_connection_from_its_handshake_to_its_end() -> None:
    made = link(
        packet(0, 0, SYN, 99),
        packet(0.1, 1, SYN | ACK, 499),
        packet(0.2, 0, ACK, 100),
        packet(1, 0, seq=100, length=50),
        packet(2, 1, seq=500, length=7),
        packet(5, 1, FIN | ACK, 507),
        packet(6, 0, RST, 150),
    )
    assert (made.established, made.ended, made.ended_by, made.reset) == (True, 5 * S, 1, False)
    assert (made.sides[0].bytes, made.sides[1].bytes) == (50, 7)
    assert (made.frames, made.lasted(0), made.last) == ((1, 51), 5 * S, 6 * S)


def test_an_open_connection_lasts_until_the_end() -> None:
    assert link(packet(0, 0, SYN), packet(1, 0, ACK)).lasted(9 * S) == 9 * S


def test_repetitions_and_old_bytes_are_no_data() -> None:
    made = link(
        packet(0, 0, SYN, 99),
        packet(1, 0, seq=100, length=50),
        packet(2, 0, seq=100, length=50),
        packet(3, 0, seq=149, length=1),
        packet(4, 0, seq=120, length=40),
    )
    assert (made.sides[0].bytes, made.sides[0].last_data) == (60, 4 * S)


def test_sequence_numbers_begin_again() -> None:
    made = link(
        packet(0, 0, SYN, WRAP - 11), packet(1, 0, seq=WRAP - 10, length=20), packet(2, 0, seq=10, length=5)
    )
    assert made.sides[0].bytes == 25


def test_bytes_of_packets_that_are_not_here_are_counted_by_number() -> None:
    assert (
        link(packet(0, 0, SYN, 99), packet(1, 0, seq=100, length=10), packet(2, 0, seq=1090, length=10))
        .sides[0]
        .bytes
        == 1000
    )


def test_silences_and_bursts() -> None:
    side = Side()
    at = 0
    for gap, size in ((1, 10), (1, 10), (40, 300), (9, 300), (20, 50)):
        at += gap
        side.send(packet(at, 0, seq=side.next or 0, length=size), 0)
    assert side.gap is not None
    assert (side.gap.first, side.gap.last, side.gap.length) == (2 * S, 42 * S, 40 * S)
    assert (side.gap.first_frame, side.gap.last_frame) == (21, 421)
    assert side.largest == Burst(600, 42 * S, 51 * S, 421, 511)
    assert PAUSE == 10 * S


def test_a_syn_again_is_a_repetition_or_another_connection() -> None:
    made = link(packet(0, 0, SYN, 99))
    assert not made.renewed(A, 99, 0)
    assert made.renewed(A, 12345, 0)
    assert not made.renewed(B, 499, 0), "both opened at once (RFC 9293 section 3.5)"
    made.add(packet(1, 0, RST, 100))
    assert made.renewed(B, 499, 0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.integers(0, 1),
            st.integers(0, 63),
            st.integers(0, WRAP - 1),
            st.integers(0, 2000),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_packets(packets: list[tuple[int, int, int, int, int]]) -> None:
    made = link(*(packet(at, side, flags, seq, length) for at, side, flags, seq, length in packets))
    for side in made.sides:
        assert side.bytes >= (side.largest.bytes if side.largest else 0)
        assert side.gap is None or side.gap.length > 0


def test_a_syn_behind_its_syn_ack_opens_nothing_anew() -> None:
    """A card with several queues, or two clocks, put the two in the wrong order."""
    made = Link(A, B, 0, 1, opened=True)
    made.add(packet(0, 1, SYN | ACK, 499))
    assert not made.renewed(A, 99, EARLY)
    assert made.renewed(A, 99, EARLY + 1)
    made.add(packet(0, 0, ACK, 100))
    assert not made.renewed(A, 99, EARLY + 1), "its repetition"
    assert made.renewed(A, 12345, 0)
