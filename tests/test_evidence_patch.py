from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from analyzer import addresses
from analyzer.evidence.patch import Patch
from analyzer.pseudonyms import Pseudonyms

OURS = "10.20.0.10"


def patch(data: bytes) -> Patch:
    return Patch(bytearray(data), Pseudonyms(bytes(32)), Counter())


def test_of_addresses_that_are_cut_nothing_is_left() -> None:
    one = patch(bytes(range(1, 11)))
    one.ip4(6, 10)
    assert one.data == bytes(range(1, 7)) + one.pseudonyms.ip4(0x0708090A).to_bytes(4)
    for replace, at in ((one.ip4, 7), (one.mac, 5), (one.ip6, 1)):
        replace(at, 10)
        assert one.data[at:] == bytes(10 - at)
        assert one.data[0] == 1
    one.ip4(10, 14)
    assert len(one.data) == 10


def test_texts_keep_their_length() -> None:
    pseudonyms = Pseudonyms(bytes(32))
    other = addresses.text(*pseudonyms.address(addresses.parse(OURS)))
    for written in (OURS, "02:00:5e:00:00:01", "10.1.1.1", "192.168.100.100", "fd00:1::1"):
        one = patch(b"<" + written.encode() + b">")
        one.texts(0, len(one.data))
        assert len(one.data) == len(written) + 2
        assert written.encode() not in one.data
        assert one.counts["texts"] == 1
    one = patch(OURS.encode())
    one.texts(0, len(OURS))
    assert one.data.decode() == (other if len(other) == len(OURS) else "xx.xx.x.xx")


def test_what_is_no_address_of_the_site_stays() -> None:
    written = b"version 6.0.2.1, 8.8.8.8, 1.2.3.4.5, 999.1.1.1, 12:30:45"
    one = patch(written)
    one.texts(0, len(written))
    assert one.data == written


@given(st.binary(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_any_bytes(data: bytes, at: int, end: int) -> None:
    one = patch(data)
    end = min(end, len(data))
    for replace in (one.ip4, one.ip6, one.mac, one.ip4s, one.ip6s, one.texts):
        replace(at, end)
        assert len(one.data) == len(data)
