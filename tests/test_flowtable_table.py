"""Single rules of the flow table by hand; the law and the literal reading are in test_flows."""

from __future__ import annotations

import numpy as np

from analyzer.flowtable import HEADS, FlowTable
from analyzer.flowtable.table import HEAD_BYTES, LONG_HEAD_BYTES
from analyzer.tables import ARP, ICMP, NOT_TO_ALL, PACKETS, QUOTES, TCP, TO_ALL, UDP, Kind, Packets


def batch(
    *rows: dict[str, int], begin: int = 1, buffer: bytes = b"", quotes: tuple[dict[str, int], ...] = ()
) -> Packets:
    columns, quoted = PACKETS.empty(len(rows)), QUOTES.empty(len(quotes))
    columns["frame"] = np.arange(begin, begin + len(rows))
    columns["time"] = columns["frame"] * 1000
    columns["wire"], columns["kind"], columns["version"] = (
        np.full(len(rows), 60),
        np.full(len(rows), Kind.TRANSPORT, "u1"),
        np.full(len(rows), 4, "u1"),
    )
    for table, values in ((columns, rows), (quoted, quotes)):
        for place, row in enumerate(values):
            for name, value in row.items():
                table[name][place] = value
    return Packets(columns, quoted, buffer)


def udp(src: int, src_port: int, dst: int, dst_port: int, **more: int) -> dict[str, int]:
    return {"transport": UDP, "src_lo": src, "src_port": src_port, "dst_lo": dst, "dst_port": dst_port} | more


def test_a_is_the_source_of_the_first_packet() -> None:
    table = FlowTable()
    table.add(
        batch(
            udp(9, 5683, 1, 5683, wire=100), udp(1, 5683, 9, 5683, wire=70), udp(9, 5683, 1, 5683, wire=100)
        )
    )
    columns = table.flows().columns
    assert (columns["a_lo"].tolist(), columns["b_lo"].tolist()) == ([9], [1])
    assert (columns["packets_ab"].tolist(), columns["packets_ba"].tolist()) == ([2], [1])
    assert (columns["bytes_ab"].tolist(), columns["bytes_ba"].tolist()) == ([200], [70])
    assert (columns["first_frame_ab"].tolist(), columns["last_frame_ab"].tolist()) == ([1], [3])
    assert (columns["first_time_ba"].tolist(), columns["last_time_ba"].tolist()) == ([2000], [2000])


def test_identical_ends_count_one_way() -> None:
    table = FlowTable()
    table.add(batch(udp(5, 1900, 5, 1900), udp(5, 1900, 5, 1900)))
    columns = table.flows().columns
    assert (columns["packets_ab"].tolist(), columns["packets_ba"].tolist()) == ([2], [0])


def test_flags_of_tcp_and_opcodes_of_arp() -> None:
    table = FlowTable()
    tcp = {"transport": TCP, "src_lo": 1, "src_port": 9, "dst_lo": 2, "dst_port": 80}
    back = {"transport": TCP, "src_lo": 2, "src_port": 80, "dst_lo": 1, "dst_port": 9}
    arp = {"transport": ARP, "kind": Kind.LINK, "src_lo": 1, "dst_lo": 2}
    rows = [tcp | {"flags": 0x02}, back | {"flags": 0x12}, tcp | {"flags": 0x10}, back | {"flags": 0x14}]
    table.add(
        batch(*rows, arp | {"flags": 1}, arp | {"flags": 2}, arp | {"flags": 9}, udp(1, 1, 2, 2, flags=0x02))
    )
    columns = table.flows().columns
    assert columns["flags_ab"].tolist() == [0x12, 0b110, NOT_TO_ALL]
    assert columns["flags_ba"].tolist() == [0x16, 0, 0]
    assert (columns["syn_ab"].tolist(), columns["syn_ba"].tolist()) == ([1, 0, 0], [0, 0, 0])
    assert (columns["synack_ba"].tolist(), columns["rst_ba"].tolist()) == ([1, 0, 0], [1, 0, 0])


