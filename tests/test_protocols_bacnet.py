from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recognising import cuts, read

from analyzer.errors import DissectError
from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.bacnet import (
    IP,
    IPV6,
    PROTOCOL,
    Apdu,
    Message,
    Npdu,
    error,
    i_am,
    parse,
    result,
    sender,
    who_is,
)


def bvlc(function: int, rest: str, kind: int = IP) -> bytes:
    body = bytes.fromhex(rest)
    return bytes((kind, function)) + (4 + len(body)).to_bytes(2, "big") + body


WHO_IS = bvlc(0x0B, "0120ffff00ff 1008")
I_AM = bvlc(0x0B, "0120ffff00ff 1000 c402000fa1 2205c4 9103 2107")
READ = bvlc(0x0A, "0104 0002010c 0c00000001 1955")


def test_parse_by_hand() -> None:
    assert parse(WHO_IS) == Message(
        IP, 0x0B, 12, npdu=Npdu(0x20, 0xFFFF, None, None, Apdu(1, 8, None, False, b""))
    )
    assert parse(READ) == Message(
        IP, 0x0A, 17, npdu=Npdu(4, None, None, None, Apdu(0, 12, 1, False, bytes.fromhex("0c000000011955")))
    )
    forwarded = parse(bvlc(4, "0a150604bac0 0108 0005 01 0b 1008"))
    assert forwarded.origin == bytes.fromhex("0a150604bac0")
    assert forwarded.npdu is not None
    assert forwarded.npdu.source == 5
    assert parse(bvlc(5, "003c")) == Message(IP, 5, 6, value=60)
    assert parse(bvlc(0, "0030")) == Message(IP, 0, 6, value=0x30)


def apdu_of(data: bytes) -> Apdu:
    npdu = parse(data).npdu
    assert npdu is not None
    assert npdu.apdu is not None
    return npdu.apdu


def test_segments_by_hand() -> None:
    """Segments of an answer, acknowledgements of either side, and Aborts."""
    first = apdu_of(bvlc(0x0A, "0100 3c01000c 0c aabb"))
    assert (first.type, first.segmented, first.more, first.sequence, first.invoke) == (3, True, True, 0, 1)
    assert (first.service, first.data) == (12, b"\xaa\xbb")
    last = apdu_of(bvlc(0x0A, "0100 3801050c 0c"))
    assert (last.more, last.sequence) == (False, 5)
    ack = apdu_of(bvlc(0x0A, "0100 400500 10"))
    assert (ack.type, ack.invoke, ack.sequence, ack.server) == (4, 5, 0, False)
    assert apdu_of(bvlc(0x0A, "0100 430502 10")).server
    assert (apdu_of(bvlc(0x0A, "0100 710104")).server, apdu_of(bvlc(0x0A, "0100 700104")).server) == (
        True,
        False,
    )


def test_addresses_of_routed_and_forwarded_messages() -> None:
    npdu = parse(bvlc(0x0A, "0128 0007 01 2a 0005 06 0a150604bac0 ff 1008")).npdu
    assert npdu is not None
    assert (npdu.destination, npdu.target, npdu.source) == (7, b"\x2a", 5)
    assert sender(npdu.origin) == ((4, 0, 0x0A150604), 47808)
    assert sender(bytes.fromhex("20010db8000000000000000000000001bac1")) == ((6, 0x20010DB8 << 32, 1), 47809)


def test_what_an_apdu_asks_claims_and_refuses() -> None:
    assert who_is(apdu_of(bvlc(0x0B, "0100 1008 0905 1a0102"))) == (5, 258)
    assert who_is(apdu_of(bvlc(0x0B, "0100 1008"))) is None
    assert i_am(apdu_of(I_AM)) == 4001
    assert i_am(apdu_of(bvlc(0x0B, "0100 1000 c400000fa1"))) is None, "an analogue input is no device"
    assert error(apdu_of(bvlc(0x0A, "0100 50010c 9101 911f"))) == (1, 31)
    assert error(apdu_of(bvlc(0x0A, "0100 500110 0e 9102 9128 0f"))) == (2, 40), "WritePropertyMultiple-Error"
    assert error(apdu_of(bvlc(0x0A, "0100 50010c 9101"))) is None


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        (IP, "0030", "Register-Foreign-Device NAK"),
        (IPV6, "000001 0030", "Address-Resolution NAK"),
        (IP, "0099", "code 0x0099"),
    ],
)
def test_result_codes_have_the_names_of_their_kind(kind: int, code: str, name: str) -> None:
    assert result(parse(bvlc(0, code, kind))) == name


