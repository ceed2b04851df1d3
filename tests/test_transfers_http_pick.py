"""Which segments are looked at: enough to say the same, few of a long body."""

from __future__ import annotations

import numpy as np
import pytest
from httpwire import MSS, Http, answer, fetch, request, send
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import make_batch

from analyzer.decode import decode
from analyzer.picking import pick, shifted
from analyzer.tables import Packets
from analyzer.transfers import Collector, draw
from analyzer.transfers.http.pick import closed_ports, of_streams, wants


def packets_of(wire: Http) -> Packets:
    return decode(make_batch(sorted(wire.frames, key=lambda item: item[0])), 1)


def test_of_a_long_body_few_segments_are_kept() -> None:
    wire = fetch(1000 * MSS).close()
    rows = wants(packets_of(wire)).rows
    assert len(wire.frames) > 2000
    assert len(rows) < 60


def test_other_connections_are_left_alone_once_http_is_known() -> None:
    wire = fetch(3 * MSS)
    for number in range(100):
        wire.connect(number, "10.20.0.1", 40000 + number, "10.20.0.2", 9100, b"\x01binary")
    packets = packets_of(wire)
    nothing = np.zeros(0, np.uint64)
    assert {packets.columns["dst_port"][row] for row in of_streams(packets, nothing).rows} <= {8080, 50001}
    tls = packets_of(Http(443).open().c(b"GET / HTTP/1.1\r\n\r\n"))
    assert len(of_streams(tls, nothing).rows) == len(wants(tls).rows) == 0
    assert {443, 22, 445, 3389} <= closed_ports()
    assert not {80, 88, 8080, 8081} & closed_ports()


WIRES = {
    "download": fetch(30 * MSS).close(),
    "stall": fetch(30 * MSS, upto=20 * MSS).s(b"x" * MSS, acked=False).again(False, 4).late(30),
    "upload": send(20 * MSS).s(answer(200, 0)).close(),
    "a head in small pieces": Http()
    .open()
    .c(request(), mss=15)
    .s(answer(200, 5000, Server="a" * 30), mss=25)
    .s(b"x" * 5000)
    .close(),
    "chunks": Http()
    .open()
    .c(request())
    .s(answer(Transfer_Encoding="chunked"))
    .s(b"fff\r\n" + b"x" * 4095 + b"\r\n0\r\n\r\n")
    .late(),
    "pauses": fetch(3000, upto=1000).wait(3).s(b"x" * 1000).wait(0.3).s(b"x" * 1000).wait(9).close(),
}


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("size", [1, 5, 16, 1000])
def test_segments_of_a_capture_say_the_same_as_one_go(name: str, size: int) -> None:
    frames = sorted(WIRES[name].frames, key=lambda item: item[0])
    whole, segmented = Collector(), Collector()
    whole.add(decode(make_batch(frames), 1))
    for begin in range(0, len(frames), size):
        part = decode(make_batch(frames[begin : begin + size]), 1)
        segmented.add(shifted(pick(part, (Collector.wants,)), begin))
    first, second = (draw(one, lambda *_: ()) for one in (whole, segmented))
    assert first == second
    assert len(first) == 1


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 63),
            st.sampled_from(
                [
                    b"",
                    b"x",
                    b"GET /a.bin HTTP/1.1\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                    b"0\r\n\r\n",
                ]
            )
            | st.binary(max_size=20),
            st.integers(0, 2**32 - 1) | st.integers(0, 60),
            st.integers(0, 2**32 - 1) | st.integers(0, 60),
            st.floats(0, 3),
        ),
        max_size=30,
    ),
    st.sampled_from([1, 4, 1000]),
)
def test_any_segments(segments: list[tuple[bool, int, bytes, int, int, float]], batch: int) -> None:
    wire = fetch(2000)
    for from_client, flags, payload, seq, ack, pause in segments:
        wire.wait(pause).segment(from_client, flags, payload, seq=seq, ack=ack)
    packets = packets_of(wire)
    rows = wants(packets).rows
    assert (np.diff(rows) > 0).all()
    again = wants(pick(packets, (wants,)))
    assert len(again.rows) >= len(rows)  # what is needed of what is needed is all of it
    assert wire.transfers(batch) is not None