def test_whether_datagrams_went_to_everyone_on_the_link() -> None:
    tables = [FlowTable(), FlowTable()]
    tables[0].add(batch(udp(1, 5, 2, 6, flags=TO_ALL), udp(1, 7, 2, 8, flags=TO_ALL)))
    tables[1].add(batch(udp(1, 5, 2, 6), udp(1, 7, 2, 8, flags=TO_ALL), udp(2, 8, 1, 7), begin=3))
    tables[0].merge(tables[1])
    columns = tables[0].flows().columns
    assert columns["flags_ab"].tolist() == [TO_ALL | NOT_TO_ALL, TO_ALL]
    assert columns["flags_ba"].tolist() == [0, NOT_TO_ALL]


def test_heads_are_distinct_bounded_and_enough_for_tftp() -> None:
    buffer = bytes(range(256)) * 4
    payloads = [(0, 10), (0, 10), (1, 10), (0, 600), (0, 601), (2, 10)]
    table = FlowTable()
    table.add(
        batch(
            *(
                udp(1, 9, 2, 10, payload=at, payload_wire=size, payload_captured=size)
                for at, size in payloads
            ),
            udp(1, 9, 2, 69, payload=0, payload_wire=900, payload_captured=800),
            udp(1, 9, 2, 11, payload=0, payload_wire=900, payload_captured=0),
            buffer=buffer,
        )
    )
    heads = table.flows().heads
    assert list(heads) == [0, 1]
    sent, answered = heads[0]
    assert answered == ()
    assert [(head.frame, head.wire, len(head.data)) for head in sent] == [
        (1, 10, 10), (3, 10, 10), (4, 600, HEAD_BYTES), (5, 601, HEAD_BYTES),
    ]  # fmt: skip
    assert len(sent) == HEADS
    assert sent[1].data == buffer[1:11]
    assert heads[1][0][0].data == buffer[:LONG_HEAD_BYTES]


def test_icmp_errors_are_tied_to_the_flow_they_quote() -> None:
    icmp = {"transport": ICMP, "kind": Kind.IP, "src_lo": 2, "dst_lo": 1, "icmp": 0x0303}
    router = icmp | {"src_lo": 8, "icmp": 0x030D}
    quote = {"version": 4, "transport": UDP, "src_lo": 1, "src_port": 9, "dst_lo": 2, "dst_port": 5683}
    table = FlowTable()
    table.add(
        batch(
            icmp,
            udp(1, 9, 2, 5683),
            icmp,
            router,
            icmp,
            quotes=(
                {"row": 0} | quote,
                {"row": 2} | quote,
                {"row": 3} | quote,
                {"row": 4} | quote | {"dst_port": 1},
            ),
        )
    )
    flows = table.flows()
    assert flows.columns["transport"].tolist() == [ICMP, UDP, ICMP]
    assert flows.columns["packets_ab"].tolist() == [3, 1, 1]
    assert list(flows.errors) == [1]
    first, second = flows.errors[1]
    assert (first.from_a, first.version, first.type, first.code, first.reporter) == (True, 4, 3, 3, (4, 0, 2))
    assert (first.count, first.first_frame, first.last_frame, first.first_time) == (2, 1, 3, 1000)
    assert (second.code, second.reporter, second.count) == (13, (4, 0, 8), 1)
    assert table.stray_errors == 1


def test_copies_are_counted_where_their_flow_is() -> None:
    table = FlowTable()
    one = udp(1, 9, 2, 10, digest=5, ip_id=3)
    table.add(batch(udp(7, 7, 8, 8, digest=1), one, one | {"interface": 1}))
    table.add(batch(one | {"interface": 1}, begin=4))
    columns = table.flows().columns
    assert columns["packets_ab"].tolist() == [1, 3]
    assert columns["duplicates_ab"].tolist() == [0, 2]


def test_flows_may_be_asked_at_any_time_and_stay_what_they_were() -> None:
    table = FlowTable()
    table.add(batch(udp(1, 9, 2, 10)))
    before = table.flows()
    table.add(batch(*(udp(1, port, 2, 10) for port in range(9, 2009)), begin=2))
    assert before.columns["packets_ab"].tolist() == [1]
    after = table.flows().columns
    assert after["packets_ab"].tolist() == [2] + [1] * 1999
    assert after["a_port"].tolist() == list(range(9, 2009))
