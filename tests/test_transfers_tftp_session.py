"""The state machine, packet by packet."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.protocols.tftp import Error, Oack, Request
from analyzer.transfers.tftp.session import LEGS, NUMBERS, SKIPPED, Leg, Session, number_of, strange_options

SERVER = (4, 0, 0x0A14000A, 50123)
CLIENT = (4, 0, 0x0A140115, 2000)
SECOND = 10**9


def leg(reads: bool = True) -> Leg:
    return Leg(SERVER, reads)


def test_lockstep() -> None:
    one = leg()
    for block in (1, 2, 3):
        one.data(block, 512 if block < 3 else 7, False, block, block)
        one.ack(block, True, block, block)
    assert (one.sent, one.acked, one.final, one.retransmissions) == (3, 3, True, 0)


def test_data_from_the_wrong_side_is_no_data() -> None:
    one = leg()
    one.data(1, 512, True, 1, 1)
    one.ack(1, False, 1, 1)
    assert (one.sent, one.acked) == (0, 0)


def test_a_window_counts_a_late_block_once() -> None:
    one = leg()
    for block in (1, 3, 2, 4):
        one.data(block, 512, False, block, block)
    assert (one.sent, one.retransmissions, one.skipped) == (4, 0, {})
    one.data(2, 512, False, 9, 9)
    assert one.retransmissions == 1


def test_an_acknowledgement_before_its_data() -> None:
    one = leg()
    one.data(1, 512, False, 1, 1)
    one.ack(2, True, 2, 2)
    assert (one.acked, one.top, one.final) == (2, None, False)
    one.data(2, 5, False, 3, 3)
    assert (one.sent, one.top, one.final, one.retransmissions) == (2, 5, True, 0)


def test_numbers_that_begin_again_at_zero() -> None:
    one = leg()
    for block in range(1, NUMBERS + 3):
        one.data(block % NUMBERS, 512, False, block, block)
        one.ack(block % NUMBERS, True, block, block)
    assert (one.sent, one.acked, one.wraps_to_one, one.retransmissions) == (
        NUMBERS + 2,
        NUMBERS + 2,
        False,
        0,
    )


def test_a_late_block_zero_corrects_the_count() -> None:
    one = leg()
    one.window = 4
    one.sent = one.acked = one.label = NUMBERS - 1
    for block in (1, 0, 2):
        one.data(block, 512, False, 1, 1)
    assert (one.sent, one.label, one.wraps_to_one) == (NUMBERS + 2, 2, False)


def test_options_in_force() -> None:
    one = leg()
    one.oack(Oack({"blksize": "1428", "windowsize": "8"}), False, 1, 1)
    assert (one.block_size, one.window) == (1428, 8)
    one.oack(Oack({"blksize": "9"}), False, 1, 1)
    assert (one.block_size, one.retransmissions) == (1428, 1)
    other = leg()
    other.oack(Oack({"blksize": "99999999999999999999999999", "windowsize": "-1"}), False, 1, 1)
    assert (other.block_size, other.window) == (512, 1)


def test_number_of() -> None:
    assert number_of("1428", 8, 65464) == 1428
    assert [number_of(text, 8, 65464) for text in (None, "", "7", "65465", "1e3", "\u0661\u0662")] == [
        None
    ] * 6


def test_strange_options() -> None:
    session = Session(CLIENT, SERVER, Request("read", "a", "octet", {"blksize": "1000"}))
    one = leg()
    for given_options, words in (
        ({"blksize": "1000"}, ""),
        ({"blksize": "512"}, ""),
        ({"blksize": "1001"}, "raises blksize from 1000 to 1001"),
        ({"tsize": "1"}, "tsize, which was not asked for"),
        ({"vendor": "1"}, ""),
    ):
        one.accepted = given_options
        assert words in strange_options(session, one)
        assert bool(words) is bool(strange_options(session, one))


def test_bounds() -> None:
    session = Session(CLIENT, SERVER, Request("read", "a", "octet", {}))
    for port in range(LEGS + 5):
        session.leg((*SERVER[:3], port))
    assert len(session.legs) == LEGS
    one = leg()
    for block in range(2, 40_000, 3):
        one.data(block, 512, False, 1, 1)
    assert len(one.skipped) <= SKIPPED


packets = st.tuples(
    st.sampled_from(["data", "ack", "oack", "error"]),
    st.integers(0, NUMBERS - 1) | st.sampled_from([0, 1, 2, 65534, 65535]),
    st.integers(0, 70_000),
    st.booleans(),
    st.integers(0, 100 * SECOND),
)


@settings(deadline=None)
@given(st.lists(packets, max_size=60), st.booleans())
def test_any_packets_keep_the_counts_sane(
    sequence: list[tuple[str, int, int, bool, int]], reads: bool
) -> None:
    session = Session(CLIENT, SERVER, Request("read" if reads else "write", "a", "octet", {}))
    one = session.leg(SERVER)
    assert one is not None
    for frame, (kind, number, length, from_client, time) in enumerate(sequence, 1):
        session.seen(time, frame)
        one.answer(time, frame, from_client)
        if kind == "data":
            one.data(number, length, from_client, time, frame)
        elif kind == "ack":
            one.ack(number, from_client, time, frame)
        elif kind == "oack":
            one.oack(Oack({"blksize": str(length)}), from_client, time, frame)
        else:
            one.error(Error(number, "x"), from_client, time, frame)
        assert 0 <= one.acked <= one.sent
        assert one.retransmissions <= frame
        assert session.longest_gap >= 0
    assert session.best() is one
