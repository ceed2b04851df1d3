"""What is handed over of a batch, and where its frames are counted on."""

from __future__ import annotations

import numpy as np
from test_transfers_tftp_endings import CASES
from tftpwire import Wire, make_batch
from traffic import Traffic

from analyzer.decode import decode
from analyzer.tables import PACKETS, QUOTES, Packets
from analyzer.transfers import Picker
from analyzer.transfers.pick import cut_out


def packets_of(traffic: Traffic) -> Packets:
    return decode(make_batch(sorted(traffic.frames, key=lambda item: item[0])), 1)


def test_frames_are_shifted() -> None:
    picked = Picker()(packets_of(CASES["read"][0]))
    part, later = picked.parts["tftp"], picked.shifted(7).parts["tftp"]
    assert (later.columns["frame"] == part.columns["frame"] + 7).all()
    assert part.columns["frame"][0] == 1


def test_the_time_of_what_is_not_kept_counts() -> None:
    picked = Picker()(packets_of(Wire().idle(3).idle(1)))
    assert picked.parts == {}
    assert (picked.packets, picked.end - picked.begin) == (4, 2_000_100_000)


def test_nothing() -> None:
    assert Picker()(Packets(PACKETS.empty(), QUOTES.empty(), b"")).packets == 0


def test_cut_out_copies_just_what_is_needed() -> None:
    wire = Wire().c(0, b"abcdef").c(1, b"").c(2, b"ghi").c(3, b"jklm")
    packets = packets_of(wire)
    part = cut_out(packets, np.array([0, 1, 3]), np.array([0, 3]), np.array([2, 9]), 8)
    begins, held = part.columns["payload"], part.columns["payload_captured"]
    said = [bytes(part.buffer[b : b + n]) for b, n in zip(begins, held, strict=True)]
    assert said == [b"ab", b"", b"jklm"]
    assert part.columns["payload_wire"].tolist() == [6, 0, 4]
    assert bytes(part.buffer[begins[2] - 4 : begins[2] - 2]) == b"\x00\x0c"  # the UDP length before it
