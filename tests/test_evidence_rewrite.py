"""Whole frames: what the decoder reads afterwards is what it read before, of other addresses."""

from __future__ import annotations

import io
import ipaddress
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import judging
import numpy as np
import pytest
from captures import pcap
from frames import A4, A6, B4, B6, eth, icmp, ip4, ip6, tcp, udp
from hypothesis import given
from hypothesis import strategies as st

from analyzer import decode
from analyzer.capture.capture import Capture
from analyzer.capture.find import find
from analyzer.evidence import Rewriter
from analyzer.pipeline import Options, flows
from analyzer.pseudonyms import Pseudonyms
from analyzer.pseudonyms.report import known
from analyzer.tables import Batch, Columns

KEY = bytes(32)
SAME = (
    *("kind", "transport", "version", "src_port", "dst_port", "flags", "seq", "ack", "ip_id", "icmp"),
    *("fragmented", "payload_wire"),
)
SIDES = ("src", "dst")


def rewritten(batch: Batch, rewriter: Rewriter) -> tuple[Batch, list[int]]:
    """The batch of the frames that were not left out, and their rows."""
    frames, made, rows = batch.frames, [], []
    for row in range(len(frames["time"])):
        begin, held = int(frames["offset"][row]), int(frames["captured"][row])
        data = bytes(batch.buffer[begin : begin + held])
        new = rewriter.rewrite(data, int(frames["wire"][row]), int(frames["link_type"][row]))
        if new is not None:
            assert len(new) <= len(data)
            made.append(new)
            rows.append(row)
    columns = {name: column[rows].copy() for name, column in frames.items()}
    columns["captured"] = np.array([len(data) for data in made], "i8")
    if made:
        columns["offset"] = np.cumsum([0, *map(len, made[:-1])]).astype("i8")
    return Batch(b"".join(made), columns), rows


def compared(batch: Batch, pseudonyms: Pseudonyms) -> None:
    after, rows = rewritten(batch, Rewriter(pseudonyms))
    one, other = decode.decode(batch, 1, "dpkt"), decode.decode(after, 1, "dpkt")
    for name in SAME:
        assert np.array_equal(one.columns[name][rows], other.columns[name]), name
    for table, mine, picked in ((one.columns, other.columns, rows), (one.quotes, other.quotes, None)):
        if picked is None and len(rows) != len(batch.frames["time"]):
            continue
        for side in SIDES:
            before, now = (addresses(part, side) for part in (table, mine))
            assert [pseudonyms.address(before[row]) for row in (picked or range(len(before)))] == now


def addresses(columns: Columns, side: str) -> list[tuple[int, int, int]]:
    parts = (columns[name].tolist() for name in ("version", f"{side}_hi", f"{side}_lo"))
    return list(zip(*parts, strict=True))


@pytest.mark.parametrize("path", [path for path, _ in judging.samples()], ids=lambda path: path.parent.name)
def test_samples_decode_to_the_same_rows_and_hold_no_address_of_the_site(path: Path) -> None:
    pseudonyms = Pseudonyms(KEY)
    pseudonyms.known.update(known(flows(Options((str(path),)))))
    (one,) = find((str(path),))
    for batch in one.batches():
        compared(batch, pseudonyms)
        after, _ = rewritten(batch, Rewriter(pseudonyms))
        data = bytes(after.buffer)
        for address in pseudonyms.known:
            version, hi, lo = address
            if pseudonyms.address(address) == address:
                continue
            packed = (hi << 64 | lo).to_bytes({4: 4, 6: 16, 0: 6}[version])
            assert packed not in data, address
            if version == 4:
                assert ".".join(map(str, packed)).encode() not in data


def one_frame(data: bytes, link_type: int = 1) -> Batch:
    made = pcap([(0, data)], link_type=link_type)
    (found,) = Capture("x", lambda: io.BytesIO(made)).batches()
    return found


