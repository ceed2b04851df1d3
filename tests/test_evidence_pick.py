"""Which frames belong to a flow: by hand, and against the flow table's own counts on every sample."""

from __future__ import annotations

from pathlib import Path

import judging
import pytest
from frames import A4, B4, batch, eth, icmp, ip4, udp
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import decode
from analyzer.capture.find import find
from analyzer.evidence import Picker
from analyzer.model import Endpoint, FlowRecord, Outcome
from analyzer.pipeline import Options, flows


def flow(
    a: str = A4, b: str = B4, sport: int | None = 49152, dport: int | None = 5683, transport: str = "udp"
) -> FlowRecord:
    ends = Endpoint(a, sport), Endpoint(b, dport)
    return FlowRecord(
        "f1", transport, "", "", *ends, "guess", "ports", (1, 0), (1, 0), 0, 0, (1, 1), Outcome.ONE_WAY
    )


def picked(
    frames: list[bytes], *flows: FlowRecord, numbers: tuple[int, ...] = (), limit: int = 0
) -> list[int]:
    picker = Picker(flows, numbers)
    for index, frame in enumerate(frames):
        picker.add(decode.decode(batch(frame), index + 1))
    return picker.chosen(limit).frames.tolist()


def test_both_directions_and_nothing_else() -> None:
    frames = [
        eth(ip4(udp())),
        eth(ip4(udp(sport=5683, dport=49152), a=B4, b=A4)),
        eth(ip4(udp(sport=49153))),
        eth(ip4(udp(), a=B4, b=A4)),  # the ports of the flow at the wrong ends
        eth(ip4(udp(), b="10.4.5.7")),
    ]
    assert picked(frames, flow()) == [1, 2]


def test_an_icmp_error_belongs_to_what_it_quotes() -> None:
    error = eth(ip4(icmp(3, 13, ip4(udp())), 1, a="10.9.9.9", b=A4))
    other = eth(ip4(icmp(3, 13, ip4(udp(dport=9))), 1, a="10.9.9.9", b=A4))
    assert picked([error, other], flow()) == [1]


def test_later_fragments_follow_the_first_of_their_datagram() -> None:
    def piece(offset: int, more: bool, ident: int, body: bytes) -> bytes:
        return eth(ip4(body, ident=ident, fragment=offset | (0x2000 if more else 0)))

    frames = [
        piece(185, False, 7, bytes(40)),  # arrives before its first fragment
        piece(0, True, 7, udp(bytes(32))),
        piece(0, True, 8, udp(bytes(32), dport=9)),
        piece(185, False, 8, bytes(40)),
        piece(0, True, 9, udp(bytes(32))),
        piece(185, False, 9, bytes(40)),
    ]
    assert picked(frames, flow()) == [1, 2, 5, 6]
    assert picked(frames, flow(dport=9)) == [3, 4]


def test_the_limit_takes_the_first_of_every_flow() -> None:
    busy, quiet = eth(ip4(udp())), eth(ip4(udp(dport=9)))
    frames = [busy] * 6 + [quiet] * 2
    assert picked(frames, flow(), flow(dport=9), limit=4) == [1, 2, 7, 8]
    assert picked(frames, flow(), flow(dport=9), limit=3) == [1, 2, 7]
    assert picked(frames, flow(), numbers=(6,), limit=2) == [1, 6]
    assert picked(frames, numbers=(8, 2, 2)) == [2, 8]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2), max_size=30), st.integers(0, 12))
def test_the_limit_is_kept(kinds: list[int], limit: int) -> None:
    frames = [eth(ip4(udp(dport=5683 + kind))) for kind in kinds]
    flows = [flow(dport=5683), flow(dport=5684)]
    every = picked(frames, *flows)
    assert every == [at + 1 for at, kind in enumerate(kinds) if kind < 2]
    some = picked(frames, *flows, limit=limit)
    assert set(some) <= set(every)
    assert len(some) == (min(limit, len(every)) if limit else len(every))


@pytest.mark.parametrize("path", [path for path, _ in judging.samples()], ids=lambda path: path.parent.name)
def test_every_flow_has_as_many_frames_as_the_flow_table_counts(path: Path) -> None:
    """Its packets and fragments, and the ICMP errors that quote it, which are flows of their own as well."""
    report = flows(Options((str(path),)))
    (one,) = find((str(path),))
    batches, frame = [], 1
    for read in one.batches():
        batches.append(decode.decode(read, frame))
        frame += len(read.frames["time"])

    def frames_of(*records: FlowRecord) -> set[int]:
        picker = Picker(records)
        for packets in batches:
            picker.add(packets)
        return set(picker.chosen().frames.tolist())

    errors = frames_of(*(record for record in report.flows if record.transport.startswith("icmp")))
    for record in report.flows[:12]:
        found = frames_of(record)
        assert set(record.frames) <= found
        if not record.transport.startswith("icmp"):
            assert len(found - errors) == sum(record.packets) + record.fragments
    assert len(frames_of(*report.flows)) == frame - 1 - report.undecoded.get("not-data", 0)
