"""The compiled part reads the same fields of the same messages, and wants the same of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.find import find
from analyzer.decode import decode
from analyzer.errors import CaptureError
from analyzer.protocols import coap
from analyzer.tables import PACKETS, QUOTES, UDP, Kind, Packets
from analyzer.transfers.coap import fields, pick

fast = pytest.importorskip(
    "analyzer.transfers.coap.fast", reason="the compiled part was not built (no C compiler)"
)

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


def same(packets: Packets) -> int:
    """Compares all CoAP messages of a batch; how many there were."""
    rows = fields.candidates(packets)
    one, other = (fields.read(packets, rows, compiled=compiled) for compiled in (True, False))
    for name, column in one._asdict().items():
        assert column.dtype == getattr(other, name).dtype, name
        assert column.tolist() == getattr(other, name).tolist(), name
    wanted = [pick.wanted(packets, one, compiled=compiled) for compiled in (True, False)]
    assert wanted[0].dtype == wanted[1].dtype
    assert wanted[0].tolist() == wanted[1].tolist()
    return len(rows)


def test_numbers_are_those_of_the_reference() -> None:
    known = {**vars(coap), **vars(fields), "GET": pick.GET, "FETCH": pick.FETCH}
    assert {name: known[name] for name in fast.NUMBERS} == fast.NUMBERS


PATH = b"\xb5light"
OPTIONS = (
    b"", PATH, b"\x61\x07", b"\x60", b"\xd1\x0a\x5e", b"\xd1\x0e\x0b", b"\xd4\x2f\0\0\4\0",
    b"\xd8\x0f12345678",
    b"\xe1\0\x00\x07", b"\xd2\x06\0\1", b"\xd1\x12\x09", b"\xf0", b"\x0f", b"\x4e\x00\x02", b"\xff",
    b"\xffpayload",
    b"\x11x" * 50, b"\xed\xff\xff\xff", b"\xb1a\x01b\xc1\x06\x41\x08",
)  # fmt: skip
MESSAGE = st.builds(
    lambda kind, token, code, mid, options: (
        bytes([0x40 | kind << 4 | len(token), code, 0, mid]) + token + b"".join(options)
    ),
    st.integers(0, 3),
    st.sampled_from([b"", b"A", b"B", b"AB", b"ABCDEFGH", b"ABCDEFGHI"]),
    st.sampled_from([0, 1, 2, 5, 31, 32, 0x44, 0x45, 0x45, 0x5F, 0x84, 0xA0, 0xE1]),
    st.integers(0, 3),
    st.lists(st.sampled_from(OPTIONS), max_size=4),
)
SENT = st.tuples(
    MESSAGE | st.binary(min_size=4, max_size=12), st.booleans(), st.integers(0, 9), st.integers(0, 40)
)


def batch(sent: list[tuple[bytes, bool, int, int]]) -> Packets:
    """Messages between two hosts either way, cut by some bytes or not at all."""
    columns = PACKETS.empty(len(sent))
    columns["frame"][:] = np.arange(1, len(sent) + 1)
    columns["kind"][:], columns["version"][:], columns["transport"][:] = Kind.TRANSPORT, 4, UDP
    at = 0
    for row, (data, back, keep, missing) in enumerate(sent):
        columns["src_lo"][row], columns["dst_lo"][row] = (2, 1) if back else (1, 2)
        columns["src_port"][row], columns["dst_port"][row] = (5683, 40000) if back else (40000, 5683)
        columns["payload"][row], columns["payload_wire"][row] = at, len(data)
        columns["payload_captured"][row] = max(4, len(data) - missing) if keep > 6 else len(data)
        at += len(data)
    return Packets(columns, QUOTES.empty(), b"".join(one[0] for one in sent))


@settings(max_examples=200)
@given(st.lists(SENT, max_size=25))
def test_any_messages(sent: list[tuple[bytes, bool, int, int]]) -> None:
    same(batch(sent))


def test_thousands_of_messages() -> None:
    draw = random.Random(11)
    sent = []
    for _ in range(6000):
        token, mid = draw.randbytes(draw.randrange(3)), bytes([draw.randrange(2), draw.randrange(256)])
        kind, code = draw.randrange(4), draw.choice([0, 1, 2, 2, 0x44, 0x45, 0x84])
        data = bytes([0x40 | kind << 4 | len(token), code]) + mid + token + draw.choice(OPTIONS)
        sent.append((data, draw.random() < 0.5, draw.randrange(10), draw.randrange(10)))
    assert same(batch(sent)) == 6000


def test_samples_and_public_captures() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"COAP FIELDS NOT COMPARED ON PUBLIC CAPTURES: they are not at {CORPUS}")
    seen = 0
    for path in sorted([*ROOT.glob("samples/*/*.pcap*"), *CORPUS.glob("files/*/*")]):
        frame = 1
        try:
            for capture in find([str(path)], hash=False):
                for frames in capture.batches():
                    seen += same(decode(frames, frame))
                    frame += len(frames.frames["offset"])
        except CaptureError:
            continue
    assert seen > 1000
