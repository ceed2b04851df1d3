"""Where each protocol has addresses: messages built by hand, with marks in place of addresses."""

from __future__ import annotations

import ipaddress
import struct
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence import payloads
from analyzer.evidence.patch import Patch
from analyzer.pseudonyms import Pseudonyms

KEY = bytes(32)
A, B = "10.20.0.10", "192.168.7.9"
A6 = "2001:db8::a"
MAC = bytes.fromhex("0200c0ffee01")


def v4(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def other(data: bytes) -> bytes:
    """The pseudonym of a packed address."""
    pseudonyms = Pseudonyms(KEY)
    number = int.from_bytes(data)
    replace = {4: pseudonyms.ip4, 6: pseudonyms.mac, 16: pseudonyms.ip6}[len(data)]
    return replace(number).to_bytes(len(data))


def after(handler: Callable[[Patch, int, int], None], data: bytes, before: bytes = b"\xee" * 3) -> bytes:
    patch = Patch(bytearray(before + data), Pseudonyms(KEY), Counter())
    handler(patch, len(before), len(before) + len(data))
    assert patch.data[: len(before)] == before
    return bytes(patch.data[len(before) :])


def bvlc(function: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0x81, function, 4 + len(body)) + body


PORT = b"\xba\xc0"
MASK = b"\xff\xff\xff\x00"


def npdu(source: bytes) -> bytes:
    return b"\x01\x28" + b"\xff\xff\x00" + b"\x00\x05" + bytes([len(source)]) + source + b"\xff\x10\x08"


BACNET = {
    "write-bdt": lambda a, b, m: bvlc(1, a + PORT + MASK + b + PORT + MASK),
    "read-bdt-ack": lambda a, b, m: bvlc(3, a + PORT + MASK + b + PORT + MASK),
    "forwarded": lambda a, b, m: bvlc(4, a + PORT + npdu(b + PORT)),
    "read-fdt-ack": lambda a, b, m: bvlc(7, a + PORT + b"\x00\x3c\x00\x1e" + b + PORT + b"\x00\x3c\x00\x01"),
    "delete-fdt": lambda a, b, m: bvlc(8, a + PORT),
    "unicast through a router": lambda a, b, m: bvlc(10, npdu(a + PORT)),
    "broadcast from ethernet": lambda a, b, m: bvlc(11, npdu(m)),
    "register": lambda a, b, m: bvlc(5, b"\x00\x3c"),
}


def dhcp(a: bytes, b: bytes, m: bytes) -> bytes:
    head = bytes([1, 1, 6, 0]) + b"\x12\x34\x56\x78" + bytes(4) + a + b + a + b + m + bytes(10) + bytes(192)
    lists = bytes([54, 4]) + a + bytes([3, 8]) + a + b + bytes([1, 4]) + MASK
    client = bytes([61, 7, 1]) + m + bytes([53, 1, 5])
    return head + b"\x63\x82\x53\x63" + lists + client + bytes([121, 9, 32]) + a + b + b"\xff"


def duid(m: bytes) -> bytes:
    return b"\x00\x01\x00\x01" + b"\x11\x22\x33\x44" + m


def option(code: int, body: bytes) -> bytes:
    return struct.pack(">HH", code, len(body)) + body


def dhcpv6(a: bytes, m: bytes) -> bytes:
    address = option(5, a + bytes(8) + option(13, b"\x00\x00"))
    inner = b"\x07\x00\x00\x01" + option(1, duid(m)) + option(3, bytes(12) + address) + option(23, a + a)
    return b"\x0c\x00" + a + a + option(9, inner)


def record(name: bytes, kind: int, body: bytes) -> bytes:
    return name + struct.pack(">HHIH", kind, 1, 60, len(body)) + body


def dns(a: bytes, b: bytes, six: bytes) -> bytes:
    question = b"\x07gateway\x05local\x00" + b"\x00\x01\x00\x01"
    answers = (
        record(b"\xc0\x0c", 1, a) + record(b"\xc0\x0c", 28, six) + record(b"\xc0\x0c", 32, b"\x60\x00" + b)
    )
    return struct.pack(">6H", 7, 0x8400, 1, 3, 0, 0) + question + answers


CASES: dict[str, tuple[Callable[[Patch, int, int], None], Callable[[bytes, bytes, bytes, bytes], bytes]]] = {
    **{name: (payloads.bvlc, lambda a, b, m, _, make=make: make(a, b, m)) for name, make in BACNET.items()},
    "dhcp": (payloads.dhcp, lambda a, b, m, _: dhcp(a, b, m)),
    "dhcpv6": (payloads.dhcpv6, lambda a, b, m, six: dhcpv6(six, m)),
    "dns": (payloads.dns, lambda a, b, m, six: dns(a, b, six)),
    "dns over tcp": (
        payloads.dns_stream,
        lambda a, b, m, six: len(dns(a, b, six)).to_bytes(2) + dns(a, b, six),
    ),
    "ntp": (payloads.ntp, lambda a, b, m, _: bytes([0x24, 2]) + bytes(10) + a + bytes(32)),
    "ntp, stratum 1": (payloads.ntp, lambda a, b, m, _: bytes([0x24, 1]) + bytes(10) + b"GPS\0" + bytes(32)),
    "nbdgm": (payloads.nbdgm, lambda a, b, m, _: b"\x11\x02\x00\x01" + a + b"\x00\x8a" + bytes(8)),
    "snmp": (payloads.snmp, lambda a, b, m, _: b"\x30\x20\x06\x03\x2b\x06\x01\x40\x04" + a + b"\x40\x04" + b),
}


@pytest.mark.parametrize("name", CASES)
def test_addresses_are_replaced_and_nothing_else(name: str) -> None:
    handler, make = CASES[name]
    reals = v4(A), v4(B), MAC, v4(A6)
    made = make(*reals)
    assert after(handler, made) == make(*(other(real) for real in reals))


@pytest.mark.parametrize("name", CASES)
def test_cut_anywhere(name: str) -> None:
    """What is left of a cut message is as in the whole one; of an address that was cut, nothing is left."""
    handler, make = CASES[name]
    reals = v4(A), v4(B), MAC, v4(A6)
    made = make(*reals)
    whole = after(handler, made)
    for end in range(4, len(made)):
        cut = after(handler, made[:end])
        assert len(cut) == end
        same = next((at for at in range(end) if cut[at] != whole[at]), end)
        assert not any(cut[same:]), end
        assert end - same < 16


def test_reverse_names_lose_their_digits() -> None:
    question = b"\x0210\x010\x0220\x0210\x07in-addr\x04arpa\x00" + b"\x00\x0c\x00\x01"
    answer = record(b"\xc0\x0c", 12, b"\x07gateway\x05local\x00")
    made = struct.pack(">6H", 7, 0x8400, 1, 1, 0, 0) + question + answer
    assert after(payloads.dns, made) == made.replace(
        b"\x0210\x010\x0220\x0210\x07", b"\x02xx\x01x\x02xx\x02xx\x07"
    )


def test_relay_agents_lose_what_names_a_switch() -> None:
    made = dhcp(v4(A), v4(B), MAC)[:-1] + bytes([82, 13, 1, 5]) + b"port7" + bytes([5, 4]) + v4(A) + b"\xff"
    done = after(payloads.dhcp, made)
    assert b"port7" not in done
    assert done.endswith(bytes([82, 13, 1, 5]) + bytes(5) + bytes([5, 4]) + other(v4(A)) + b"\xff")


@given(
    st.sampled_from(sorted({*payloads.HANDLERS.values(), payloads.dns_stream}, key=repr)),
    st.binary(max_size=200),
)
def test_any_bytes(handler: Callable[[Patch, int, int], None], data: bytes) -> None:
    if handler is payloads.bvlc and not (len(data) >= 4 and data[0] == 0x81 and data[1] <= 12):
        data = b"\x81\x04\x00\x00" + data
    assert len(after(handler, data)) == len(data)


def test_every_handler_is_of_a_protocol() -> None:
    from analyzer.protocols import load

    assert set(payloads.HANDLERS) | payloads.ENCRYPTED <= set(load())
