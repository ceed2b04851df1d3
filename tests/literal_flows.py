"""The rules of the flow table, read literally: one frame at a time, with loops over all other frames.

Slow, and written without a look at how ``analyzer.flowtable`` does it, so that the two can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from analyzer.tables import ARP, FLOWS, TCP, UDP, Head, Kind, Packets, QuotedError, Undecoded

MS = 1_000_000
Row = dict[str, int]
End = tuple[int, int, int]


@dataclass
class Flow:
    """``rows`` and ``heads`` are (from A, from B)."""

    kind: tuple[int, int, bool]
    a: End
    b: End
    rows: tuple[list[Row], list[Row]] = field(default_factory=lambda: ([], []))
    copies: tuple[list[Row], list[Row]] = field(default_factory=lambda: ([], []))
    heads: tuple[list[Head], list[Head]] = field(default_factory=lambda: ([], []))
    errors: dict[Any, list[int]] = field(default_factory=dict)
    fragments: int = 0


def literal(batch: Packets, near_copies: int, candidates: int, near_fragments: int) -> dict[str, Any]:
    """All that a flow table says of ``batch``. ``near_copies`` and ``near_fragments`` are in frames."""
    rows = unrolled(batch.columns)
    flows: list[Flow] = []
    for row in rows:
        if row["kind"] in (Kind.TRANSPORT, Kind.IP, Kind.LINK):
            count(row, flows, near_copies, candidates, batch.buffer)
    orphans = count_fragments(rows, flows, near_fragments)
    strays = sum(not attach(quote, rows[quote["row"]], flows) for quote in unrolled(batch.quotes))
    return {
        "columns": columns(flows),
        "heads": {
            number: (tuple(flow.heads[0]), tuple(flow.heads[1]))
            for number, flow in enumerate(flows)
            if flow.heads[0] or flow.heads[1]
        },
        "errors": {
            number: tuple(QuotedError(*what, *entry) for what, entry in flow.errors.items())
            for number, flow in enumerate(flows)
            if flow.errors
        },
        "undecoded": undecoded(rows),
        "orphans": orphans,
        "strays": strays,
    }


def unrolled(table: dict[str, Any]) -> list[Row]:
    size = len(next(iter(table.values())))
    return [{name: int(array[row]) for name, array in table.items()} for row in range(size)]


def ends(row: Row) -> tuple[End, End]:
    return (
        (row["src_hi"], row["src_lo"], row["src_port"]),
        (row["dst_hi"], row["dst_lo"], row["dst_port"]),
    )


def find(flows: list[Flow], kind: tuple[int, int, bool], src: End, dst: End) -> tuple[Flow, int] | None:
    for flow in flows:
        if flow.kind == kind:
            if (flow.a, flow.b) == (src, dst):
                return flow, 0
            if (flow.b, flow.a) == (src, dst):
                return flow, 1
    return None


def count(row: Row, flows: list[Flow], near: int, candidates: int, buffer: Any) -> None:
    kind = (row["version"], row["transport"], row["kind"] == Kind.TRANSPORT)
    found = find(flows, kind, *ends(row))
    if found is None:
        flows.append(Flow(kind, *ends(row)))
        found = flows[-1], 0
    flow, way = found
    same = [earlier for earlier in flow.rows[way] if identical(row, earlier)][-candidates:]
    if row["digest"] and any(is_copy(row, earlier, near) for earlier in same):
        flow.copies[way].append(row)
    flow.rows[way].append(row)
    if kind[2] and row["payload_captured"]:
        size = 512 if row["transport"] == UDP and row["dst_port"] == 69 else 160
        begin = row["payload"]
        data = bytes(buffer[begin : begin + min(size, row["payload_captured"])])
        known = [(head.data, head.wire) for head in flow.heads[way]]
        if len(known) < 4 and (data, row["payload_wire"]) not in known:
            flow.heads[way].append(Head(row["frame"], row["time"], row["payload_wire"], data))


def identical(row: Row, earlier: Row) -> bool:
    return all(row[name] == earlier[name] for name in ("digest", "ip_id", "payload_wire"))


def is_copy(row: Row, earlier: Row, near: int) -> bool:
    limit = 50 * MS if row["interface"] != earlier["interface"] else 20 * MS if row["ip_id"] else MS
    return row["frame"] - earlier["frame"] <= near and abs(row["time"] - earlier["time"]) <= limit


def count_fragments(rows: list[Row], flows: list[Flow], near: int) -> int:
    firsts = [(row, flow) for flow in flows for side in flow.rows for row in side if row["fragmented"]]
    orphans = 0
    for row in rows:
        if row["kind"] == Kind.FRAGMENT:
            candidates = [
                (first["frame"] - row["frame"], flow)
                for first, flow in firsts
                if datagram(first) == datagram(row) and abs(first["frame"] - row["frame"]) <= near
            ]
            before = [one for one in candidates if one[0] < 0]
            after = [one for one in candidates if one[0] > 0]
            if before:
                max(before, key=lambda one: one[0])[1].fragments += 1
            elif after:
                min(after, key=lambda one: one[0])[1].fragments += 1
            else:
                orphans += 1
    return orphans


def datagram(row: Row) -> tuple[int, ...]:
    names = ["version", "src_hi", "src_lo", "dst_hi", "dst_lo", "ip_id"]
    return tuple(row[name] for name in (names if row["version"] == 6 else [*names, "transport"]))


def attach(quote: Row, report: Row, flows: list[Flow]) -> bool:
    kind = (quote["version"], quote["transport"], quote["transport"] in (TCP, UDP))
    found = find(flows, kind, *ends(quote))
    if found is None:
        return False
    flow, way = found
    reporter = (report["version"], report["src_hi"], report["src_lo"])
    what = (way == 0, report["version"], report["icmp"] >> 8, report["icmp"] & 255, reporter)
    entry = flow.errors.setdefault(what, [0, report["frame"], 0, report["time"]])
    entry[0] += 1
    entry[2] = report["frame"]
    return True


def undecoded(rows: list[Row]) -> dict[int, Undecoded]:
    result: dict[int, Undecoded] = {}
    for row in rows:
        if row["reason"] or row["kind"] == Kind.UNDECODED:
            known = result.get(row["reason"], Undecoded(0, row["frame"]))
            result[row["reason"]] = Undecoded(known.count + 1, known.first_frame)
    return result


def columns(flows: list[Flow]) -> dict[str, list[int]]:
    table: dict[str, list[int]] = {column.name: [] for column in FLOWS.columns}
    for flow in flows:
        values = {"version": flow.kind[0], "transport": flow.kind[1], "fragments": flow.fragments}
        values |= dict(zip(("a_hi", "a_lo", "a_port"), flow.a, strict=True))
        values |= dict(zip(("b_hi", "b_lo", "b_port"), flow.b, strict=True))
        for way, name in enumerate(("ab", "ba")):
            values |= side(flow, way, name)
        for name, column in table.items():
            column.append(values[name])
    return table


def side(flow: Flow, way: int, name: str) -> dict[str, int]:
    rows = flow.rows[way]
    tcp = [row["flags"] for row in rows if flow.kind[1] == TCP]
    flags = 0
    for row in rows:
        if flow.kind[1] == TCP:
            flags |= row["flags"]
        elif flow.kind[1] == ARP and row["flags"] < 8:
            flags |= 1 << row["flags"]
        elif flow.kind[1] == UDP:
            flags |= 0x80 if row["flags"] >= 0x80 else 0x40
    return {
        f"packets_{name}": len(rows),
        f"bytes_{name}": sum(row["wire"] for row in rows),
        f"payload_{name}": sum(row["payload_wire"] for row in rows),
        f"duplicates_{name}": len(flow.copies[way]),
        f"syn_{name}": sum(flag & 0x12 == 0x02 for flag in tcp),
        f"synack_{name}": sum(flag & 0x12 == 0x12 for flag in tcp),
        f"rst_{name}": sum(flag & 0x04 != 0 for flag in tcp),
        f"flags_{name}": flags,
        f"first_frame_{name}": rows[0]["frame"] if rows else 0,
        f"last_frame_{name}": rows[-1]["frame"] if rows else 0,
        f"first_time_{name}": min((row["time"] for row in rows), default=0),
        f"last_time_{name}": max((row["time"] for row in rows), default=0),
    }
