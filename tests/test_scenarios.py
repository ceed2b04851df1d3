"""Site scenarios first seen in captures of other implementations, each rebuilt packet by packet.

Every case here was a deviation from the contract when it was recorded.
"""

from __future__ import annotations

import struct

import pytest
from judging import CURRENT, GATEWAY, NODE, OTHER, judged
from traffic import Traffic

from analyzer.model import Report

MINUTE = 60.0


def status(report: Report, row: str) -> str:
    return next(str(result.status) for result in report.rows if result.row.id == row)


def kinds(report: Report) -> list[tuple[str, str]]:
    return sorted((str(finding.kind), str(finding.severity)) for finding in report.findings)


# ---------------------------------------------------------------- TFTP


def data(block: int, size: int = 512) -> bytes:
    return struct.pack("!HH", 3, block) + b"x" * size


def test_the_last_unacknowledged_answer_to_a_retried_request_is_no_success() -> None:
    """dnsmasq and a client that repeats its RRQ from one port: every retry is answered from a new port."""
    traffic = Traffic().arp(0, NODE, GATEWAY)
    for retry in range(3):
        traffic.udp(5 * retry, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
        for again in range(3 if retry < 2 else 1):
            traffic.udp(5 * retry + 0.01 + again, GATEWAY, 50300 + retry, NODE, 2000, data(1))
    report = judged(traffic)
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/69") == "failing"
    assert kinds(report) == [("failing-flow", "violation")]


def test_an_error_answers_a_request_whose_earlier_tries_failed() -> None:
    traffic = Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    for again in range(3):
        traffic.udp(0.01 + again, GATEWAY, 50300, NODE, 2000, data(1))
    traffic.udp(5, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    traffic.udp(5.01, GATEWAY, 50301, NODE, 2000, b"\0\5\0\1File not found\0")
    assert status(judged(traffic), "igor-gateway/5.0.0+/incoming/udp/69") == "working"


# ---------------------------------------------------------------- discovery


@pytest.mark.parametrize(
    "search",
    [
        b"Host:239.255.255.250:1900\r\nST:urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
        b'Man:"ssdp:discover"\r\nMX:3',
        b'Host: 239.255.255.250:1900\r\nST: upnp:rootdevice\r\nMan: "ssdp:discover"\r\nMX: 3',
    ],
)
def test_the_search_that_windows_sends_unasked_is_not_the_gateways_retired_upnp(search: bytes) -> None:
    """The gateway is a Windows server: its SSDP service looks for routers with every sheet in force."""
    text = b"M-SEARCH * HTTP/1.1\r\n" + search + b"\r\n\r\n"
    report = judged(Traffic().udp(0, GATEWAY, 50000, "239.255.255.250", 1900, text))
    assert [flow.verdict for flow in report.flows] == ["infrastructure"]
    assert report.findings == ()


def test_another_implementations_search_by_the_gateway_is_retired() -> None:
    text = (
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        b'ST: upnp:rootdevice\r\nMAN: "ssdp:discover"\r\nMX: 2\r\n\r\n'
    )
    report = judged(Traffic().udp(0, GATEWAY, 50000, "239.255.255.250", 1900, text))
    assert kinds(report) == [("retired-service", "violation")]


# ---------------------------------------------------------------- absence


def quiet(minutes: float) -> Traffic:
    """Web traffic between the gateway and two nodes, and nothing else."""
    traffic = Traffic()
    for at in (0.0, minutes * MINUTE):
        for node in (NODE, OTHER):
            traffic.connect(at, node, 50000 + int(at), GATEWAY, 80, b"GET / HTTP/1.1\r\n\r\n")
            traffic.connect(at + 1, GATEWAY, 50000 + int(at), node, 80, b"GET / HTTP/1.1\r\n\r\n")
    return traffic


def test_a_service_missing_at_both_ends_is_one_finding() -> None:
    """The gateway's sheet names no peer for TFTP and the pool, the node's does: one absence all the same."""
    report = judged(quiet(6), CURRENT[:2], activities=("firmware-update",))
    titles = sorted(finding.title for finding in report.findings)
    assert [title.split(" (")[0] for title in titles] == ["UDP 1050", "UDP 50195", "UDP 5683", "UDP 69"]
    tftp = next(finding for finding in report.findings if finding.title.startswith("UDP 69 "))
    assert {row.split("/")[0] for row in tftp.rows} == {"igor-gateway", "igor-node"}
