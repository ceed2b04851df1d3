"""What a protocol is: claims, payloads, and the bounded reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import DissectError
from analyzer.protocol import NO, UNSURE, Cursor, Fit, Payload, Reading, Says, ports


def test_ports_takes_numbers_and_ranges() -> None:
    assert ports("udp", 69) == {("udp", 69)}
    assert ports("udp", 5683, range(47808, 47811)) == {
        ("udp", 5683),
        ("udp", 47808),
        ("udp", 47809),
        ("udp", 47810),
    }
    assert ports("tcp") == frozenset()


def test_a_payload_is_cut_where_bytes_are_missing() -> None:
    assert Payload(b"abc", 4).cut
    assert not Payload(b"abc", 3).cut
    assert not Payload(b"", 0).cut


def test_the_short_answers_tell_nothing_of_the_sender() -> None:
    assert Reading(Fit.NO, Says.NOTHING, None, "") == NO
    assert Reading(Fit.UNSURE, Says.NOTHING, None, "") == UNSURE


def test_a_cursor_reads_in_network_order() -> None:
    cursor = Cursor(bytes(range(1, 9)), "header")
    assert (cursor.u8(), cursor.u16(), cursor.u32()) == (0x01, 0x0203, 0x04050607)
    assert (cursor.offset, cursor.left) == (7, 1)
    assert cursor.take(1) == b"\x08"
    assert cursor.take(0) == b""


def test_a_cursor_says_where_it_stopped_and_what_it_lacked() -> None:
    cursor = Cursor(b"\x01\x02\x03", "option")
    cursor.u16()
    with pytest.raises(DissectError) as caught:
        cursor.u16()
    error = caught.value
    assert (error.what, error.offset, error.need, error.have) == ("option", 2, 2, 1)
    assert cursor.offset == 2, "a read that failed has taken nothing"


def test_a_cursor_keeps_to_its_end() -> None:
    cursor = Cursor(b"\x01\x02\x03\x04", "inner", offset=1, end=3)
    assert cursor.take(2) == b"\x02\x03"
    with pytest.raises(DissectError):
        cursor.u8()
    assert Cursor(b"\x01", "inner", end=9).left == 1, "an end beyond the bytes is no promise"


@given(st.binary(max_size=64), st.integers(0, 70), st.lists(st.integers(-3, 40), max_size=8))
def test_any_reads_stay_inside(data: bytes, end: int, counts: list[int]) -> None:
    cursor = Cursor(data, "anything", end=end)
    taken = b""
    for count in counts:
        try:
            piece = cursor.take(count)
        except DissectError:
            continue
        assert len(piece) == count
        taken += piece
    assert taken == data[: len(taken)]
    assert len(taken) <= end
    assert cursor.left >= 0
