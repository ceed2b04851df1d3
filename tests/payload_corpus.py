"""Payloads of the public captures beside what the reference says of them, frame by frame."""

from __future__ import annotations

import functools
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.protocol import Payload

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"


def frames(category: str) -> Iterator[tuple[dict[str, Any], Payload]]:
    """``(truth, payload)`` of each UDP frame that the reference lists under ``category``.

    Skips where the public captures are absent.
    """
    folder = CORPUS / "truth_app" / category
    if not folder.is_dir():
        pytest.skip(f"the public captures are not beside this checkout: {folder} is missing")
    for truth_file in sorted(folder.glob("*.jsonl")):
        capture = CORPUS / "files" / category / truth_file.name.removesuffix(".jsonl")
        if not capture.is_file():
            continue
        truths = [json.loads(line) for line in truth_file.read_text().splitlines()]
        wanted = {truth["frame"]: truth for truth in truths if "frame" in truth}
        if wanted:
            for number, payload in _payloads(capture):
                if number in wanted:
                    yield wanted[number], payload


@functools.cache
def _payloads(capture: Path) -> tuple[tuple[int, Payload], ...]:
    import dpkt

    data = capture.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    reader = dpkt.pcap.UniversalReader(io.BytesIO(data))
    found = []
    for number, (_, frame) in enumerate(reader, 1):
        payload = _udp(reader.datalink(), bytes(frame))
        if payload is not None:
            found.append((number, payload))
    return tuple(found)


def _udp(link: int, frame: bytes) -> Payload | None:
    import dpkt

    layers = {
        dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
        dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
        dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
        dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
        dpkt.pcap.DLT_RAW: dpkt.ip.IP,
        101: dpkt.ip.IP,
    }
    try:
        layer = layers[link](frame)
        while not isinstance(layer, (dpkt.udp.UDP, bytes)):
            if isinstance(layer, dpkt.ip.IP) and (layer.mf or layer.offset):
                return None
            layer = layer.data
    except (KeyError, AttributeError, dpkt.UnpackError):
        return None
    if isinstance(layer, bytes):
        return None
    data = bytes(layer.data)[: max(layer.ulen - 8, 0)]
    return Payload(data, max(layer.ulen - 8, len(data)), "udp", layer.sport, layer.dport)
