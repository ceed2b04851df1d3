from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recognising import cuts, read

from analyzer.errors import DissectError
from analyzer.protocol import NO, Fit, Reading, Says
from analyzer.protocols.tftp import PROTOCOL, Ack, Data, Error, Oack, Request, describe, parse

RRQ = b"\0\1node-6.0.2.bin\0octet\0blksize\x001428\0tsize\x000\0"
WRQ = b"\0\2firmware/a.bin\0OCTET\0"


def test_parse_by_hand() -> None:
    assert parse(RRQ) == Request("read", "node-6.0.2.bin", "octet", {"blksize": "1428", "tsize": "0"})
    assert parse(WRQ) == Request("write", "firmware/a.bin", "octet", {})
    assert parse(b"\0\3\xff\xffab") == Data(65535, b"ab")
    assert parse(b"\0\3\0\1") == Data(1, b"")
    assert parse(b"\0\4\0\7") == Ack(7)
    assert parse(b"\0\5\0\1not here\0") == Error(1, "not here")
    assert parse(b"\0\5\0\0") == Error(0, "")
    assert parse(b"\0\6BlkSize\x001024\0") == Oack({"blksize": "1024"})
    assert parse(b"\0\6") == Oack({})


def test_option_names_are_case_insensitive_and_an_odd_string_is_dropped() -> None:
    request = parse(b"\0\1f\0octet\0BLKSIZE\x008192\0lonely\0")
    assert isinstance(request, Request)
    assert request.options == {"blksize": "8192"}


REQUESTS = [
    (RRQ, Reading(Fit.YES, Says.REQUEST, True, "RRQ node-6.0.2.bin octet blksize=1428 tsize=0")),
    (WRQ, Reading(Fit.YES, Says.REQUEST, True, "WRQ firmware/a.bin octet")),
    (b"\0\1f\0netascii\0", Reading(Fit.YES, Says.REQUEST, True, "RRQ f netascii")),
    (b"\0\1f\0mail\0", Reading(Fit.YES, Says.REQUEST, True, "RRQ f mail")),
]


@pytest.mark.parametrize(("data", "expected"), REQUESTS)
def test_requests_are_believed_on_any_port(data: bytes, expected: Reading) -> None:
    assert cuts(PROTOCOL, data) == expected
    assert read(PROTOCOL, data, src=40000, dst=40001) == expected


ANSWERS = [
    (b"\0\3\0\1" + bytes(512), "DATA 1"),
    (b"\0\3\0\2end", "DATA 2"),
    (b"\0\4\0\0", "ACK 0"),
    (b"\0\5\0\1File not found\0", "ERROR 1 file not found: File not found"),
    (b"\0\5\0\x63\0", "ERROR 99 unassigned"),
    (b"\0\6tsize\x004096\0", "OACK tsize=4096"),
]


@pytest.mark.parametrize(("data", "detail"), ANSWERS)
def test_the_other_packets_say_nothing_of_direction(data: bytes, detail: str) -> None:
    assert cuts(PROTOCOL, data, src=69, dst=40000) == Reading(Fit.YES, Says.NOTHING, None, detail)
    assert cuts(PROTOCOL, data, src=40000, dst=69).detail == detail


@pytest.mark.parametrize(
    ("data", "fit"),
    [
        (b"\0\3\0\1" + bytes(512), Fit.YES),
        (b"\0\3\0\1short", Fit.UNSURE),
        (b"\0\3\x12\x34" + bytes(512), Fit.UNSURE),
        (b"\0\4\0\1", Fit.UNSURE),
        (b"\0\6tsize\x004096\0", Fit.YES),
        (b"\0\6nonsense\x004096\0", Fit.UNSURE),
        (b"\0\5\0\1File not found\0", Fit.YES),
        (b"\0\5\0\1\0", Fit.UNSURE),
        (b"\0\5\0\x50File not found\0", Fit.UNSURE),
    ],
)
def test_between_ephemeral_ports_only_what_chance_cannot_make_is_believed(data: bytes, fit: Fit) -> None:
    assert read(PROTOCOL, data, src=40000, dst=40001).fit is fit


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\1",
        b"\0\7\0\1",
        b"\1\1f\0octet\0",
        b"hello",
        b"\0",
        b"\0\3\0",
        b"\0\4",
        b"\0\1file",
        b"\0\1file\0octet",
    ],
)
def test_contradictions(data: bytes) -> None:
    assert read(PROTOCOL, data) == NO
    with pytest.raises(DissectError):
        parse(data)


