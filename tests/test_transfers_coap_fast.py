"""The compiled part reads the same fields of the same messages, and wants the same of them."""

from __future__ import annotations

import pickle
import random
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from coapwire import (
    ACK,
    BLOCK1,
    BLOCK2,
    CHANGED,
    CON,
    CONTENT,
    GET,
    NON,
    NOT_FOUND,
    OBSERVE,
    POST,
    PUT,
    RST,
    block,
    message,
    path,
)
from everywhere import captures
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.flowtable import copies
from analyzer.protocols import coap
from analyzer.tables import PACKETS, QUOTES, UDP, Kind, Packets
from analyzer.transfers.coap import exchange, fields, gather, pick

fast = pytest.importorskip(
    "analyzer.transfers.coap.fast", reason="the compiled part was not built (no C compiler)"
)


def same(packets: Packets) -> int:
    """Compares all CoAP messages of a batch; how many there were."""
    rows = fields.candidates(packets)
    one, other = (fields.read(packets, rows, compiled=compiled) for compiled in (True, False))
    for name, column in one._asdict().items():
        assert column.dtype == getattr(other, name).dtype, name
        assert column.tolist() == getattr(other, name).tolist(), name
    sifted, plain = (pick.sift(packets, compiled=compiled) for compiled in (True, False))
    assert sifted.rows.dtype == plain.rows.dtype
    assert sifted.rows.tolist() == plain.rows.tolist()
    assert (len(sifted.seen), plain.seen) == (len(plain.rows), None)
    return len(rows)


def test_numbers_are_those_of_the_reference() -> None:
    known = {**vars(copies), **vars(exchange), **vars(coap), **vars(fields), **vars(pick)}
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
    assert sum(same(packets) for _, batches in captures("COAP FIELDS") for packets in batches) > 1000


# ---------------------------------------------------------------- the ledger beside the gatherer

SECOND = 1_000_000_000
ECHO, Q_BLOCK = (252, b"e"), (19, b"\x00")
BLOCKS = [(BLOCK2, block(0, True, 16))], [(BLOCK1, block(1, False, 16))]
TWISTS = [[], [], [(OBSERVE, b"")], *BLOCKS, [ECHO], [Q_BLOCK]]
GROUP = 0xE0000001
STEPS = [
    0, SECOND // 3000, SECOND // 500, SECOND // 2, 5 * SECOND // 2, 40 * SECOND, 120 * SECOND, 300 * SECOND
]  # fmt: skip
"""What a mirror needs, what a client waits for, and more than an identifier lives (247 s)."""


class Sent(NamedTuple):
    """A datagram: its time in ns, its bytes, and the last address byte and the port of its ends."""

    time: int
    data: bytes
    source: tuple[int, int]
    target: tuple[int, int]
    ip_id: int = 0
    interface: int = 0
    cut: bool = False


def packets(sent: Sequence[Sent], first: int) -> Packets:
    """A batch that begins with the frame ``first``."""
    columns = PACKETS.empty(len(sent))
    columns["kind"][:], columns["version"][:], columns["transport"][:] = Kind.TRANSPORT, 4, UDP
    at = 0
    for row, one in enumerate(sent):
        held = max(4, len(one.data) - 3) if one.cut else len(one.data)
        values = {
            "frame": first + row, "time": one.time, "interface": one.interface, "ip_id": one.ip_id,
            "src_lo": one.source[0], "src_port": one.source[1], "dst_lo": one.target[0],
            "dst_port": one.target[1], "payload": at, "payload_wire": len(one.data), "payload_captured": held,
            "digest": zlib.crc32(one.data + repr((one.source, one.target)).encode()),
        }  # fmt: skip
        for name, value in values.items():
            columns[name][row] = value
        at += len(one.data)
    return Packets(columns, QUOTES.empty(), b"".join(one.data for one in sent))


def gathered(
    sent: Sequence[Sent], size: int = 1 << 20, *, ledger: bool = True, stored: bool = False
) -> gather.Messages:
    """What is made of messages, ``size`` a batch, with or without a ledger that holds some back."""
    found = gather.Messages()
    if not ledger:
        found._ledger = None
    for begin in range(0, len(sent), size):
        found.add(packets(sent[begin : begin + size], begin + 1))
        if stored:
            found = pickle.loads(pickle.dumps(found))
    return found


def told(found: gather.Messages) -> tuple[object, ...]:
    """All that reports are made of."""
    silent = found.exhausted()
    return list(found.bodies.values()), list(found.errors.values()), silent, found.dropped


def answer(draw: random.Random, data: bytes, mids: Sequence[int], loud: float) -> bytes:
    """One to a message: an acknowledgement, a reset, a response with it or of its own."""
    mid, token = data[2] << 8 | data[3], data[4 : 4 + (data[0] & 15)]
    twist = draw.choice(TWISTS) if draw.random() < loud else []
    code = draw.choice([CONTENT, CHANGED, NOT_FOUND, 0x81] if draw.random() < loud else [CONTENT, CHANGED])
    payload = draw.choice([b"", b"x" * 16])
    return draw.choice(
        (
            message(ACK, 0, mid),
            message(RST, 0, mid),
            message(ACK, code, mid, token, *twist, payload=payload),
            message(CON, code, draw.choice(mids), token, *twist, payload=payload),
            message(NON, code, draw.choice(mids), token, *twist, payload=payload),
        )
    )


