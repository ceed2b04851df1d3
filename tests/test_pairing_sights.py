"""Sights: what is known again behind a router, and what is one packet seen twice."""

from __future__ import annotations

import numpy as np
import pytest
from judging import GATEWAY, NODE
from tftpwire import Wire, data, make_batch
from traffic import Traffic

from analyzer.addresses import parse
from analyzer.decode import decode
from analyzer.pairing import Sights, flow_of, host_of, sights
from analyzer.picking import pick

UDP = 17


def seen(traffic: Traffic, picked: bool = True) -> np.ndarray:
    found = Sights()
    packets = decode(make_batch(traffic.frames), 1)
    found.add(pick(packets, (Sights.wants,)) if picked else packets)
    return found.sights()


def behind_router(traffic: Traffic) -> Traffic:
    other = Traffic()
    other.frames = [
        (at + 5, frame[:12] + b"\x81\0\0\7" + frame[12:22] + b"\x07" + frame[23:])
        for at, frame in traffic.frames
    ]
    return other


def test_a_packet_is_the_same_behind_a_router_and_however_it_was_read() -> None:
    traffic = Traffic().read_file(0, NODE, GATEWAY).coap(1, NODE, GATEWAY)
    near, far = seen(traffic), seen(behind_router(traffic), picked=False)
    assert len(near) == len(traffic.frames) == 9
    assert near["key"].tolist() == far["key"].tolist()
    assert len(set(near["key"].tolist())) == 9
    assert near["carries"].sum() >= 7


def test_ends_are_those_of_the_flow_table() -> None:
    (sight,) = seen(Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1a\0octet\0"))
    assert sight["flow"] == flow_of(parse(GATEWAY), 69, parse(NODE), 2000, UDP)
    assert (sight["source"], sight["target"]) == (host_of(parse(NODE)), host_of(parse(GATEWAY)))


def test_a_copy_is_one_packet_and_a_repetition_another() -> None:
    wire = Wire().s(0, data(1)).s(1, data(1))
    wire.frames.append((0.0005, wire.frames[0][1]))
    wire.frames.sort(key=lambda item: item[0])
    found = seen(wire)
    assert found["frame"].tolist() == [1, 3]
    assert found["key"][0] == found["key"][1]


def test_fragments_are_counted_with_their_datagram() -> None:
    wire = Wire().s(0, data(1, 4000), fragments=(0, 1, 2)).s(1, data(2, 4000), fragments=(0, 2))
    assert seen(wire)["pieces"].tolist() == [2, 1]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sights, "SIGHTS", 5)
    found = Sights()
    found.add(decode(make_batch(Traffic().read_file(0, NODE, GATEWAY, blocks=4).frames), 1))
    assert found.dropped == 4
    assert len(found.sights()) >= 5


def test_nothing() -> None:
    assert len(Sights().sights()) == 0
