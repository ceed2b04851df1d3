"""Claims: each gets the packets that it describes, however many are sorted out at once."""

from __future__ import annotations

import numpy as np
import pytest
from everywhere import captures
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import tables
from analyzer.observations import observers
from analyzer.picking import Together, Want, claims, rows_of, sorted_out
from analyzer.picking.claims import COMPILED, Claim
from analyzer.tables import PACKETS, QUOTES, TCP, UDP, Kind, Packets
from analyzer.transfers import Collector

needs_compiled = pytest.mark.skipif(
    COMPILED is None, reason="the compiled part was not built (no C compiler)"
)
ENGINES = pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_compiled)])
PORTS = (0, 7, 80, 443, 5683, 47808, 65535)
PORT = st.sampled_from(PORTS)
SENT = st.tuples(
    st.sampled_from([TCP, UDP]), st.sampled_from(Kind), PORT, PORT, st.binary(max_size=3), st.integers(0, 2)
)
CLAIM = st.builds(
    Claim,
    st.sampled_from([TCP, UDP]),
    st.none() | st.frozensets(PORT),
    st.frozensets(PORT, max_size=2),
    st.integers(0, 4),
    st.none() | st.frozensets(st.integers(0, 255)) | st.just(frozenset(range(128))),
)
Datagram = tuple[int, Kind, int, int, bytes, int]


def batch(sent: list[Datagram]) -> Packets:
    """Packets with some of their payload, from among other bytes."""
    columns, buffer = PACKETS.empty(len(sent)), b"\x81"
    for row, (transport, kind, source, target, data, more) in enumerate(sent):
        columns["transport"][row], columns["kind"][row] = transport, kind
        columns["src_port"][row], columns["dst_port"][row] = source, target
        columns["payload"][row], columns["payload_captured"][row] = len(buffer) if data else 0, len(data)
        columns["payload_wire"][row] = len(data) + more
        buffer += data + bytes([0x40 + row % 64])
    return Packets(columns, QUOTES.empty(), buffer)


def meant(claim: Claim, one: Datagram) -> bool:
    """What the words of ``Claim`` say, for one packet."""
    transport, kind, source, target, data, _ = one
    if transport != claim.transport or kind is not Kind.TRANSPORT or len(data) < claim.least:
        return False
    if claim.ports is not None and source not in claim.ports and target not in claim.ports:
        return False
    if source in claim.never or target in claim.never:
        return False
    return claim.opening is None or (bool(data) and data[0] in claim.opening)


def test_numbers_are_those_of_the_tables() -> None:
    if COMPILED is None:
        pytest.skip("the compiled part was not built (no C compiler)")
    known = {**vars(tables), **vars(claims), "TRANSPORT": Kind.TRANSPORT}
    assert {name: known[name] for name in COMPILED.NUMBERS} == COMPILED.NUMBERS


@ENGINES
@settings(deadline=None, max_examples=80)
@given(sent=st.lists(SENT, max_size=12), asked=st.lists(CLAIM, min_size=1, max_size=19))
def test_each_gets_what_it_claims(compiled: bool, sent: list[Datagram], asked: list[Claim]) -> None:
    found = sorted_out(batch(sent), asked, compiled=compiled)
    for claim in asked:
        rows = rows_of(found, claim)
        assert rows.dtype == np.int64
        assert rows.tolist() == [row for row, one in enumerate(sent) if meant(claim, one)]
        assert rows_of(batch(sent), claim).tolist() == rows.tolist(), "alone as well"


@ENGINES
def test_more_packets_than_are_read_at_a_time(compiled: bool) -> None:
    sent = [
        (UDP if row % 3 else TCP, Kind.TRANSPORT, PORTS[row % 7], PORTS[row % 5], bytes([row % 256]), 0)
        for row in range(1000)
    ]
    asked = [
        Claim(UDP, opening=frozenset(range(100))),
        Claim(TCP, frozenset({80, 443}), opening=frozenset(range(50, 256))),
        Claim(TCP, never=frozenset({7})),
    ]
    found = sorted_out(batch(sent), asked, compiled=compiled)
    for claim in asked:
        assert rows_of(found, claim).tolist() == [row for row, one in enumerate(sent) if meant(claim, one)]


@needs_compiled
@pytest.mark.parametrize("begin", [-1, 5, 1 << 62])
def test_a_payload_that_begins_nowhere_is_never_read(begin: int) -> None:
    packets = batch([(UDP, Kind.TRANSPORT, 7, 7, b"abc", 0)])
    packets.columns["payload"][0] = begin
    with pytest.raises(IndexError):
        sorted_out(packets, [Claim(UDP, opening=frozenset({0x61}))])


@ENGINES
def test_no_bytes_at_all(compiled: bool) -> None:
    packets = batch([(TCP, Kind.TRANSPORT, 7, 7, b"", 0)])._replace(buffer=b"")
    asked = Claim(TCP, opening=frozenset({0})), Claim(TCP)
    found = sorted_out(packets, asked, compiled=compiled)
    assert [rows_of(found, claim).tolist() for claim in asked] == [[], [0]]


class Watcher:
    """Claims what goes to a port, and notes what it was shown."""

    def __init__(self, port: int) -> None:
        self.claims = (Claim(UDP, frozenset({port})),)
        self.seen: list[list[int]] = []
        self.known: list[bool] = []

    @staticmethod
    def wants(_: Packets) -> Want:
        return Want(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def add(self, packets: Packets) -> None:
        self.known.append(self.claims[0] in packets.claimed)
        self.seen.append(rows_of(packets, self.claims[0]).tolist())


def test_a_batch_is_sorted_once_for_all_who_watch() -> None:
    one, other = Watcher(80), Watcher(443)
    together = Together([one, other])
    together.add(batch([(UDP, Kind.TRANSPORT, port, 7, b"", 0) for port in (80, 443, 80)]))
    together.add(batch([]))
    assert (one.seen, other.seen) == ([[0, 2], []], [[1], []])
    assert one.known == other.known == [True, True]


def test_samples_and_public_captures() -> None:
    asked = [*Collector().claims, *(claim for one in observers() for claim in one.claims)]
    assert len(asked) == 5, "CoAP, HTTP, TFTP, BACnet, BioStar"
    seen = [0] * len(asked)
    for name, batches in captures("CLAIMS"):
        for packets in batches:
            for place, claim in enumerate(asked):
                rows, plain = (
                    rows_of(sorted_out(packets, asked, compiled=compiled), claim)
                    for compiled in (True, False)
                )
                assert rows.tolist() == plain.tolist(), name
                seen[place] += len(rows)
    assert min(seen) > 50
