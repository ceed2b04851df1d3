"""What the packets of a batch tell, computed by hand."""

from __future__ import annotations

import numpy as np

from analyzer.flowtable import members
from analyzer.tables import ACK, ARP, NOT_TO_ALL, PACKETS, RST, SYN, TCP, TO_ALL, UDP, Columns


def packets(rows: int, **values: object) -> Columns:
    columns = PACKETS.empty(rows)
    for name, value in values.items():
        columns[name][:] = value
    return columns


def test_sums_and_bounds_of_groups() -> None:
    part = packets(
        5,
        frame=[11, 12, 13, 14, 15],
        time=[500, 100, 300, 400, 200],
        wire=[60, 70, 80, 90, 100],
        payload_wire=[0, 1, 2, 3, 4],
        transport=[TCP, UDP, TCP, UDP, ARP],
        flags=[SYN, TO_ALL, SYN | ACK | RST, 0, 2],
    )
    # Frames 11 and 13, then 12 and 14, then 15.
    stats = members.stats(part, np.array([0, 2, 1, 3, 4]), np.array([0, 2, 4]))
    assert {name: column.tolist() for name, column in stats.items()} == {
        "packets": [2, 2, 1],
        "bytes": [140, 160, 100],
        "payload": [2, 4, 4],
        "duplicates": [0, 0, 0],
        "syn": [1, 0, 0],
        "synack": [1, 0, 0],
        "rst": [1, 0, 0],
        "flags": [SYN | ACK | RST, TO_ALL | NOT_TO_ALL, 1 << 2],
        "first_frame": [11, 12, 15],
        "last_frame": [13, 14, 15],
        "first_time": [300, 100, 200],
        "last_time": [500, 400, 200],
    }


def test_only_packets_with_an_ip_layer_may_have_copies() -> None:
    columns = packets(3, frame=[1, 2, 3], digest=[7, 0, 9], payload_wire=[5, 6, 7])
    rows, ways = np.array([4, 5]), np.array([1, 0], np.uint8)
    (sight,) = members.sights(columns, np.array([1, 2]), rows, ways)
    assert (sight["frame"], sight["row"], sight["way"], sight["payload"]) == (3, 5, 0, 7)


def test_a_datagram_of_ipv4_has_a_protocol() -> None:
    columns = packets(2, version=[4, 6], transport=UDP, ip_id=[8, 9], src_lo=1, dst_lo=2)
    assert members.datagrams(columns, np.array([0, 1])) == [(4, 0, 1, 0, 2, UDP, 8), (6, 0, 1, 0, 2, 0, 9)]
