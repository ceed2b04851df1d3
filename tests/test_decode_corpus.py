"""The decoder against tshark on public captures: packets and bytes of each innermost flow, ICMP quotes.

The captures lie outside of the repository. Containers are tested elsewhere: files that the reader refuses, or
that tshark stopped in, are passed over here.
"""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.capture.find import find
from analyzer.decode import decode
from analyzer.errors import CaptureError
from analyzer.tables import Kind, Reason
from tests.frames import checked

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"

EXPLAINED = {
    "linktypes/ndpi__capwap_data.pcapng": "CAPWAP data channel: stays UDP here",
    "linktypes/realjimmy__capwap_wlan_802.11.pcap": "CAPWAP data channel: stays UDP here",
    "linktypes/suriver__filestore-5408_input.pcap": "sFlow samples are no traffic of this network: stay UDP",
    "linktypes/wswiki__google-capture.pcap": "Teredo, a guess by port: stays UDP here",
    "ssdp/wswiki__anoop.pcap": "Teredo, a guess by port: stays UDP here",
}
"""Files whose flows differ, and why."""

Flow = tuple[str, str, int, str, int]


def address(version: int, hi: int, lo: int) -> str:
    return str(ipaddress.IPv4Address(lo) if version == 4 else ipaddress.IPv6Address(hi << 64 | lo))


def ends(table: dict[str, list[int]], index: int) -> tuple[str, int, str, int]:
    version = table["version"][index]
    a = address(version, table["src_hi"][index], table["src_lo"][index])
    b = address(version, table["dst_hi"][index], table["dst_lo"][index])
    return a, table["src_port"][index], b, table["dst_port"][index]


def observed(path: Path) -> tuple[dict[Flow, list[int]], dict[int, tuple[Any, ...]], set[int], int]:
    """Flows (packets, bytes each way, first and last frame), quotes by frame, reasons, number of frames."""
    flows: dict[Flow, list[int]] = {}
    quotes: dict[int, tuple[Any, ...]] = {}
    reasons: set[int] = set()
    frame = 1
    for capture in find([str(path)], hash=False):
        for batch in capture.batches():
            packets = checked(decode(batch, frame), len(batch.frames["offset"]))
            columns = {name: array.tolist() for name, array in packets.columns.items()}
            reasons.update(columns["reason"])
            for index, kind in enumerate(columns["kind"]):
                if kind != Kind.TRANSPORT:
                    continue
                transport = {6: "tcp", 17: "udp"}[columns["transport"][index]]
                a, a_port, b, b_port = ends(columns, index)
                there, back = (transport, a, a_port, b, b_port), (transport, b, b_port, a, a_port)
                backwards = there not in flows and back in flows
                flow = flows.setdefault(back if backwards else there, [0, 0, 0, 0, frame + index, 0])
                flow[backwards] += 1
                flow[2 + backwards] += columns["wire"][index]
                flow[5] = frame + index
            quoted = {name: array.tolist() for name, array in packets.quotes.items()}
            for index, row in enumerate(quoted["row"]):
                a, a_port, b, b_port = ends(quoted, index)
                transport = {6: "tcp", 17: "udp"}.get(quoted["transport"][index])
                ports = (a_port, b_port) if transport else (None, None)
                kind_code = divmod(columns["icmp"][row], 256)
                quotes[frame + row] = (*kind_code, transport, a, b, *ports)
            frame += len(columns["kind"])
    return flows, quotes, reasons, frame - 1


def stated(path: Path) -> tuple[dict[str, Any], dict[Flow, list[int]], dict[int, tuple[Any, ...]]]:
    """What tshark found: the file's line, flows and quotes."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    flows = {}
    for line in lines:
        if line["type"] == "flow" and line["view"] == "inner":
            key = (line["proto"], line["a_ip"], line["a_port"], line["b_ip"], line["b_port"])
            values = ("pkts_ab", "pkts_ba", "bytes_ab", "bytes_ba", "first_frame", "last_frame")
            flows[key] = [line[name] for name in values]
    names = ("proto", "src", "dst", "sport", "dport")
    quotes = {
        line["frame"]: (line["icmp_type"], line["icmp_code"], *(line[f"quoted_{name}"] for name in names))
        for line in lines
        if line["type"] == "icmp_error" and line["quoted_src"] is not None
    }
    return lines[0], flows, quotes


def test_flows_and_quotes_equal_tshark_s() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"NOT COMPARED WITH TSHARK: the public captures are not at {CORPUS}")
    differing, compared = {}, 0
    for truth in sorted(CORPUS.glob("truth/*/*.json")):
        name = f"{truth.parent.name}/{truth.stem}"
        meta, flows, quotes = stated(truth)
        try:
            found_flows, found_quotes, reasons, frames = observed(CORPUS / "files" / name)
        except CaptureError:
            continue
        assert Reason.INTERNAL not in reasons, name
        if frames != meta["packets"]:
            continue
        compared += 1
        if (flows, quotes) != (found_flows, found_quotes):
            differing[name] = (
                {key: value for key, value in flows.items() if found_flows.get(key) != value},
                {key: value for key, value in found_flows.items() if flows.get(key) != value},
                {key: value for key, value in quotes.items() if found_quotes.get(key) != value},
            )
    assert compared > 300
    assert {name: differing[name] for name in differing if name not in EXPLAINED} == {}
    assert set(EXPLAINED) <= set(differing), "an explained difference is no longer one"