def yes(says: Says, due: bool | None, detail: str) -> Reading:
    return Reading(Fit.YES, says, due, detail)


READINGS = [
    (WHO_IS, yes(Says.REQUEST, False, "Who-Is")),
    (bvlc(0x0B, "0120ffff00ff 1008 0900 1b3fffff"), yes(Says.REQUEST, False, "Who-Is 0..4194303")),
    (I_AM, yes(Says.ANNOUNCE, False, "I-Am device 4001")),
    (READ, yes(Says.REQUEST, True, "ReadProperty")),
    (
        bvlc(0x0A, "0100 30010c 0c00000001 1955 3e44000000003f"),
        yes(Says.RESPONSE, False, "ComplexACK ReadProperty"),
    ),
    (bvlc(0x0A, "0100 20050f"), yes(Says.RESPONSE, False, "SimpleACK WriteProperty")),
    (bvlc(0x0A, "0100 400501ff"), yes(Says.RESPONSE, False, "SegmentACK")),
    (bvlc(0x0A, "0100 50010c 9101 911f"), yes(Says.RESPONSE, False, "Error ReadProperty")),
    (bvlc(0x0A, "0100 600109"), yes(Says.RESPONSE, False, "Reject unrecognized-service")),
    (bvlc(0x0A, "0100 710104"), yes(Says.RESPONSE, False, "Abort segmentation-not-supported")),
    (bvlc(0x0A, "0104 0c020105020c aa"), yes(Says.REQUEST, True, "ReadProperty")),
    (bvlc(0x0B, "0100 1007"), yes(Says.REQUEST, False, "Who-Has")),
    (bvlc(0x0B, "0100 1002"), yes(Says.ANNOUNCE, False, "UnconfirmedCOVNotification")),
    (
        bvlc(4, "0a150604bac0 0100 1008"),
        yes(Says.REQUEST, False, "Who-Is (forwarded, from 10.21.6.4 port 47808)"),
    ),
    (bvlc(9, "0100 1000 c402000001"), yes(Says.ANNOUNCE, False, "I-Am device 1")),
    (bvlc(5, "003c"), yes(Says.REQUEST, True, "Register-FD 60")),
    (bvlc(0, "0030"), yes(Says.RESPONSE, False, "BVLC-Result Register-Foreign-Device NAK")),
    (bvlc(2, ""), yes(Says.REQUEST, True, "Read-BDT")),
    (bvlc(3, "0a000001bac0ffffffff"), yes(Says.RESPONSE, False, "Read-BDT-Ack")),
    (bvlc(0x0B, "0180 00 0005"), yes(Says.REQUEST, False, "Who-Is-Router-To-Network")),
    (bvlc(0x0B, "0180 01 0005"), yes(Says.ANNOUNCE, False, "I-Am-Router-To-Network")),
    (bvlc(0x0A, "0120 000d 01 3d ff"), yes(Says.NOTHING, None, "")),
    (bvlc(2, "000001 0100 1008", IPV6), yes(Says.REQUEST, False, "Who-Is")),
    (bvlc(1, "000001 000002 0104 0002010c 0c000000011955", IPV6), yes(Says.REQUEST, True, "ReadProperty")),
    (bvlc(9, "000001 003c", IPV6), yes(Says.REQUEST, True, "Register-FD 60")),
]


@pytest.mark.parametrize(("data", "expected"), READINGS)
def test_recognise(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected
    assert read(PROTOCOL, data, src=40000, dst=40001) == expected, "believed on any port"


CONTRADICTIONS = [
    (b"\x80" + WHO_IS[1:], "BVLC type"),
    (WHO_IS + b"\0", "a longer datagram than the stated length"),
    (WHO_IS[:-1], "a shorter one"),
    (bvlc(0x0B, "0220ffff00ff 1008"), "NPDU version 2"),
    (bvlc(0x0B, "0100 80"), "APDU type 8"),
    (bvlc(0x0B, "0120 ffff 09 00"), "address runs past the end"),
    (bvlc(0x0A, "0104 0002"), "confirmed request without service"),
    (bvlc(5, "00"), "Register-FD without its TTL"),
    (bvlc(4, "0a15"), "Forwarded-NPDU without origin"),
    (b"\x50\x01\x00\x01", "CoAP"),
    (b"\x81\x0b", "two bytes"),
]


@pytest.mark.parametrize(("data", "why"), CONTRADICTIONS)
def test_contradictions(data: bytes, why: str) -> None:
    assert read(PROTOCOL, data) == NO, why
    with pytest.raises(DissectError):
        parse(data)


def test_a_cut_does_not_hide_a_contradiction() -> None:
    assert read(PROTOCOL, WHO_IS, wire=13) == NO
    assert read(PROTOCOL, b"\x01", wire=13) == NO


def test_what_is_left_open() -> None:
    assert read(PROTOCOL, bvlc(0x20, "0102")).fit is Fit.UNSURE
    assert read(PROTOCOL, WHO_IS, "tcp", dst=80).fit is Fit.UNSURE


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([IP, IPV6]), st.integers(0, 13), st.binary(max_size=40))
def test_any_body_parses_or_raises_dissect_error(kind: int, function: int, body: bytes) -> None:
    data = bytes((kind, function)) + (4 + len(body)).to_bytes(2, "big") + body
    try:
        message = parse(data)
    except DissectError:
        assert read(PROTOCOL, data) == NO
        return
    assert message.length == len(data)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 4194302), st.integers(0, 255), st.integers(1, 65534) | st.none())
