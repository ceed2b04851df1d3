"""Tunnels known by a UDP port only: opened where an IP packet is inside, else plain UDP."""

from __future__ import annotations

import struct

import pytest

from analyzer.tables import Kind, Reason
from tests.frames import A4, UDP4, UDP6, decoded, ends, eth, ip4, ip6, payload, udp


def outer(body: bytes, port: int) -> bytes:
    return eth(ip4(udp(body, 50000, port), a="192.0.2.1", b="192.0.2.2", ident=0x77))


def plain(body: bytes, port: int) -> dict[str, int]:
    columns = {"kind": Kind.TRANSPORT, "transport": 17, **ends("192.0.2.1", "192.0.2.2"), "ip_id": 0x77}
    return columns | {"src_port": 50000, "dst_port": port} | payload(42, len(body))


VXLAN = b"\x08\0\0\0\0\0\x07\0"
ARP = eth(bytes.fromhex("0001080006040001") + bytes(20), 0x0806)


def geneve(kind: int, words: int = 0) -> bytes:
    return struct.pack(">BBHI", words, 0, kind, 0x700) + bytes(4 * words)


GTP = b"\x30\xff\0\x20\0\0\0\x07"
L2TP = b"\0\x02\0\x01\0\x01"
PPP = b"\xff\x03\x00\x21"

OPENED = [
    pytest.param(4789, VXLAN + eth(ip4(udp())), UDP4, 8 + 42, id="VXLAN"),
    pytest.param(4789, VXLAN + eth(b"\0\x05\x86\xdd" + ip6(udp()), 0x8100), UDP6, 8 + 66, id="VXLAN, tagged"),
    pytest.param(6081, geneve(0x6558) + eth(ip4(udp())), UDP4, 8 + 42, id="Geneve"),
    pytest.param(6081, geneve(0x86DD, 3) + ip6(udp()), UDP6, 20 + 48, id="Geneve, options"),
    pytest.param(2152, GTP + ip4(udp()), UDP4, 8 + 28, id="GTP-U"),
    pytest.param(2152, b"\x32" + GTP[1:] + bytes(4) + ip6(udp()), UDP6, 12 + 48, id="GTP-U, sequence"),
    pytest.param(
        2152,
        b"\x34" + GTP[1:] + b"\0\0\0\x85\x01\0\0\xc0\x02\0\0\0\0\0\0\0" + ip4(udp()),
        UDP4,
        24 + 28,
        id="GTP-U, two extension headers",
    ),
    pytest.param(1701, L2TP + PPP + ip4(udp()), UDP4, 10 + 28, id="L2TP"),
    pytest.param(
        1701,
        b"\x4a\x02" + bytes(10) + b"\0\x03abc" + b"\xff\x03\x00\x57" + ip6(udp()),
        UDP6,
        21 + 48,
        id="L2TP, all",
    ),
]


@pytest.mark.parametrize(("port", "body", "columns", "inside"), OPENED)
def test_opened(port: int, body: bytes, columns: dict[str, int], inside: int) -> None:
    assert decoded(outer(body, port)) == columns | payload(42 + inside)


@pytest.mark.parametrize(("port", "body", "columns", "inside"), OPENED)
def test_not_opened_on_another_port_or_from_that_port(
    port: int, body: bytes, columns: dict[str, int], inside: int
) -> None:
    del columns, inside
    assert decoded(outer(body, 5555)) == plain(body, 5555)
    frame = eth(ip4(udp(body, port, 50000)))
    assert decoded(frame)["dst_port"] == 50000


@pytest.mark.parametrize(("port", "body", "columns", "inside"), OPENED)
def test_cut_keeps_the_outer_packet(port: int, body: bytes, columns: dict[str, int], inside: int) -> None:
    """Until the inner addresses are captured, the row is the outer one, and says that it was cut."""
    frame = outer(body, port)
    seen = set()
    for held in range(42, len(frame)):
        row = decoded(frame[:held], wire=len(frame))
        if row["src_lo"] == ends("192.0.2.1", A4)["src_lo"]:
            assert row["kind"] == Kind.TRANSPORT
            assert row["dst_port"] == port
            assert row["payload_wire"] == len(body)
            seen.add(row.get("reason", 0))
        else:
            assert row["src_lo"] == columns["src_lo"]
            assert row.get("src_port", 49152) == 49152
    assert Reason.CUT in seen
    assert seen <= {Reason.NONE, Reason.CUT}
    assert inside + 46 == len(frame)


@pytest.mark.parametrize(
    ("port", "body"),
    [
        (4789, b"\0" + VXLAN[1:] + eth(ip4(udp()))),
        (4789, VXLAN + ARP),
        (4789, VXLAN + b"not an Ethernet frame at all"),
        (4789, VXLAN[:7]),
        (4789, b""),
        (6081, b"\x40" + geneve(0x0800)[1:] + ip4(udp())),
        (6081, geneve(0x88CC) + ip4(udp())),
        (6081, geneve(0x0800, 63)[:40]),
        (2152, b"\x50" + GTP[1:] + ip4(udp())),
        (2152, b"\x30\x01" + GTP[2:] + ip4(udp())),
        (2152, b"\x34" + GTP[1:] + b"\0\0\0\x85\0\0\0\0" + ip4(udp())),
        (2152, GTP + b"\x75 is no IP version"),
        (1701, b"\xc8\x02" + bytes(20)),
        (1701, b"\0\x03" + bytes(20)),
        (1701, b"\x02\x02" + bytes(4)),
        (1701, L2TP + b"\xff\x03\xc0\x21\x01"),
    ],
)
def test_what_is_no_such_tunnel_stays_udp(port: int, body: bytes) -> None:
    row = decoded(outer(body, port))
    expected = plain(body, port)
    if not body:
        expected["payload"] = 42
    assert row == expected
