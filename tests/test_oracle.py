"""Wireshark, asked through pyshark, is an independent witness of what the samples' payloads are."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from analyzer.pipeline import Options, flows

SAMPLES = Path(__file__).parents[1] / "samples"
OURS = {
    "coap": "coap",
    "tftp": "tftp",
    "bacnet": "bvlc",
    "ssdp": "ssdp",
    "dns": "dns",
    "ntp": "ntp",
    "http": "http",
}
"""Protocol name here → the layer that Wireshark shows for it."""

pytestmark = [
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
    pytest.mark.slow,
]

Key = tuple[str, frozenset[tuple[str, int]]]


def wireshark(path: Path) -> dict[Key, set[str]]:
    """Layers that Wireshark finds in each TCP and UDP flow."""
    import pyshark

    found: dict[Key, set[str]] = defaultdict(set)
    capture = pyshark.FileCapture(str(path), keep_packets=False)
    try:
        for packet in capture:
            transport = packet.transport_layer
            if transport is None or "icmp" in packet:
                continue
            ports = packet[transport.lower()]
            address = packet.ip if "ip" in packet else packet.ipv6
            ends = frozenset({(address.src, int(ports.srcport)), (address.dst, int(ports.dstport))})
            found[transport.lower(), ends].update(layer.layer_name for layer in packet.layers)
    finally:
        capture.close()
    return found


@pytest.mark.parametrize("case", ["bacnet", "firmware-update-ok", "tricky-ports", "healthy-legacy-upnp"])
def test_wireshark_sees_the_same_protocols_in_the_same_flows(case: str) -> None:
    path = next(path for path in (SAMPLES / case).iterdir() if path.name.startswith("capture."))
    seen = wireshark(path)
    mine = {
        (flow.transport, frozenset({flow.originator[:2], flow.responder[:2]})): flow.protocol
        for flow in flows(Options((str(path),))).flows
        if flow.transport in ("tcp", "udp") and (flow.parent is None or flow.protocol == "tftp")
    }
    # Wireshark does not tie an answer from a new port to a search; we do, and have more to say there.
    assert set(mine) <= set(seen)
    told = {key: protocol for key, protocol in mine.items() if protocol in OURS}
    assert len(told) >= 3
    for key, protocol in told.items():
        assert OURS[protocol] in seen[key], (key, protocol)