def test_agrees_with_bacpypes3(instance: int, invoke: int, network: int | None) -> None:
    pytest.importorskip("bacpypes3")
    from bacpypes3.apdu import IAmRequest, ReadPropertyRequest, SimpleAckPDU, WhoIsRequest
    from bacpypes3.ipv4.bvll import OriginalBroadcastNPDU, OriginalUnicastNPDU
    from bacpypes3.npdu import NPDU
    from bacpypes3.pdu import PDU, RemoteBroadcast

    def encode(apdu: Any, carrier: Any) -> bytes:
        while not isinstance(apdu, PDU):
            apdu = apdu.encode()
        npdu = NPDU(apdu.pduData)
        npdu.npduVersion = 1
        if network is not None:
            npdu.npduDADR, npdu.npduHopCount = RemoteBroadcast(network), 255
        return bytes(carrier(npdu.encode().pduData).encode().pduData)

    read_property = ReadPropertyRequest(
        objectIdentifier=("device", instance), propertyIdentifier="object-name"
    )
    read_property.apduInvokeID, read_property.apduMaxSegs, read_property.apduMaxResp = invoke, 0, 4
    read_property.apduSeg = read_property.apduMor = read_property.apduSA = False
    ack = SimpleAckPDU(15, invoke)
    who_is = WhoIsRequest(deviceInstanceRangeLowLimit=0, deviceInstanceRangeHighLimit=instance)
    i_am = IAmRequest(
        iAmDeviceIdentifier=("device", instance),
        maxAPDULengthAccepted=1024,
        segmentationSupported="no-segmentation",
        vendorID=7,
    )
    cases = [
        (encode(read_property, OriginalUnicastNPDU), 0x0A, 0, 12, invoke, "ReadProperty"),
        (encode(ack, OriginalUnicastNPDU), 0x0A, 2, 15, invoke, "SimpleACK WriteProperty"),
        (encode(who_is, OriginalBroadcastNPDU), 0x0B, 1, 8, None, f"Who-Is 0..{instance}"),
        (encode(i_am, OriginalBroadcastNPDU), 0x0B, 1, 0, None, f"I-Am device {instance}"),
    ]
    for data, function, kind, service, expected, detail in cases:
        message = parse(data)
        assert message.function == function
        assert message.npdu is not None
        assert message.npdu.destination == network
        apdu = message.npdu.apdu
        assert apdu is not None
        assert (apdu.type, apdu.service, apdu.invoke) == (kind, service, expected)
        assert cuts(PROTOCOL, data).detail == detail


def test_agrees_with_the_reference_on_public_captures() -> None:
    from payload_corpus import frames

    seen = differ = 0
    for truth, payload in frames("bacnet"):
        if any("," in str(value) for value in truth.values()):
            continue
        try:
            message = parse(payload.data, payload.wire)
        except DissectError:
            differ += 1
            continue
        seen += 1
        assert f"0x{message.function:02x}" == truth["bvlc.function"]
        apdu = message.npdu.apdu if message.npdu else None
        if truth.get("bacapp.type") and apdu is not None:
            assert str(apdu.type) == truth["bacapp.type"]
        if truth.get("bacapp.unconfirmed_service") and apdu is not None:
            assert str(apdu.service) == truth["bacapp.unconfirmed_service"]
        if truth.get("bacapp.confirmed_service") and apdu is not None:
            assert str(apdu.service) == truth["bacapp.confirmed_service"]
    assert seen > 1000
    # One frame states a length of 2832 in a datagram of 11 bytes.
    assert differ <= 1
