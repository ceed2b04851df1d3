"""What hosts are called, message by message."""

from __future__ import annotations

import struct

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naming import I_AM, address, answer, dhcp, netbios, record, wire_name

from analyzer import addresses
from analyzer.census import messages
from analyzer.census.messages import Fact

A4 = addresses.parse("10.20.1.21")
MAC = 0x020000000007


# ---------------------------------------------------------------- DHCP


def test_a_request_names_its_sender() -> None:
    request = dhcp(1, 3, (50, address("10.20.1.21")), (12, b"node-7"), (60, b"udhcp 1.30"))
    assert list(messages.dhcp(request)) == [
        Fact("dhcp", "node-7", A4, MAC),
        Fact("dhcp-class", "udhcp 1.30", A4, MAC),
    ]


@pytest.mark.parametrize(
    ("value", "name"),
    [(b"\0\0\0node.example", "node.example"), (b"\4\0\0" + wire_name("node.example"), "node.example")],
    ids=["ascii", "wire format"],
)
def test_option_81_in_either_encoding(value: bytes, name: str) -> None:
    """RFC 4702 section 2.3.1: the E bit chooses the encoding."""
    assert list(messages.dhcp(dhcp(1, 3, (81, value), has="10.20.1.21"))) == [Fact("dhcp", name, A4, MAC)]


def test_an_acknowledgement_ties_the_address_to_the_mac() -> None:
    assert list(messages.dhcp(dhcp(2, 5, given="10.20.1.21"))) == [Fact("dhcp", "", A4, MAC)]
    assert list(messages.dhcp(dhcp(2, 2, given="10.20.1.21"))) == [], "an offer may be declined"


def test_dpkts_message_reads_the_same() -> None:
    packed = bytes(dpkt.dhcp.DHCP(op=1, chaddr=b"\2\0\0\0\0\7", opts=((53, b"\3"), (12, b"node-7"))))
    assert [fact.text for fact in messages.dhcp(packed)] == ["node-7"]


# ---------------------------------------------------------------- DNS and its relatives


def test_answers_name_addresses() -> None:
    data = answer(
        record(wire_name("igw.example"), 1, address("10.20.1.21")),
        record(wire_name("igw.example"), 28, address("2001:db8::1")),
        record(wire_name("21.1.20.10.in-addr.arpa"), 12, wire_name("node.example")),
        record(wire_name("igw.example"), 16, b"\4text"),
    )
    assert list(messages.dns(data, "dns")) == [
        Fact("dns", "igw.example", A4),
        Fact("dns", "igw.example", addresses.parse("2001:db8::1")),
        Fact("dns", "node.example", A4),
    ]


def test_compressed_names_are_followed_backwards_only() -> None:
    question = wire_name("igw.example") + struct.pack(">HH", 1, 1)
    data = answer(record(b"\xc0\x0c", 1, address("10.20.1.21")), question=question)
    assert [fact.text for fact in messages.dns(data, "dns")] == ["igw.example"]
    loop = answer(record(b"\xc0\x0c", 1, address("10.20.1.21")))
    assert list(messages.dns(loop, "dns")) == [], "it points at itself"
    ahead = answer(record(b"\xc0\x30", 1, address("10.20.1.21")))
    assert list(messages.dns(ahead, "dns")) == []


def test_dpkts_answer_reads_the_same() -> None:
    rr = dpkt.dns.DNS.RR(name="igw.example", type=1, cls=1, ttl=60, ip=address("10.20.1.21"))
    rr.rdata = rr.ip
    message = dpkt.dns.DNS(op=0x8400, qd=[dpkt.dns.DNS.Q(name="igw.example", type=1)], an=[rr])
    assert list(messages.dns(bytes(message), "dns")) == [Fact("dns", "igw.example", A4)]


@pytest.mark.parametrize(
    "name", ["1.2.3.in-addr.arpa", "999.1.20.10.in-addr.arpa", "a.1.20.10.in-addr.arpa", "x"]
)
def test_a_reverse_name_that_is_none(name: str) -> None:
    assert list(messages.dns(answer(record(wire_name(name), 12, wire_name("n"))), "dns")) == []


def test_a_question_names_nobody() -> None:
    question = wire_name("igw.example") + struct.pack(">HH", 1, 1)
    assert list(messages.dns(answer(question=question, flags=0x0100), "mdns")) == []


def test_a_registration_names_its_owner_and_a_groups_name_is_nobodys() -> None:
    def registration(flags: int) -> bytes:
        question = netbios("gateway") + struct.pack(">HH", 32, 1)
        body = struct.pack(">H", flags) + address("10.20.1.21")
        return answer(record(b"\xc0\x0c", 32, body), question=question, flags=0x2910)

    assert list(messages.nbns(registration(0))) == [Fact("nbns", "GATEWAY", A4)]
    assert list(messages.nbns(registration(0x8000))) == []


# ---------------------------------------------------------------- BACnet


def test_i_am_tells_instance_and_vendor() -> None:
    assert list(messages.i_am(I_AM, len(I_AM), A4)) == [Fact("bacnet", "device 100, vendor 999", A4)]


def test_a_forwarded_i_am_is_its_origins_and_a_routed_one_says_so() -> None:
    npdu = I_AM[4:]
    forwarded = struct.pack(">BBH", 0x81, 4, 10 + len(npdu)) + address("10.20.9.9") + b"\xba\xc0" + npdu
    assert [fact.address for fact in messages.i_am(forwarded, len(forwarded), A4)] == [
        addresses.parse("10.20.9.9")
    ]
    inside = b"\1\x08\0\5\1\x33" + I_AM[10:]
    routed = struct.pack(">BBH", 0x81, 11, 4 + len(inside)) + inside
    (fact,) = messages.i_am(routed, len(routed), A4)
    assert fact.text == "device 100, vendor 999 behind a BACnet router, network 5"


# ---------------------------------------------------------------- any bytes

WHOLE = [
    dhcp(1, 3, (12, b"node-7"), (81, b"\4\0\0" + wire_name("a.b"))),
    answer(record(wire_name("igw.example"), 1, address("10.20.1.21"))),
    answer(
        record(b"\xc0\x0c", 32, bytes(2) + address("10.0.0.1")),
        question=netbios("x") + bytes(4),
        flags=0x2910,
    ),
    I_AM,
]


def everything(data: bytes) -> list[Fact]:
    found = [*messages.dhcp(data), *messages.nbns(data), *messages.i_am(data, len(data), A4)]
    return [*found, *messages.dns(data, "dns")]


@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    assert all(len(fact.text) <= 4 * messages.TEXT for fact in everything(data))


@given(st.sampled_from(WHOLE), st.integers(0, 400), st.data())
def test_any_cut_and_any_change(data: bytes, at: int, draw: st.DataObject) -> None:
    everything(data[:at])
    changed = bytearray(data)
    changed[at % len(data)] = draw.draw(st.integers(0, 255))
    everything(bytes(changed))
