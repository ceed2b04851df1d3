"""Silences of hosts, against a plain list of times."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import make_batch
from traffic import START, Traffic

from analyzer.activity import Activity
from analyzer.activity.stretches import APART
from analyzer.addresses import parse
from analyzer.decode import decode
from analyzer.picking import pick

A, B, C = "10.20.1.21", "10.20.1.22", "10.21.1.20"
SECOND = 1_000_000_000


def fill(
    times: list[tuple[float, str]], batch: int = 1 << 20, limit: int = 1 << 20, compiled: bool = True
) -> Activity:
    traffic = Traffic()
    for at, host in times:
        traffic.udp(at, host, 5683, "10.20.0.10", 5683, b"x")
    frames = sorted(traffic.frames, key=lambda item: item[0])
    activity = Activity(limit, compiled=compiled)
    for begin in range(0, len(frames), batch):
        packets = decode(make_batch(frames[begin : begin + batch]), begin + 1)
        activity.add(pick(packets, (Activity.wants,)))
    return activity


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from([A, B, C])), min_size=1, max_size=80),
    st.integers(1, 30),
    st.booleans(),
)
def test_every_long_silence_is_found_and_none_is_made_up(
    times: list[tuple[int, str]], batch: int, compiled: bool
) -> None:
    times.sort(key=lambda item: item[0])
    activity = fill([(float(at), host) for at, host in times], batch, compiled=compiled)
    silences = activity.silences({parse(host) for host in (A, B, C)}, APART + SECOND)
    for host in (A, B, C):
        own = [at for at, sender in times if sender == host]
        ends = [*own[1:], times[-1][0]] if own else []
        expected = [(a, b) for a, b in zip(own, ends, strict=True) if b - a >= 9]
        found = [((s.begin // SECOND) - START, s.end // SECOND - START) for s in silences[parse(host)]]
        assert found == expected


def test_a_pause_is_everybodys() -> None:
    times = [(0, A), (50, B), (60, A), (200, C), (205, A), (400, B)]
    pauses = fill([(float(at), host) for at, host in times]).pauses(100 * SECOND)
    assert [(begin // SECOND - START, end // SECOND - START) for begin, end in pauses] == [
        (60, 200),
        (205, 400),
    ]
    assert Activity().pauses(1) == ()


def test_the_frames_are_those_around_it() -> None:
    (first, last) = fill([(0, A), (1, A), (30, B), (31, A), (60, B)]).silences([parse(A)], 10 * SECOND)[
        parse(A)
    ]
    assert (first.frame_before, first.frame_after, first.length) == (2, 4, 30 * SECOND)
    assert (last.frame_before, last.frame_after, last.length) == (4, 0, 29 * SECOND)


def test_memory_is_bounded_and_long_silences_stay() -> None:
    times = [(at * 10.0, host) for at in range(400) for host in (A, B)] + [(9000.0, A)]
    activity = fill(times, batch=50, limit=100)
    assert activity.apart > APART
    assert activity.held <= 250
    (gap,) = activity.silences([parse(A)], 5000 * SECOND)[parse(A)]
    assert gap.length == (9000 - 3990) * SECOND


def test_a_host_that_is_not_there() -> None:
    assert fill([(0, A)]).silences([parse(B)], 1)[parse(B)] == []
    assert Activity().silences([parse(B)], 1)[parse(B)] == []


def test_more_hosts_than_stretches() -> None:
    hosts = [f"10.30.{number // 250}.{number % 250 + 1}" for number in range(500)]
    activity = fill([(number * 0.01, host) for number, host in enumerate(hosts)] + [(900, B)], 20, 100)
    assert activity.held <= 250
    assert len(activity.silences([parse(B)], 1)[parse(B)]) <= 1
