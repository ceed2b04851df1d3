"""Stretches of batches, however they are made and joined, against a plain list of packets."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.activity import stretches
from analyzer.activity.stretches import STRETCH, Hosts, joined, of_rows, within
from analyzer.picking import Want, pick
from analyzer.tables import PACKETS, QUOTES, Kind, Packets

HOSTS = ((4, 0, 1), (4, 0, 2), (6, 0, 1), (6, 1, 1))
APART = 8
Sent = tuple[int, int]
"""Which host, and when."""
SENT = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 90)), max_size=60)


def packets(sent: list[Sent], frame: int = 1) -> Packets:
    columns = PACKETS.empty(len(sent))
    columns["kind"][:] = Kind.TRANSPORT
    columns["frame"] = np.arange(frame, frame + len(sent))
    for row, (host, time) in enumerate(sent):
        columns["version"][row], columns["src_hi"][row], columns["src_lo"][row] = HOSTS[host]
        columns["time"][row] = time
    return Packets(columns, QUOTES.empty(), b"")


def plain(sent: list[Sent]) -> list[tuple[int, ...]]:
    """The stretches of each host, by looking at its packets one after the other."""
    found = []
    for host in range(len(HOSTS)):
        own = sorted((time, frame) for frame, (sender, time) in enumerate(sent, 1) if sender == host)
        for time, frame in own:
            if not found or found[-1][0] != host or time - found[-1][2] > APART:
                found.append([host, time, time, frame, frame])
            found[-1][2], found[-1][4] = time, frame
    return sorted((*HOSTS[host], *rest) for host, *rest in found)


def told(some: np.ndarray) -> list[tuple[int, ...]]:
    names = ("version", "hi", "lo", "begin", "end", "begin_frame", "end_frame")
    return sorted(tuple(int(one[name]) for name in names) for one in some)


@pytest.mark.parametrize("compiled", [True, False])
@settings(max_examples=80)
@given(sent=SENT, batch=st.integers(1, 60), picked=st.booleans())
def test_joined_they_are_what_was_sent(sent: list[Sent], batch: int, picked: bool, compiled: bool) -> None:
    if compiled and stretches.COMPILED is None:
        pytest.skip("the compiled part was not built (no C compiler)")
    kept = [np.zeros(0, STRETCH)]
    for begin in range(0, len(sent), batch):
        part = packets(sent[begin : begin + batch], begin + 1)
        if picked:
            rows = np.unique(np.concatenate(within(part, APART, compiled=compiled)))
            part = pick(part, [lambda _, rows=rows: Want(rows, np.zeros(len(rows), np.int64))])
        firsts, lasts = within(part, APART, compiled=compiled)
        times = part.columns["time"]
        assert (times[lasts] - times[firsts] <= APART).all()
        kept.append(of_rows(part, firsts, lasts))
    assert told(joined(np.concatenate(kept), APART)) == plain(sent)


@pytest.mark.skipif(stretches.COMPILED is None, reason="the compiled part was not built (no C compiler)")
@settings(max_examples=80)
@given(sent=SENT, batch=st.integers(1, 60), asked=st.booleans())
def test_a_table_of_hosts_gives_away_what_was_sent(sent: list[Sent], batch: int, asked: bool) -> None:
    hosts = Hosts()
    kept = [np.zeros(0, STRETCH)]
    for begin in range(0, len(sent), batch):
        part = packets(sent[begin : begin + batch], begin + 1)
        kept += hosts.add(part, APART)
        assert len(hosts) <= len(HOSTS)
        if asked:
            hosts = pickle.loads(pickle.dumps(hosts))
            kept.append(hosts.give())
    kept.append(hosts.give())
    assert len(hosts) == len(hosts.give()) == 0
    assert told(joined(np.concatenate(kept), APART)) == plain(sent)


@pytest.mark.skipif(stretches.COMPILED is None, reason="the compiled part was not built (no C compiler)")
def test_a_table_of_hosts_is_bounded() -> None:
    count = 2 * (stretches.MOST + 2500)
    part = packets([(0, 7)] * count)
    part.columns["src_lo"][:] = np.arange(count) % (stretches.MOST + 2500)
    hosts = Hosts()
    given = [*hosts.add(part, APART), hosts.give()]
    assert max(map(len, given)) <= stretches.MOST
    made = joined(np.concatenate(given), APART)
    assert made["lo"].tolist() == list(range(stretches.MOST + 2500))
    assert (made["end_frame"] - made["begin_frame"] == stretches.MOST + 2500).all()


@pytest.mark.skipif(stretches.COMPILED is None, reason="the compiled part was not built (no C compiler)")
def test_a_table_of_hosts_gives_away_any_number_at_a_time() -> None:
    count = 3 * stretches.CLOSED
    part = packets([(0, 100 * number) for number in range(count)])
    hosts = Hosts()
    given = hosts.add(part, APART)
    assert len(given) > 2
    assert max(map(len, given)) <= stretches.CLOSED
    assert sum(map(len, given)) == count - 1
    assert len(joined(np.concatenate([*given, hosts.give()]), APART)) == count


@given(sent=SENT, cut=st.integers(0, 60))
def test_joining_what_is_joined_changes_nothing(sent: list[Sent], cut: int) -> None:
    def whole(some: list[Sent], frame: int) -> np.ndarray:
        part = packets(some, frame)
        return joined(of_rows(part, *within(part, APART)), APART)

    one, other = whole(sent[:cut], 1), whole(sent[cut:], cut + 1)
    assert told(joined(np.concatenate((other, one)), APART)) == plain(sent)
    assert told(joined(one, APART)) == told(one)


@pytest.mark.parametrize("compiled", [True, False])
def test_packets_without_addresses_are_nobody_s(compiled: bool) -> None:
    if compiled and stretches.COMPILED is None:
        pytest.skip("the compiled part was not built (no C compiler)")
    part = packets([(0, 1), (1, 2), (2, 3)])
    part.columns["version"][0] = 0
    part.columns["kind"][1] = Kind.UNDECODED
    firsts, lasts = within(part, APART, compiled=compiled)
    assert firsts.tolist() == lasts.tolist() == [2]
