"""Checksums after a change: against a plain computation over the whole packet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence import checksums
from analyzer.evidence.headers import Packet


def plain(data: bytes) -> int:
    """RFC 1071: the ones' complement of the ones' complement sum."""
    data += b"\0" * (len(data) & 1)
    total = sum(data[at] << 8 | data[at + 1] for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def datagram(addresses: bytes, payload: bytes, transport: int, wrong: int = 0) -> bytearray:
    """IPv4 with a right header checksum, and a transport checksum that is off by ``wrong``."""
    head = bytearray(
        b"\x45\0" + (28 + len(payload)).to_bytes(2) + bytes(5) + bytes([transport]) + b"\0\0" + addresses
    )
    head[10:12] = plain(bytes(head)).to_bytes(2)
    field = {17: 6, 1: 2}[transport]
    body = bytearray(b"\x12\x34\x56\x78" + (8 + len(payload)).to_bytes(2) + b"\0\0" + payload)
    if transport == 1:
        body[0:4] = b"\x08\0\0\0"
    pseudo = addresses + bytes([0, transport]) + len(body).to_bytes(2) if transport == 17 else b""
    right = plain(pseudo + bytes(body)) or 0xFFFF
    body[field : field + 2] = ((right + wrong) % 0xFFFF or 0xFFFF).to_bytes(2)
    return head + body


def off(packet: bytes, transport: int) -> int:
    """By how much the transport checksum is wrong; 0 where a receiver accepts it."""
    addresses, body = packet[12:20], packet[20:]
    pseudo = addresses + bytes([0, transport]) + len(body).to_bytes(2) if transport == 17 else b""
    return plain(pseudo + body)


ADDRESSES = st.binary(min_size=8, max_size=8)


@given(
    ADDRESSES,
    ADDRESSES,
    st.binary(max_size=33),
    st.binary(max_size=33),
    st.sampled_from([1, 17]),
    st.integers(0, 3),
)
def test_right_stays_right_and_wrong_wrong(
    old: bytes, new: bytes, payload: bytes, other: bytes, transport: int, wrong: int
) -> None:
    before = datagram(old, payload, transport, wrong)
    after = bytearray(before)
    after[12:20] = new
    other = other[: len(payload)].ljust(len(payload), b"\x55")
    after[28:] = other
    checksums.update(memoryview(bytes(before)), after, Packet(4, 0, len(after), 20, transport, 20))
    assert plain(bytes(after[:20])) == 0
    assert off(bytes(after), transport) == off(bytes(before), transport)
    assert (off(bytes(after), transport) == 0) == (wrong == 0)


def test_no_checksum_stays_none() -> None:
    before = datagram(bytes(range(8)), b"abc", 17)
    before[26:28] = b"\0\0"
    after = bytearray(before)
    after[12:20] = bytes(range(100, 108))
    checksums.update(memoryview(bytes(before)), after, Packet(4, 0, len(after), 20, 17, 20))
    assert after[26:28] == b"\0\0"


def test_a_cut_datagram_is_adjusted_all_the_same() -> None:
    whole = datagram(bytes(range(8)), bytes(range(64)), 17)
    changed = bytearray(whole)
    changed[12:20] = b"\x0a\x01\x02\x03\x0a\x04\x05\x06"
    cut = bytearray(changed[:40])
    checksums.update(memoryview(bytes(whole)), changed, Packet(4, 0, len(whole), 20, 17, 20))
    checksums.update(memoryview(bytes(whole[:40])), cut, Packet(4, 0, 40, 20, 17, 20))
    assert cut == changed[:40]
    assert off(bytes(changed), 17) == 0
