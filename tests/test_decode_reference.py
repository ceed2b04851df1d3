"""The walk through the layers, and laws that hold for any bytes: a row for each frame, within its bounds."""

from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.decode import reference
from analyzer.decode.reference import LINK_TYPES
from analyzer.tables import FRAMES, PACKETS, Batch, Kind, Reason
from tests.frames import (
    BEFORE,
    MACS,
    batch,
    checked,
    decode,
    decoded,
    eth,
    gre,
    icmp,
    ip4,
    ip6,
    nonzero,
    quoted,
    tcp,
    udp,
)

IP_KINDS = (Kind.TRANSPORT, Kind.IP, Kind.FRAGMENT)


def test_frame_columns_are_carried_over() -> None:
    frames = batch(eth(ip4(udp())), b"", eth(ip4(tcp(), 6)), wire=1514)
    packets = checked(decode(frames, 101), 3)
    assert packets.columns["frame"].tolist() == [101, 102, 103]
    assert packets.columns["time"].tolist() == [10**18, 10**18 + 1, 10**18 + 2]
    assert packets.columns["wire"].tolist() == [1514] * 3
    assert packets.columns["kind"].tolist() == [Kind.TRANSPORT, Kind.UNDECODED, Kind.TRANSPORT]
    assert packets.buffer is frames.buffer


def test_an_empty_batch() -> None:
    checked(decode(batch(), 1), 0)


def test_any_buffer_will_do() -> None:
    frames = batch(eth(ip4(udp())))
    expected = nonzero(decode(frames, 1).columns)
    for buffer in (bytearray(frames.buffer), memoryview(frames.buffer), memoryview(bytearray(frames.buffer))):
        assert nonzero(decode(Batch(buffer, frames.frames), 1).columns) == expected  # type: ignore[arg-type]


def test_frames_that_point_outside_the_buffer_are_clamped() -> None:
    frames = batch(eth(ip4(udp())))
    frames.frames["captured"][0] += 100
    frames.frames["wire"][0] += 100
    row = nonzero(decode(frames, 1).columns)
    assert row["payload_captured"] == 4
    frames.frames["offset"][0] = 10**6
    assert nonzero(decode(frames, 1).columns)["reason"] == Reason.CUT


def test_link_types_that_nobody_reads() -> None:
    for link_type in (147, 220, 65535):
        assert decoded(eth(ip4(udp())), link_type) == {"reason": Reason.LINK_TYPE}


def test_quotes_name_their_row() -> None:
    error = eth(ip4(icmp(3, 3, ip4(udp())), 1))
    packets = decode(batch(eth(ip4(udp())), error, eth(b"", 0x9000), error), 1)
    assert packets.quotes["row"].tolist() == [1, 3]
    assert packets.quotes["src_port"].tolist() == [49152, 49152]


def test_a_defect_of_the_parser_is_counted_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setitem(LINK_TYPES, 1, defect)  # type: ignore[arg-type]
    packets = reference.decode(batch(eth(ip4(udp())), eth(ip4(udp()))), 1)
    assert packets.columns["reason"].tolist() == [Reason.INTERNAL] * 2
    assert packets.columns["kind"].tolist() == [Kind.UNDECODED] * 2


OUTER, OUTER_LO = {"a": "192.0.2.1", "b": "192.0.2.2"}, 0xC0000201
MAC_LO = MACS["src_lo"]
VXLAN = b"\x08" + bytes(7)
ARP = bytes.fromhex("0001080006040001") + bytes(6) + b"\x0a\x01\x02\x03" + bytes(6) + b"\x0a\x04\x05\x06"

CUTS: list[tuple[bytes, int, int]] = [
    (eth(ip4(udp(b"payload"))), 34, 0),
    (eth(ip4(tcp(b"payload", options=bytes(12)), 6, options=bytes(8))), 34, 0),
    (eth(b"\0\x05\x86\xdd" + ip6(b"\x3c\0" + bytes(6) + b"\x11\0" + bytes(6) + udp(), 0), 0x8100), 58, 0),
    (eth(ip4(gre(bytes(8) + eth(ip4(tcp(), 6)), 0x88BE, 0x1000, bytes(4)), 47, **OUTER)), 84, OUTER_LO),
    (eth(ip4(udp(VXLAN + eth(ip6(udp()), 0x86DD), dport=4789), **OUTER)), 104, OUTER_LO),
    (eth(ip4(icmp(3, 3, ip4(udp())), 1)), 34, 0),
    (eth(ip6(icmp(1, 4, ip6(tcp(), 6)), 58), 0x86DD), 54, 0),
    (eth(ip6(b"\x11\0\0\x01" + bytes(4) + udp(), 44), 0x86DD), 54, 0),
    (eth(b"\0\0\x11\x40" + ip4(udp()), 0x8847), 38, MAC_LO),
    (eth(b"\x11\0\0\x07\0\x22\x00\x21" + ip4(udp()), 0x8864), 42, MAC_LO),
    (eth(ARP, 0x0806), 42, MAC_LO),
]
"""Frame, how many of its bytes it takes to know the addresses, and the source that stands in until then."""
SAMPLES = [frame for frame, _, _ in CUTS]

ADDRESSES = ("version", "src_hi", "src_lo", "dst_hi", "dst_lo")
GROWING = ("kind", "reason", "transport", "payload", "payload_captured")
"""Columns that may differ from those of the whole frame: how far decoding got, and the captured payload."""


