"""Parts: how much was read, what travels, what merges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from captures import pcap
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import Wire, make_batch
from traffic import Traffic

from analyzer import flowtable, parts
from analyzer.capture.find import find
from analyzer.decode import decode, name
from analyzer.parts import Extent, Merge, together
from analyzer.picking import picker
from analyzer.tables import Batch, Packets
from analyzer.transfers import Collector

ENGINE = name("auto")


class Piece:
    """Some frames of a capture as the source of a part."""

    def __init__(self, batch: Batch, link_types: tuple[str, ...] = ("EN10MB",)) -> None:
        self.batch, self.link_types, self.filters = batch, link_types, ()
        times = batch.frames["time"]
        self.packets, self.bytes = len(times), int(batch.frames["wire"].sum())
        self.first = int(times.min()) if len(times) else None
        self.last = int(times.max()) if len(times) else None


def frames() -> Batch:
    """Twelve datagrams of three flows, one of them a request for a file."""
    wire = Wire()
    wire.c(0, b"\0\1node.bin\0octet\0", 69)
    for number in range(1, 12):
        wire.udp(number, f"10.20.1.{number % 3}", 2000, "10.20.0.10", 5683, bytes([number]) * 40)
    return make_batch(wire.frames)


def cut(batch: Batch, begin: int, end: int) -> Piece:
    return Piece(Batch(batch.buffer, {name: column[begin:end] for name, column in batch.frames.items()}))


class Seen:
    """A watcher that wants what transfers want, and remembers the frames that it was shown."""

    wants = staticmethod(Collector.wants)

    def __init__(self) -> None:
        self.frames: list[int] = []

    def add(self, packets) -> None:
        self.frames += packets.columns["frame"].tolist()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=5), st.integers(1, 1000))
def test_parts_merge_to_one_reading(cuts: list[int], first: int) -> None:
    batch = frames()
    whole = flowtable.new()
    whole.add(decode(batch, first))
    seen = Seen()
    merge = Merge(ENGINE, [seen], first)
    bounds = [0, *sorted(cuts), 12]
    for begin, end in itertools.pairwise(bounds):
        piece = cut(batch, begin, end)
        part = parts.read(piece, [piece.batch], ENGINE, picker([seen]))
        merge.add(parts.unpacked(parts.packed(part)))
    assert merge.frame == first + 12
    made, expected = merge.table.flows(), whole.flows()
    for key, column in expected.columns.items():
        assert np.array_equal(made.columns[key], column), key
    assert dict(made.heads) == dict(expected.heads)
    assert seen.frames[0] == first, "the request for a file, by the number it has in the whole"


def test_batches_and_parts_may_take_turns() -> None:
    batch = frames()
    merge = Merge(ENGINE, [seen := Seen()])
    head, middle, tail = cut(batch, 0, 5), cut(batch, 5, 9), cut(batch, 9, 12)
    merge.extend(decode(head.batch, merge.frame))
    merge.add(parts.read(middle, [middle.batch], ENGINE, picker([seen])))
    merge.extend(decode(tail.batch, merge.frame))
    assert merge.frame == 13
    assert int(merge.table.flows().columns["packets_ab"].sum()) == 12
    assert seen.frames == [1, 2, 3, 4, 5, 6, 9, 10, 11, 12], "of a part: its first, its last, what is wanted"


def test_extents_add_up() -> None:
    assert together([]) == Extent()
    some = Extent(2, 100, 7, 9, ("EN10MB",)), Extent(), Extent(3, 50, 5, 8, ("EN10MB", "RAW"))
    assert together(some) == Extent(5, 150, 5, 9, ("EN10MB", "RAW"))


def test_a_capture_knows_its_extent(tmp_path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(5, b"x" * 60), (3, b"y" * 70)], nano=True))
    (capture,) = find([str(path)])
    assert parts.read(capture, capture.batches(), "dpkt").extent == Extent(2, 130, 3, 5, ("EN10MB",))


@pytest.mark.parametrize("length", [0, 1, 20, -1])
def test_bytes_that_end_early_are_no_part(length: int) -> None:
    piece = cut(frames(), 0, 12)
    whole = parts.packed(parts.read(piece, [piece.batch], ENGINE))
    with pytest.raises(ValueError, match="no part"):
        parts.unpacked(whole[:length])


def test_others_watch_from_now_on() -> None:
    class Seen:
        def __init__(self) -> None:
            self.frames: list[int] = []

        def add(self, packets: Packets) -> None:
            self.frames += packets.columns["frame"].tolist()

    one, other = Seen(), Seen()
    frames = Traffic().coap(0, "10.0.0.1", "10.0.0.2").frames
    merge = Merge("dpkt", (one,))  # type: ignore[arg-type]
    merge.extend(decode(make_batch(frames), merge.frame, "dpkt"))
    merge.watch((other,))  # type: ignore[arg-type]
    merge.extend(decode(make_batch(frames), merge.frame, "dpkt"))
    assert (one.frames, other.frames) == ([1, 2], [3, 4])
