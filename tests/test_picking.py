"""What is picked of a batch: the rows that anybody wants, the most bytes that anybody wants."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import Wire, make_batch

from analyzer.decode import decode
from analyzer.picking import UDP_HEADER, Want, pick, shifted
from analyzer.tables import PACKETS, QUOTES, Packets


def packets_of(wire: Wire) -> Packets:
    return decode(make_batch(sorted(wire.frames, key=lambda item: item[0])), 1)


def batch() -> Packets:
    """Eight datagrams with payloads of 0 to 7 times the byte 0x61, 0x62 …; row 3 is met by an ICMP error."""
    wire = Wire()
    for number in range(8):
        wire.udp(number, "10.20.1.21", 2000 + number, "10.20.0.10", 5000, bytes([0x61 + number]) * number)
    wire.unreachable(8, "10.20.0.10", "10.20.1.21", 2003, "10.20.0.10", 5000, 3)
    return packets_of(wire)


def wanting(rows: list[int], most: int, quotes: tuple[int, ...] = ()):
    return lambda _: Want(
        np.array(rows, np.int64), np.full(len(rows), most, np.int64), np.array(quotes, np.int64)
    )


def payload(packets: Packets, row: int) -> bytes:
    begin, length = (int(packets.columns[name][row]) for name in ("payload", "payload_captured"))
    return bytes(packets.buffer[begin : begin + length])


def test_rows_of_all_and_the_most_bytes_of_any() -> None:
    picked = pick(batch(), (wanting([2, 5], 1), wanting([5, 6], 4)))
    PACKETS.check(picked.columns)
    assert picked.columns["frame"].tolist() == [1, 3, 6, 7, 9], "the first and the last moment stay"
    assert [payload(picked, row) for row in range(5)] == [b"", b"c", b"ffff", b"gggg", b""]
    assert picked.columns["payload_wire"].tolist()[1:4] == [2, 5, 6], "the length on the wire is not lost"
    assert len(picked.buffer) == 1 + 4 + 4 + 3 * UDP_HEADER


def test_the_udp_header_stays_before_the_payload() -> None:
    picked = pick(batch(), (wanting([4], 2),))
    begin = int(picked.columns["payload"][1])
    assert picked.buffer[begin - 8 : begin] == bytes.fromhex("07d4 1388 000c 0000")


def test_a_quote_keeps_the_error_that_quotes() -> None:
    picked = pick(batch(), (wanting([1], 1, (0,)),))
    QUOTES.check(picked.quotes)
    assert picked.columns["frame"].tolist() == [1, 2, 9]
    assert (picked.quotes["row"].tolist(), picked.quotes["src_port"].tolist()) == ([2], [2003])
    assert len(pick(batch(), (wanting([1], 1),)).quotes["row"]) == 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sets(st.integers(0, 7)), st.integers(0, 9)), max_size=3))
def test_what_is_wanted_is_there(wants: list[tuple[set[int], int]]) -> None:
    whole = batch()
    picked = pick(whole, [wanting(sorted(rows), most) for rows, most in wants])
    places = {frame: row for row, frame in enumerate(picked.columns["frame"].tolist())}
    assert set(places) == {1, 9} | {row + 1 for rows, _ in wants for row in rows}
    for frame, place in places.items():
        most = max((most for rows, most in wants if frame - 1 in rows), default=0)
        assert payload(picked, place) == payload(whole, frame - 1)[:most]
        for name in ("time", "src_port", "payload_wire", "digest", "src_lo"):
            assert picked.columns[name][place] == whole.columns[name][frame - 1]


def test_frames_are_shifted() -> None:
    packets = batch()
    assert (shifted(packets, 7).columns["frame"] == packets.columns["frame"] + 7).all()
    assert packets.columns["frame"][0] == 1


def test_nothing() -> None:
    empty = Packets(PACKETS.empty(), QUOTES.empty(), b"")
    assert pick(empty, (wanting([], 1),)) is empty
