"""The compiled decoder's numbers and digest; that it agrees with the reference is in test_decode_engine."""

from __future__ import annotations

import random
import zlib

import numpy as np
import pytest

from analyzer import tables
from analyzer.decode import engine
from tests.frames import batch, eth, ip4, udp

fast = pytest.importorskip(
    "analyzer.decode.fast", reason="the compiled decoder was not built (no C compiler)"
)


def test_numbers_are_those_of_the_tables() -> None:
    known = {**tables.Kind.__members__, **tables.Reason.__members__, **vars(tables)}
    # IP is a Kind only, LINK_TYPE and the like are not used
    assert {name: int(known[name]) for name in fast.NUMBERS} == fast.NUMBERS


def test_every_way_to_a_digest_is_zlib_s_wherever_the_bytes_lie() -> None:
    draw = random.Random(4)
    octets = draw.randbytes(5000)
    sizes = [*range(700), *range(990, 1060), *range(2040, 2060), 4096, 4999]
    for begin, size in ((draw.randrange(min(64, 5001 - size)), size) for size in sizes):
        data = memoryview(octets)[begin : begin + size]
        found = fast.digests(data)
        assert 1 <= len(found) <= 3
        assert set(found) == {zlib.crc32(data)}


@pytest.mark.parametrize("short", ["kind", "payload_captured", "quotes", "others"])
def test_columns_that_are_too_short_are_refused(short: str) -> None:
    frames = batch(*[eth(ip4(b"\3\3\0\0\0\0\0\0" + ip4(udp()), 1)), b""] * 4)
    packets, quotes, others = tables.PACKETS.empty(8), tables.QUOTES.empty(8), np.zeros(8, "i8")
    assert fast.fill(frames.buffer, frames.frames, packets, quotes, others) == (4, 4)
    if short in packets:
        packets[short] = packets[short][:7]
    quotes = tables.QUOTES.empty(3 if short == "quotes" else 8)
    with pytest.raises(IndexError):
        fast.fill(frames.buffer, frames.frames, packets, quotes, others[: 3 if short == "others" else 8])


def test_digests_are_zlib_s_at_every_length() -> None:
    draw = random.Random(3)
    packets = [ip4(udp(draw.randbytes(size))) for size in [*range(300), 1472, 9000, 60000]]
    columns = engine.decode(batch(*map(eth, packets)), 1, "fast").columns
    assert columns["digest"].tolist() == [zlib.crc32(packet) for packet in packets]