VLAN = b"\x81\x00\x00\x05"
FRAMES = {
    "udp over ipv6": (1, eth(ip6(udp()), 0x86DD)),
    "vlan": (1, eth(ip4(udp()))[:12] + VLAN + eth(ip4(udp()))[12:]),
    "raw ip": (101, ip4(tcp(b"hello"), 6)),
    "raw ipv6": (229, ip6(tcp(b"hello"), 6)),
    "cooked": (113, b"\0\0\0\x01\0\x06\x02\x00\x00\x00\x0a\x0a\0\0\x08\x00" + ip4(udp())),
    "cooked v2": (276, b"\x08\x00\0\0\0\0\0\x01\0\x01\0\x06\x02\x00\x00\x00\x0a\x0a\0\0" + ip4(udp())),
    "gre": (1, eth(ip4(b"\0\0\x08\0" + ip4(udp(), a="10.7.7.7"), 47))),
    "vxlan": (1, eth(ip4(udp(b"\x08\0\0\0\0\0\x05\0" + eth(ip4(udp(), a="10.7.7.7")), dport=4789)))),
    "ip in ip": (1, eth(ip4(ip4(udp(), a="10.7.7.7"), 4))),
    "6in4": (1, eth(ip4(ip6(udp()), 41))),
    "icmp error": (1, eth(ip4(icmp(3, 13, ip4(udp())), 1))),
    "icmpv6 error": (1, eth(ip6(icmp(1, 1, ip6(udp())), 58), 0x86DD)),
    "first fragment": (1, eth(ip4(udp(bytes(40)), fragment=0x2000))),
    "later fragment": (1, eth(ip4(bytes(40), fragment=5))),
    "esp": (1, eth(ip4(bytes(range(40)), 50))),
    "padding": (1, eth(ip4(udp())) + b"secret"),
    "mpls": (1, eth(b"\x00\x01\x01\x40" + ip4(udp()), 0x8847)),
    "lldp": (
        1,
        eth(b"\x02\x07\x04" + bytes.fromhex("020000000a0a") + b"\x10\x0c\x05\x01\x0a\x01\x02\x03", 0x88CC),
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_layers(name: str) -> None:
    link_type, data = FRAMES[name]
    batch = one_frame(data, link_type)
    pseudonyms = Pseudonyms(KEY)
    compared(batch, pseudonyms)
    after, rows = rewritten(batch, Rewriter(pseudonyms))
    assert rows == [0]
    made = bytes(after.buffer)
    for address in (A4, B4, "10.7.7.7", A6, B6):
        packed = ipaddress.ip_address(address).packed
        assert packed not in made
    for leaked in (b"secret", bytes.fromhex("0000000a0a")):
        assert leaked not in made


@pytest.mark.parametrize(
    ("link_type", "data", "why"),
    [
        (105, bytes(40), "link type"),
        (147, bytes(40), "link type"),
        (1, b"\x01" * 13, "unreadable"),
        (1, eth(b"\x4f" + bytes(30)), "unreadable"),
    ],
)
def test_what_nobody_can_read_is_left_out(link_type: int, data: bytes, why: str) -> None:
    rewriter = Rewriter(Pseudonyms(KEY))
    assert rewriter.rewrite(data, len(data), link_type) is None
    assert rewriter.left_out == Counter({why: 1})


@given(
    st.sampled_from(sorted({link for link, _ in FRAMES.values()} | {0, 9, 50, 104, 107})),
    st.binary(max_size=120),
)
def test_any_bytes(link_type: int, data: bytes) -> None:
    made = Rewriter(Pseudonyms(KEY)).rewrite(data, len(data), link_type)
    assert made is None or len(made) <= len(data)


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_any_damage(name: str, draw: st.DataObject) -> None:
    link_type, data = FRAMES[name]
    damaged = bytearray(data[: draw.draw(st.integers(0, len(data)))])
    for _ in range(draw.draw(st.integers(0, 3))):
        if damaged:
            damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
    made = Rewriter(Pseudonyms(KEY)).rewrite(bytes(damaged), len(data), link_type)
    assert made is None or len(made) <= len(damaged)


def test_what_could_not_be_looked_into_is_counted() -> None:
    pseudonyms = Pseudonyms(KEY)
    pseudonyms.known.add((4, 0, 0x0A010203))
    rewriter = Rewriter(pseudonyms)
    for payload, dport in ((b"\x0a\x01\x02\x03", 1050), (b"nothing", 1050), (b"10.1.2.3 here", 9999)):
        data = eth(ip4(udp(payload, dport=dport)))
        made = rewriter.rewrite(data, len(data), 1)
        assert made is not None
        assert b"10.1.2.3" not in made
    data = eth(ip4(tcp(b"\x16\x03\x03\x00\x05hello"), 6))
    assert rewriter.rewrite(data, len(data), 1) is not None
    assert rewriter.unread.total() == 3
    assert rewriter.suspects.total() == 1
    assert rewriter.encrypted == Counter({"tls": 1})
    assert rewriter.counts["texts"] == 1


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("case", ["healthy-current", "firmware-update-data-blocked", "healthy-legacy-upnp"])
def test_wireshark_sees_checksums_as_good_as_before(case: str, tmp_path: Path) -> None:
    path = judging.SAMPLES / case / "capture.pcap"
    (one,) = find((str(path),))
    made: list[tuple[int, bytes, int]] = []
    rewriter = Rewriter(Pseudonyms(KEY))
    for batch in one.batches():
        after, rows = rewritten(batch, rewriter)
        assert len(rows) == len(batch.frames["time"])
        columns = [after.frames[name].tolist() for name in ("time", "offset", "captured", "wire")]
        for time, at, held, wire in zip(*columns, strict=True):
            made.append((time, bytes(after.buffer[at : at + held]), wire))
    other = tmp_path / "other.pcap"
    other.write_bytes(pcap(made))
    fields = [f"{protocol}.checksum.status" for protocol in ("ip", "udp", "tcp", "icmp")]
    fields += ["_ws.malformed", "frame.protocols"]
    said = []
    for source in (path, other):
        command = ["tshark", "-r", str(source), "-T", "fields"]
        for protocol in ("ip", "udp", "tcp"):
            command += ["-o", f"{protocol}.check_checksum:TRUE"]
        for field in fields:
            command += ["-e", field]
        said.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())
    assert len(said[0]) == one.packets
    cut = rewriter.counts["cut"]
    assert sum(before != after for before, after in zip(*said, strict=True)) <= cut