def test_a_cut_does_not_hide_a_wrong_opcode() -> None:
    assert read(PROTOCOL, b"\0\7", wire=100) == NO
    assert read(PROTOCOL, b"\7", wire=100) == NO


def test_what_is_left_open() -> None:
    assert read(PROTOCOL, b"\0\1f\0hexmode\0").fit is Fit.UNSURE
    assert read(PROTOCOL, b"\0\1fil", dst=50001, wire=40).fit is Fit.UNSURE
    assert read(PROTOCOL, b"\0\1fi\7", wire=40).fit is Fit.UNSURE
    assert read(PROTOCOL, RRQ, "tcp").fit is Fit.UNSURE


def test_a_request_cut_inside_its_file_name_is_one_at_its_own_port() -> None:
    reading = read(PROTOCOL, b"\0\1fil", wire=40)
    assert (reading.fit, reading.says) == (Fit.YES, Says.REQUEST)


def test_a_cut_request_keeps_its_file_name() -> None:
    assert parse(b"\0\1node-6", cut=True) == Request("read", "node-6", "", {}, complete=False, named=False)
    assert parse(RRQ[:30], cut=True) == Request("read", "node-6.0.2.bin", "octet", {}, complete=False)


def test_a_hostile_name_stays_short_in_the_detail() -> None:
    assert len(read(PROTOCOL, b"\0\1" + b"A" * 5000 + b"\0octet\0").detail) == 160


NAMES = st.text("abc/\\.Z- 1", min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    NAMES,
    st.just("octet"),
    st.dictionaries(st.sampled_from(["blksize", "tsize", "windowsize"]), st.integers(0, 65464).map(str)),
    st.booleans(),
)
def test_requests_agree_with_tftpy(name: str, mode: str, options: dict[str, str], write: bool) -> None:
    types = pytest.importorskip("tftpy.TftpPacketTypes")  # knows the octet mode only
    packet = types.TftpPacketWRQ() if write else types.TftpPacketRRQ()
    packet.filename, packet.mode, packet.options = name, mode, dict(options)
    data = bytes(packet.encode().buffer)
    assert parse(data) == Request("write" if write else "read", name, mode, options)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 65535), st.binary(max_size=600), st.integers(1, 8))
def test_other_packets_agree_with_tftpy(block: int, payload: bytes, code: int) -> None:
    types = pytest.importorskip("tftpy.TftpPacketTypes")
    dat, ack, err, oack = (
        types.TftpPacketDAT(),
        types.TftpPacketACK(),
        types.TftpPacketERR(),
        types.TftpPacketOACK(),
    )
    dat.blocknumber, dat.data, ack.blocknumber, err.errorcode = block, payload, block, code
    oack.options = {"blksize": str(block)}
    assert parse(bytes(dat.encode().buffer)) == Data(block, payload)
    assert parse(bytes(ack.encode().buffer)) == Ack(block)
    assert parse(bytes(oack.encode().buffer)) == Oack({"blksize": str(block)})
    error = parse(bytes(err.encode().buffer))
    assert isinstance(error, Error)
    assert error.code == code


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"\0\1", b"\0\2", b"\0\5", b"\0\6"]), st.booleans())
def test_any_bytes_parse_or_raise_dissect_error(data: bytes, head: bytes, cut: bool) -> None:
    try:
        packet = parse(head + data, cut)
    except DissectError:
        return
    assert len(describe(packet)) <= 160
