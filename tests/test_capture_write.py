"""Frames copied from one capture to another: read back by our reader, by hand, and by Wireshark's tools."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import captures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.capture import Capture
from analyzer.capture.pcapng import Interface
from analyzer.capture.write import (
    COMMENT,
    EPB_DROPCOUNT,
    EPB_FLAGS,
    Original,
    PcapWriter,
    Writer,
    original,
    text,
)
from analyzer.errors import UsageError

FRAME = bytes(range(60))
OUTBOUND = 2


def originals(data: bytes) -> list[tuple[Original, bytes]]:
    one = Capture("made", lambda: io.BytesIO(data), size=len(data))
    found = []
    for batch in one.batches():
        for row in range(len(batch.frames["time"])):
            begin, held = int(batch.frames["offset"][row]), int(batch.frames["captured"][row])
            found.append((original(one, batch, row), bytes(batch.buffer[begin : begin + held])))
    return found


def copied(data: bytes) -> bytes:
    """Every frame of a capture written again, one interface for each that was."""
    out = io.BytesIO()
    writer = Writer(out, "test")
    numbers: dict[Interface, int] = {}
    for source, frame in originals(data):
        if source.interface not in numbers:
            numbers[source.interface] = writer.interface(source.interface)
        writer.packet(numbers[source.interface], source.ticks, frame, len(frame), source.options)
    return out.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_keeps_its_resolution(order: str, nano: bool) -> None:
    time = 1_700_000_000_123_456_789
    ((source, frame),) = originals(captures.pcap([(time, FRAME)], order=order, nano=nano, snaplen=96))
    assert frame == FRAME
    assert (source.interface.resolution, source.interface.snaplen) == ((9, 96) if nano else (6, 96))
    assert source.ticks == (time if nano else time // 1000)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_keeps_ticks_and_options(order: str) -> None:
    options = (
        captures.option(COMMENT, "grün".encode(), order)
        + captures.option(EPB_FLAGS, struct.pack(order + "I", OUTBOUND), order)
        + captures.option(EPB_DROPCOUNT, struct.pack(order + "Q", 7), order)
        + captures.option(2988, b"\0\0\x7e\xd9custom", order)
        + captures.option(0, b"", order)
    )
    name = captures.option(2, b"eth0", order) + captures.option(3, b"uplink", order)
    body = struct.pack(order + "HHI", 1, 0, 4096) + name
    body += captures.option(9, bytes([0x80 | 20]), order) + captures.option(
        14, struct.pack(order + "q", -5), order
    )
    data = captures.shb(order) + captures.block(captures.IDB, body, order)
    ticks = (1 << 51) + 3  # 2**-20 s: no whole number of nanoseconds
    data += captures.epb((ticks, FRAME[:59]), order=order, options=options)
    ((source, frame),) = originals(data)
    assert frame == FRAME[:59]
    assert source.ticks == ticks
    assert source.interface[:2] == (1, 4096)
    assert (source.interface.resolution, source.interface.offset) == (0x94, -5 * 10**9)
    assert (source.interface.name, source.interface.description) == (b"eth0", b"uplink")
    assert source.options == (
        (COMMENT, "grün".encode()),
        (EPB_FLAGS, struct.pack("<I", OUTBOUND)),
        (EPB_DROPCOUNT, struct.pack("<Q", 7)),
    )


def test_obsolete_and_simple_blocks() -> None:
    data = captures.shb() + captures.idb(tsresol=6, snaplen=0)
    data += captures.pb((1_700_000_000_000_001, FRAME)) + captures.spb(FRAME[:40])
    (old, _), (simple, frame) = originals(data)
    assert old.ticks == simple.ticks == 1_700_000_000_000_001
    assert frame == FRAME[:40]
    assert not simple.options


def test_interfaces_of_several_sections_stay_apart() -> None:
    data = captures.shb() + captures.idb(1) + captures.idb(113) + captures.epb((5, FRAME), 1)
    data += captures.shb(">") + captures.idb(101, order=">", tsresol=6)
    data += captures.epb((6, FRAME), 0, order=">") * 2
    links = [(source.interface.link_type, source.ticks) for source, _ in originals(data)]
    assert links == [(113, 5), (101, 6), (101, 6)]


@given(st.lists(st.tuples(st.integers(0, (1 << 62) - 1), st.binary(max_size=80)), max_size=8), st.booleans())
def test_a_copy_holds_what_the_original_held(frames: list[tuple[int, bytes]], big: bool) -> None:
    data = captures.pcapng(frames, order=">" if big else "<")
    again = copied(data)
    assert originals(again) == originals(data)
    assert [row[:3] for row in captures.read(again)[0]] == [row[:3] for row in captures.read(data)[0]]
    assert not captures.read(again)[1].problems


@given(st.binary(max_size=300))
def test_damaged_blocks_do_not_raise(damage: bytes) -> None:
    good = captures.pcapng([(1, FRAME), (2, FRAME)])
    for source, _ in originals(good + damage + captures.pcapng([(3, FRAME)])):
        assert source.ticks >= 0


def test_long_texts_are_cut_between_characters() -> None:
    assert text("\u00fc" * 40_000) == ("\u00fc" * 32_767).encode()
    assert text("\udc80") == b"\\udc80"


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos is not installed")
def test_wireshark_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "made.pcapng"
    with path.open("wb") as stream:
        writer = Writer(stream, "portmatrix test", "about the file")
        first = writer.interface(Interface(1, 4096, name=b"eth0", description=b"uplink"))
        second = writer.interface(Interface(101, 0, 1, 1, 2 * 10**9, 9))
        writer.packet(first, 1_700_000_000_000_001, FRAME, 99, [(COMMENT, b"why"), (EPB_FLAGS, b"\2\0\0\0")])
        writer.packet(second, 1_700_000_000_000_000_002, bytes.fromhex("45") + bytes(19), 20)
    said = subprocess.run(["capinfos", str(path)], capture_output=True, text=True, check=True).stdout
    for line in (
        "about the file",
        "portmatrix test",
        "Name = eth0",
        "Description = uplink",
        "Time precision = nanoseconds (9)",
    ):
        assert line in said
    fields = (
        "frame.time_epoch",
        "frame.len",
        "frame.cap_len",
        "frame.interface_name",
        "frame.packet_flags_direction",
        "frame.comment",
    )
    command = ["tshark", "-r", str(path), "-T", "fields", "-E", "separator=|"]
    for field in fields:
        command += ["-e", field]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert rows[0] == "1700000000.000001000|99|60|eth0|0x00000002|why"
    assert rows[1].startswith("1700000002.000000002|20|20|")


@pytest.mark.parametrize("fine", [False, True])
def test_pcap_is_the_bytes_of_the_format(fine: bool) -> None:
    """File header and one record as draft-ietf-opsawg-pcap draws them, laid out by hand."""
    out = io.BytesIO()
    writer = PcapWriter(out, fine)
    writer.packet(Interface(113, 96), 1_700_000_000_123_456_000, FRAME[:5], 60)
    writer.close()
    magic = bytes.fromhex("4d3cb2a1" if fine else "d4c3b2a1")
    header = magic + bytes.fromhex("02000400 00000000 00000000 00000400 71000000")
    fraction = struct.pack("<I", 123_456_000 if fine else 123_456)
    record = bytes.fromhex("00f15365") + fraction + bytes.fromhex("05000000 3c000000") + FRAME[:5]
    assert out.getvalue() == header + record


def test_a_pcap_of_no_frames_is_a_file() -> None:
    out = io.BytesIO()
    PcapWriter(out, False).close()
    assert captures.read(out.getvalue())[0] == []


@pytest.mark.parametrize(
    ("link_type", "time", "said"),
    [
        (113, 1_700_000_000_000_000_000, "EN10MB and LINUX_SLL"),
        (1, -1, "the times"),
        (1, 2**32 * 10**9, "the times"),
        (1, 1_700_000_000_000_000_001, "the times"),
    ],
)
def test_what_pcap_cannot_hold_is_said(link_type: int, time: int, said: str) -> None:
    writer = PcapWriter(io.BytesIO(), False)
    writer.packet(Interface(1, 0), 1_700_000_000_000_000_000, FRAME, 60)
    with pytest.raises(UsageError, match=said):
        writer.packet(Interface(link_type, 0), time, FRAME, 60)
