"""The compiled table against the reference: growth, heads, merging of large parts, public captures."""

from __future__ import annotations

import gc
import pickle
import random
import weakref
from typing import Any

import numpy as np
import pytest
from everywhere import captures

from analyzer import tables
from analyzer.flowtable import copies
from analyzer.flowtable.table import FlowTable
from analyzer.tables import PACKETS, QUOTES, TCP, UDP, Kind, Packets

compiled = pytest.importorskip(
    "analyzer.flowtable.compiled", reason="the compiled table was not built (no C compiler)"
)

UNREAD = {"seq", "ack", "icmp"}
"""Columns of PACKETS that the table does not count by."""


def outcome(table: FlowTable) -> Any:
    flows = table.flows()
    tables.FLOWS.check(flows.columns)
    columns = {name: array.tolist() for name, array in flows.columns.items()}
    return columns, flows.heads, flows.errors, flows.undecoded, table.orphan_fragments, table.stray_errors


def many(seed: int, size: int, hosts: int, begin: int = 1) -> Packets:
    """Random packets between so many hosts; payloads from a small set, so that some heads are equal."""
    draw = np.random.default_rng(seed)
    columns = PACKETS.empty(size)
    columns["frame"][:] = np.arange(begin, begin + size)
    columns["time"][:] = columns["frame"] * 10_000 + draw.integers(-9000, 9000, size)
    columns["wire"][:] = draw.integers(60, 1500, size)
    columns["kind"][:] = draw.choice(
        [Kind.TRANSPORT] * 8 + [Kind.IP, Kind.LINK, Kind.FRAGMENT, 0], size
    ).astype("u1")
    columns["version"][:] = draw.choice([4, 6], size)
    columns["transport"][:] = draw.choice([TCP, UDP], size)
    for name in ("src_hi", "dst_hi"):
        columns[name][:] = draw.choice(np.array([0, 0, 0, 2**64 - 1], "u8"), size)
    for name in ("src_lo", "dst_lo"):
        columns[name][:] = draw.integers(1, hosts + 1, size)
    for name in ("src_port", "dst_port"):
        columns[name][:] = draw.choice([69, 443, 1900, 5683, 50000, 65535], size)
    columns["flags"][:] = draw.integers(0, 256, size)
    columns["ip_id"][:] = draw.integers(0, 3, size)
    columns["digest"][:] = draw.integers(0, 4, size)
    columns["fragmented"][:] = draw.choice([0, 0, 0, 1], size)
    columns["payload"][:] = draw.integers(0, 40, size)
    columns["payload_wire"][:] = draw.choice([0, 5, 200, 700], size)
    columns["payload_captured"][:] = np.minimum(columns["payload_wire"], draw.choice([0, 5, 700], size))
    return Packets(columns, QUOTES.empty(), random.Random(seed).randbytes(600))


def test_numbers_are_those_of_the_tables() -> None:
    from analyzer.flowtable import fast

    known = {**Kind.__members__, **vars(tables), **vars(copies)}
    assert {name: int(known[name]) for name in fast.NUMBERS} == fast.NUMBERS


@pytest.mark.parametrize(("size", "hosts"), [(1, 1), (300, 2), (5000, 3), (20000, 500)])
def test_large_batches_and_merging_parts_of_them(size: int, hosts: int) -> None:
    expected, whole = FlowTable(), compiled.CompiledTable()
    parts = []
    for number in range(3):
        batch = many(number, size, hosts, 1 + number * size)
        expected.add(batch)
        whole.add(batch)
        part = compiled.CompiledTable()
        part.add(batch)
        parts.append(part)
    assert outcome(whole) == outcome(expected)
    parts[0].merge(parts[1])
    parts[0].merge(parts[2])
    assert outcome(parts[0]) == outcome(expected)


@pytest.mark.parametrize("make", [FlowTable, compiled.CompiledTable])
@pytest.mark.parametrize(
    ("size", "hosts", "block"), [(0, 1, 4), (1, 1, 4), (3000, 5, 64), (3000, 5, 1 << 16)]
)
def test_a_spent_table_gives_the_same_flows_and_goes(
    make: type[FlowTable], size: int, hosts: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "BLOCK", block)
    table, same = make(), make()
    for one in (table, same):
        one.add(many(1, size, hosts))
    sent = pickle.loads(pickle.dumps(table, 5))
    expected = same.flows()
    for one in (table, sent):
        flows = one.flows(spent=True)
        tables.FLOWS.check(flows.columns)
        for name, column in expected.columns.items():
            assert flows.columns[name].tolist() == column.tolist(), name
        assert flows.heads == expected.heads
        assert flows[2:] == expected[2:]
    gone = weakref.ref(table)
    gc.disable()
    try:
        del table, one
        assert gone() is None
    finally:
        gc.enable()


def test_sights_whose_numbers_begin_again() -> None:
    expected, table = FlowTable(), compiled.CompiledTable()
    for number in range(4):
        batch = many(7, 1500, 1, 1 + number * 1500)
        expected.add(batch)
        table.add(batch)
        if not number:
            # As if 2**32 packets less some hundred had been counted: what is in the ring stays where it is.
            skipped = 2**32 - compiled.fast.RING
            table._used[3] += skipped
            for numbers in (table._latest, table._previous):
                low = numbers[numbers != 0] + np.uint64(skipped) & np.uint64(2**32 - 1)
                numbers[numbers != 0] = numbers[numbers != 0] >> np.uint64(32) << np.uint64(32) | low
    assert table._used[3] > 2**32
    assert outcome(table) == outcome(expected)
    assert expected.flows().columns["duplicates_ab"].sum() > 100


@pytest.mark.parametrize("name", [column.name for column in PACKETS.columns if column.name not in UNREAD])
def test_columns_of_unequal_length_are_refused(name: str) -> None:
    batch = many(1, 50, 2)
    short = {**batch.columns, name: batch.columns[name][:40]}
    table = compiled.CompiledTable()
    with pytest.raises((ValueError, IndexError), match=r"not as long as|not in the batch"):
        table._count(Packets(short, batch.quotes, batch.buffer), 0, 50)
    table._owners = np.empty(51, "i8")
    with pytest.raises(IndexError):
        table._count(batch, 0, 51)


def filled(batches: list[Packets], make: type[FlowTable]) -> Any:
    table = make()
    for packets in batches:
        table.add(packets)
    return outcome(table)


def test_samples_and_public_captures() -> None:
    seen = 0
    for name, batches in captures("TABLES"):
        assert filled(batches, compiled.CompiledTable) == filled(batches, FlowTable), name
        seen += 1
    assert seen > 300
