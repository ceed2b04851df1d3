"""The observer of BACnet: any bytes, any cut into batches, picked or whole, say the same; bacpypes3
agrees."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from bacnetwire import (
    EVERYONE,
    Building,
    abort,
    answer,
    broadcast,
    bvlc,
    error,
    forwarded,
    i_am,
    reject,
    request,
    segment,
    segment_ack,
    unicast,
    who_is,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import BMS, GATEWAY, OTHER, recognised
from payload_corpus import CORPUS

from analyzer.observations import Setting
from analyzer.observations.bacnet.observer import Observer
from analyzer.pipeline import Options
from analyzer.pipeline.reading import read
from analyzer.visibility import Visibility

MESSAGES = [
    bvlc(0, b"\0\x30"), bvlc(0, b"\0\0"), bvlc(5, b"\0\x3c"), broadcast(who_is(5)), broadcast(who_is(6, 9)),
    broadcast(i_am(5)), unicast(i_am(77)), unicast(error(1, 1, 31)), unicast(error(1, 2, 40)),
    unicast(reject(1, 9)), unicast(abort(1, 4)), unicast(abort(1, 4, server=False)), unicast(segment(1, 0)),
    unicast(segment(1, 1, more=False)), unicast(segment_ack(1, 0)), unicast(request(1)), unicast(request(2)),
    unicast(answer(2)), forwarded("10.21.6.4", i_am(77)), broadcast(i_am(77), source=(5, b"\x0b")),
    bvlc(10, b"\x01\x80\x03\x01\0\7"),
]  # fmt: skip
HOSTS = [BMS, GATEWAY, OTHER, "10.20.0.77"]


def story(seed: int, count: int = 150) -> Building:
    draw, building = random.Random(seed), Building()
    for number in range(count):
        source, target = draw.sample(HOSTS, 2)
        data = draw.choice(MESSAGES)
        building.say(number * 2, source, EVERYONE if data[1] == 0x0B else target, data)
    return building.read(400, BMS, GATEWAY, 2)


def setting(building: Building) -> Setting:
    found = recognised(building)
    return Setting(found, Visibility(found))


def told(observer: Observer, where: Setting) -> list[tuple[object, ...]]:
    return [
        (seen.kind, seen.severity, seen.key, seen.title, seen.detail, seen.frames, seen.flows)
        for seen in observer.observe(where)
    ]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 150), max_size=5), picked=st.booleans())
def test_batches_do_not_matter(seed: int, cuts: list[int], picked: bool) -> None:
    building = story(seed)
    where = setting(building)
    assert told(building.observer(tuple(cuts), picked=picked), where) == told(building.observer(), where)


def test_the_story_has_something_to_tell() -> None:
    stories = [story(seed) for seed in range(20)]
    kinds = {str(seen[0]) for one in stories for seen in told(one.observer(), setting(one))}
    assert kinds == {"protocol-error", "failing-flow", "duplicate-device"}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 13), st.binary(max_size=30)), max_size=20))
def test_any_bytes_are_taken(bodies: list[tuple[int, bytes]]) -> None:
    building = Building()
    for number, (function, body) in enumerate(bodies):
        building.say(number, BMS, GATEWAY, bvlc(function, body))
    told(building.observer(), setting(building))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(MESSAGES), st.integers(0, 60))
def test_any_cut_by_the_snap_length_is_taken(data: bytes, length: int) -> None:
    building = Building().say(0, BMS, GATEWAY, data)
    at, frame = building.frames[0]
    building.frames = [(at, frame[: 42 + length])]
    told(building.observer(), setting(building))


def test_refusals_as_bacpypes3_writes_them() -> None:
    pytest.importorskip("bacpypes3")
    from bacpypes3.apdu import AbortPDU, Error, RejectPDU
    from bacpypes3.ipv4.bvll import OriginalUnicastNPDU, Result
    from bacpypes3.npdu import NPDU

    def written(apdu: Any) -> bytes:
        while not hasattr(apdu, "pduData") or hasattr(apdu, "errorClass"):
            apdu = apdu.encode()
        npdu = NPDU(apdu.encode().pduData)
        npdu.npduVersion = 1
        return bytes(OriginalUnicastNPDU(npdu.encode().pduData).encode().pduData)

    denied = Error(service_choice=15, errorClass="property", errorCode="write-access-denied")
    denied.apduInvokeID = 1
    expected = {
        bytes(Result(code=0x0030).encode().pduData): "to register as a foreign device, and is refused",
        written(denied): "answers WriteProperty of 10.20.0.40 with an Error: property, write-access-denied",
        written(RejectPDU(1, "unrecognized-service")): "with a Reject: unrecognized-service",
        written(AbortPDU(True, 1, "segmentation-not-supported")): "with an Abort: segmentation-not-supported",
    }
    for data, words in expected.items():
        building = Building().say(0, BMS, GATEWAY, unicast(request(1, 15))).say(0.1, GATEWAY, BMS, data)
        (seen,) = building.observer().observe(setting(building))
        assert words in seen.title


def test_refusals_of_public_captures_are_those_of_the_reference() -> None:
    """Frame by frame: every Error, Reject and Abort that Wireshark sees over UDP."""
    folder = CORPUS / "truth_app" / "bacnet"
    if not folder.is_dir():
        pytest.skip(f"the public captures are not beside this checkout: {folder} is missing")
    compared = 0
    for truth in sorted(folder.glob("*.jsonl")):
        capture = CORPUS / "files" / "bacnet" / truth.name.removesuffix(".jsonl")
        lines = [json.loads(line) for line in truth.read_text().splitlines()]
        types = {line["frame"]: line.get("bacapp.type") for line in lines if line.get("sport")}
        expected = {frame: kind for frame, kind in types.items() if kind in ("5", "6", "7")}
        observer = Observer()
        read(Options((str(capture),)), None, (observer,))
        tallies = observer.refusals.refusals.items()
        found = {frame: str(key.type) for key, tally in tallies for frame in tally.frames}
        assert sum(tally.count for _, tally in tallies) == len(expected), capture.name
        assert found.items() <= expected.items(), capture.name
        compared += len(expected)
    assert compared > 50


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_whatever_is_told_of_is_among_the_ends(seed: int) -> None:
    building = story(seed)
    observer, where = building.observer(), setting(building)
    ends = {frozenset(pair) for _, *pair in observer.ends()}
    for seen in observer.observe(where):
        for flow in seen.flows:
            assert frozenset(((flow.a, flow.a_port), (flow.b, flow.b_port))) in ends
