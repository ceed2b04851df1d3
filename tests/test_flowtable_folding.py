"""Flows that are over, counted in another flow of their kind."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import rings
from captures import pcap
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import GATEWAY, NODE, OTHER
from traffic import Traffic

from analyzer import decode
from analyzer.capture.find import find
from analyzer.flowtable import engine
from analyzer.tables import Flows

if engine.COMPILED is None:
    pytest.skip("the compiled table was not built", allow_module_level=True)

from analyzer.flowtable.compiled import END, RARE, CompiledTable
from analyzer.flowtable.folding import ANY, LEAST, MOST, SUMS, folded


def add(table: CompiledTable, traffic: Traffic, frame: int, path) -> int:
    """Fill a table; the number of the next frame."""
    path.write_bytes(pcap(rings.frames(traffic)))
    (one,) = find([str(path)])
    for batch in one.batches():
        table.add(decode.decode(batch, frame, "fast"))
        frame += len(batch.frames["time"])
    return frame


def same(one: Flows, other: Flows) -> None:
    for name, column in one.columns.items():
        assert column.tolist() == other.columns[name].tolist(), name
    assert dict(one.heads) == dict(other.heads)
    assert (one.errors, one.undecoded) == (other.errors, other.undecoded)


def site() -> Traffic:
    traffic = Traffic()
    for number in range(5):
        traffic.connect(number, NODE, 40000 + number, GATEWAY, 443, b"hello%d" % number)
    traffic.coap(10, OTHER, GATEWAY)
    traffic.unreachable(11, GATEWAY, NODE, 40001, GATEWAY, 443, 13, 6)
    traffic.unreachable(12, GATEWAY, NODE, 40002, GATEWAY, 443, 13, 6)
    return traffic


def test_every_field_of_a_direction_is_folded() -> None:
    assert {*SUMS, *LEAST, *MOST, *ANY, "head", "heads", "few"} == {*END.names, *RARE.names}


def test_nothing_folded_is_the_same_table(tmp_path) -> None:
    table = CompiledTable()
    frame = add(table, site(), 1, tmp_path / "a.pcap")
    whole = pickle.loads(pickle.dumps(table))
    rows = len(table.flows().columns["version"])
    made = folded(table, np.arange(rows))
    same(made.flows(), whole.flows())
    for one in (made, whole):  # and it grows on
        add(
            one,
            Traffic().connect(20, NODE, 40001, GATEWAY, 443, b"again").coap(30, NODE, OTHER),
            frame,
            tmp_path / "b",
        )
    same(made.flows(), whole.flows())
    assert (made.orphan_fragments, made.stray_errors) == (whole.orphan_fragments, whole.stray_errors)


def test_flows_of_a_kind_are_one(tmp_path) -> None:
    table = CompiledTable()
    add(table, site(), 1, tmp_path / "a.pcap")
    before = table.flows()
    made = folded(table, np.array([0, 1, 1, 1, 1, *range(5, len(before.columns["version"]))])).flows()
    assert len(made.columns["version"]) == len(before.columns["version"]) - 3
    for name in ("packets_ab", "bytes_ba", "payload_ab", "syn_ab", "synack_ba", "rst_ab"):
        assert made.columns[name][1] == before.columns[name][1:5].sum()
    assert made.columns["first_frame_ab"][1] == before.columns["first_frame_ab"][1]
    assert made.columns["last_time_ab"][1] == before.columns["last_time_ab"][4]
    assert made.columns["a_port"].tolist()[:3] == [40000, 40001, 40000]
    assert made.heads[1] == before.heads[1]
    assert made.heads[2] == before.heads[5]
    (error,) = made.errors[1]
    assert (error.count, error.first_frame) == (2, before.errors[1][0].first_frame)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30), st.randoms())
def test_sums_stay_and_growth_goes_on(tmp_path_factory, flows, chance) -> None:
    folder = tmp_path_factory.mktemp("fold")
    traffic, more = Traffic(), Traffic()
    for at, (host, port) in enumerate(flows):
        traffic.connect(at, f"10.0.0.{host}", 40000 + port, GATEWAY, 443, b"x" * port)
        more.connect(100 + at, f"10.0.0.{host}", 40000 + port, GATEWAY, 443, b"y" * port)
    table = CompiledTable()
    frame = add(table, traffic, 1, folder / "a")
    before = table.flows().columns
    into, first = np.arange(len(before["version"])), {}
    for row, host in enumerate(before["a_lo"].tolist()):
        target = first.setdefault(host, row)
        into[row] = target if chance.random() < 0.7 else row
    made = folded(table, into)
    add(made, more, frame, folder / "b")
    after = made.flows().columns
    for way in ("ab", "ba"):
        assert after[f"packets_{way}"].sum() == 2 * before[f"packets_{way}"].sum()
        assert after[f"first_time_{way}"].min() == before[f"first_time_{way}"].min()
    assert len(after["version"]) == len(before["version"])


def test_old_errors_about_no_flow_are_told_together(tmp_path) -> None:
    traffic = site()
    for number in range(6):
        traffic.unreachable(20 + number, GATEWAY, NODE, 50000 + number, GATEWAY, 9, 3)
    table = CompiledTable()
    add(table, traffic, 1, tmp_path / "a.pcap")
    rows = np.arange(table.count)
    # All but the last of the six are older than that.
    limit = max(entry[3] for entry in table._errors.values())
    made = folded(table, rows, limit)
    assert (table.size, made.size) == (table.count + 8, table.count + 4)
    assert (table.stray_errors, made.stray_errors) == (6, 6)
    same(made.flows(), table.flows())
    # Again, and merged after another part: the sum stays.
    assert folded(made, rows, limit).stray_errors == 6
    whole = folded(made, rows, limit + 1)
    assert (whole.size, whole.stray_errors) == (table.count + 3, 6)
    part = CompiledTable()
    part.merge(pickle.loads(pickle.dumps(whole)))
    assert part.stray_errors == 6