@pytest.mark.parametrize(("frame", "known", "stand_in"), CUTS)
def test_a_cut_takes_away_and_never_changes(frame: bytes, known: int, stand_in: int) -> None:
    """Cut anywhere, a frame gives the addresses, ports and lengths of the whole one, or fewer of them.

    Until the innermost addresses are captured, the outer packet (or the link) stands in for them.
    """
    whole = decoded(frame)
    for held in range(len(frame)):
        row = decoded(frame[:held], wire=len(frame))
        if held < known and (not stand_in or "kind" not in row):
            assert row == {"reason": Reason.CUT}
        elif held < known:
            assert row["src_lo"] == stand_in
            assert row["kind"] != Kind.UNDECODED
        else:
            for name in set(whole) | set(row):
                if name in ADDRESSES:
                    assert row.get(name, 0) == whole.get(name, 0), (held, name)
                elif name not in GROWING:
                    assert row.get(name, 0) in (0, whole.get(name, 0)), (held, name)
            if "reason" not in row:
                assert row["transport"] == whole["transport"]
                assert row.get("payload") == whole.get("payload")


@pytest.mark.parametrize("frame", SAMPLES)
def test_a_quote_cut_never_changes(frame: bytes) -> None:
    whole = quoted(frame)
    for held in range(len(frame)):
        for quote in quoted(frame[:held]):
            assert quote.items() <= whole[0].items()


link_types = st.one_of(st.sampled_from(sorted(LINK_TYPES)), st.integers(0, 65535))


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """A good frame, nested a few times, with some bytes changed, cut anywhere."""
    packet = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(0, 3))):
        inner = packet[14:]
        packet = draw(
            st.sampled_from(
                [
                    eth(ip4(inner, 4)),
                    eth(ip6(inner, 41), 0x86DD),
                    eth(ip4(gre(packet, 0x6558), 47)),
                    eth(ip4(udp(b"\x08" + bytes(7) + packet, dport=4789))),
                    eth(b"\0\x07" + packet[12:], 0x88A8),
                    eth(ip4(icmp(3, 3, inner), 1)),
                ]
            )
        )
    data = bytearray(packet)
    for position, value in draw(
        st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=6)
    ):
        data[position] = value
    return bytes(data[draw(st.integers(0, 14)) * draw(st.integers(0, 1)) : draw(st.integers(0, len(data)))])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.one_of(st.binary(max_size=150), hostile()), link_types, st.integers(0, 2000)), max_size=6
    )
)
@example([(b"", link_type, 100) for link_type in LINK_TYPES])
def test_any_bytes_give_one_row_each_within_bounds(frames: list[tuple[bytes, int, int]]) -> None:
    table = FRAMES.empty(len(frames))
    position = len(BEFORE)
    for index, (data, link_type, more) in enumerate(frames):
        table["offset"][index] = position
        table["captured"][index] = len(data)
        table["wire"][index] = len(data) + more
        table["link_type"][index] = link_type
        position += len(data)
    packets = checked(decode(Batch(BEFORE + b"".join(data for data, _, _ in frames), table), 1), len(frames))
    columns = packets.columns
    assert Reason.INTERNAL not in columns["reason"].tolist()
    begin, end = table["offset"], table["offset"] + table["captured"]
    held = columns["payload_captured"]
    has_payload = columns["payload"] > 0
    assert np.all(held >= 0)
    assert np.all(held <= columns["payload_wire"])
    assert np.all(begin[has_payload] < columns["payload"][has_payload])
    assert np.all((columns["payload"] + held)[has_payload] <= end[has_payload])
    transport = columns["kind"] == Kind.TRANSPORT
    assert np.all(np.isin(columns["transport"][transport], (6, 17)))
    assert not np.any(columns["src_port"][~transport] | columns["dst_port"][~transport])
    over_ip = np.isin(columns["kind"], IP_KINDS)
    assert np.all(np.isin(columns["version"][over_ip], (4, 6)))
    assert not np.any(columns["digest"][~over_ip])
    undecoded = columns["kind"] == Kind.UNDECODED
    assert np.all(columns["reason"][undecoded] != Reason.NONE)
    for name in ("src_lo", "dst_lo", "transport", "payload_wire", "version"):
        assert not np.any(columns[name][undecoded])
    assert np.all(columns["src_hi"][columns["version"] != 6] == 0)
    rows = packets.quotes["row"]
    assert np.all((rows >= 0) & (rows < len(frames)))
    assert np.all(np.isin(columns["transport"][rows], (1, 58)))


@settings(deadline=None, max_examples=60)
@given(st.lists(hostile(), min_size=1, max_size=8), st.integers(0, 8))
def test_rows_do_not_depend_on_their_batch(frames: list[bytes], at: int) -> None:
    """Decoded together or in two batches, the frames give the same rows, payload positions aside."""
    whole = decode(batch(*frames), 1)
    first, second = decode(batch(*frames[:at]), 1), decode(batch(*frames[at:]), 1 + len(frames[:at]))
    for column in PACKETS.columns:
        if column.name not in ("payload", "time"):
            both = np.concatenate([first.columns[column.name], second.columns[column.name]])
            assert whole.columns[column.name].tolist() == both.tolist(), column.name


def test_hostile_frames_take_no_long_time() -> None:
    """65,535 bytes of tags, labels, extension headers: each frame is linear work."""
    labels = eth(bytes(65520), 0x8847)
    tags = eth(b"\0\x05\x81\x00" * 16380, 0x8100)
    chain = eth(ip6(b"\x3c\0" + bytes(6), 60, length=65535) + (b"\x3c\0" + bytes(6)) * 8000, 0x86DD)
    items = b"\x07\0\0\0" + struct.pack("<HH", 4, 2) * 16000
    begin = time.process_time()
    for frame, link_type in ((labels, 1), (tags, 1), (chain, 1), (items, 239)):
        assert decoded(frame, link_type)["reason"] != Reason.INTERNAL
    assert time.process_time() - begin < 1.0