def spoken(draw: random.Random, mids: Sequence[int], tokens: Sequence[bytes], loud: float) -> bytes:
    """A message out of nowhere, most of them requests."""
    kind = draw.choice([CON, CON, CON, NON, ACK, RST])
    if kind == RST or (kind in (ACK, CON) and draw.random() < 0.1):
        return message(kind, 0, draw.choice(mids))
    request = kind != ACK and draw.random() < 0.75
    code = draw.choice([GET, GET, POST, PUT] if request else [CONTENT, CHANGED, CHANGED, NOT_FOUND, 0xA3])
    options = list(draw.choice(TWISTS) if draw.random() < loud else [])
    if request:
        options += path(draw.choice(["/light", "/fw/node.bin"]) if draw.random() < loud else "/light")
    payload = draw.choice([b"", b"x" * 16])
    data = message(kind, code, draw.choice(mids), draw.choice(tokens), *options, payload=payload)
    return data + b"\xff" * (draw.random() < 0.03)


def story(seed: int, count: int) -> list[Sent]:
    """Messages in any order: lost, late and doubled ones; identifiers and tokens are used again and again."""
    draw = random.Random(seed)
    mids = range(draw.choice([1, 2, 8]))
    tokens = draw.choice([[b""], [b"t", b"u"], [b"", b"a", b"bb", b"c", b"dd"]])
    steps = draw.choice([STEPS, STEPS[:4], STEPS[3:5]])
    loud = draw.choice([0.05, 0.3])
    time, sent = 10**18, []
    while len(sent) < count:
        time += draw.choice(steps)
        if sent and draw.random() < 0.35:
            last = draw.choice(sent[-6:])
            data, source, target = last.data, last.source, last.target
            if draw.random() < 0.5:
                data = answer(draw, data, mids, loud)
                source, target = (draw.randrange(1, 3), 5683) if target[0] == GROUP else target, source
        else:
            data = spoken(draw, mids, tokens, loud)
            source, target = (draw.randrange(1, 3), 5683), (draw.randrange(3, 5), draw.choice([5683, 40000]))
            if draw.random() < 0.7:
                source, target = target, source
            if draw.random() < 0.05:
                target = (GROUP, 5683)
        cut = draw.random() < 0.03
        for _ in range(draw.choice([5, 9]) if draw.random() < 0.06 else 1):
            ip_id, interface = draw.choice([0, 0, 7]), int(draw.random() < 0.05)
            sent.append(Sent(time, data, source, target, ip_id, interface, cut))
            time += draw.choice(STEPS[:6]) if draw.random() < 0.5 else 0
    return sent


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**9), count=st.sampled_from([5, 12, 40, 100]), size=st.sampled_from([1, 3, 1000])
)
def test_what_was_held_back_changes_nothing(seed: int, count: int, size: int) -> None:
    sent = story(seed, count)
    assert told(gathered(sent, size)) == told(gathered(sent, size, ledger=False))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**9))
def test_the_state_can_be_stored_between_batches(seed: int) -> None:
    sent = story(seed, 40)
    assert told(gathered(sent, 2, stored=True)) == told(gathered(sent, 2, ledger=False))


def test_stories_tell_something() -> None:
    """The comparison above is not one of nothing with nothing."""
    files, errors, silent = 0, 0, 0
    for seed in range(30):
        found = told(gathered(story(seed, 60)))
        files, errors, silent = files + len(found[0]), errors + len(found[1]), silent + len(found[2])
    assert min(files, errors, silent) > 3


CLIENT, SERVER = (1, 40000), (2, 5683)


def request(number: int, kind: int = CON) -> Sent:
    token = number.to_bytes(4, "big")
    return Sent(number * SECOND, message(kind, GET, number, token, *path("/light")), CLIENT, SERVER, number)


def test_a_healthy_exchange_is_shown_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather.Messages, "_message", None)
    wire = []
    for number in range(1, 400):
        kinds = (CON, ACK) if number % 2 else (NON, NON)
        data = message(kinds[1], CONTENT, number, number.to_bytes(4, "big"))
        wire += [request(number, kinds[0]), Sent(number * SECOND + 1, data, SERVER, CLIENT)]
    assert told(gathered(wire, 5)) == ([], [], [], 0)


def test_unanswered_requests_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are held as rows, no more than so many, and nobody is asked to look at one."""
    monkeypatch.setattr(gather, "REQUESTS", 100)
    monkeypatch.setattr(gather.Messages, "_message", None)
    found = gathered([request(number, number % 2) for number in range(1, 5000)], 64)
    assert 50 <= found._ledger.count <= 100
    assert not found._requests
    assert not found.exchanges.waiting


def test_who_goes_silent_is_told_though_others_take_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "REQUESTS", 10)
    silent = [request(1)._replace(time=at * SECOND, ip_id=at + 1) for at in (0, 2, 6, 14, 30)]
    found = gathered([*silent, *(request(number) for number in range(40, 80))], 4)
    (one,) = found.exhausted()
    assert (one.mid, one.copies, one.frames) == (1, 5, [1, 2, 3, 4, 5])
    assert (one.first, one.last) == (0, 30 * SECOND)


def test_an_answer_to_what_had_to_be_forgotten_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Sent(0, message(CON, GET, 1, b"img", *path("/fw/node.bin")), CLIENT, SERVER)
    others = [request(number) for number in range(10, 40)]
    last = Sent(50 * SECOND, message(NON, CONTENT, 9, b"img", payload=b"x"), SERVER, CLIENT)
    wire = [image, *others, last]
    remembered = told(gathered(wire, 4, ledger=False))
    monkeypatch.setattr(gather, "REQUESTS", 10)
    assert told(gathered(wire, 4)) == remembered
    assert [body.answers for body in gathered(wire, 4).bodies.values()] == [1]
