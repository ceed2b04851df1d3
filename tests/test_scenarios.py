"""Site scenarios first seen in captures of other implementations, each rebuilt packet by packet.

Every case here was a deviation from the contract when it was recorded.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from judging import CURRENT, GATEWAY, NODE, OTHER, judged, pcap_frames, status
from traffic import Traffic

from analyzer.model import Report
from analyzer.pipeline import Options, check

MINUTE = 60.0


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
    assert kinds(report) == [("transfer-failed", "violation")]


def test_an_error_answers_a_request_whose_earlier_tries_failed() -> None:
    traffic = Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    for again in range(3):
        traffic.udp(0.01 + again, GATEWAY, 50300, NODE, 2000, data(1))
    traffic.udp(5, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    traffic.udp(5.01, GATEWAY, 50301, NODE, 2000, b"\0\5\0\1File not found\0")
    assert status(judged(traffic), "igor-gateway/5.0.0+/incoming/udp/69") == "working"


def test_a_request_cut_inside_the_files_name_still_opens_its_transfer(tmp_path: Path) -> None:
    """``tcpdump -s 64`` leaves 22 bytes of a UDP payload: no mode, and the data goes between other ports."""
    path = (
        Traffic()
        .read_file(0, NODE, GATEWAY, b"images/igor/node-6.0.2-release.bin")
        .write(tmp_path / "x.pcap")
    )
    header, frames = pcap_frames(path)
    path.write_bytes(
        header
        + b"".join(
            struct.pack("<IIII", at // 1_000_000, at % 1_000_000, min(64, len(data)), len(data)) + data[:64]
            for at, data in frames
        )
    )
    report = check(Options((str(path),), hosts=CURRENT))
    assert {(flow.verdict, flow.outcome) for flow in report.flows} == {("expected", "answered")}
    assert report.findings == ()


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


BIOSTAR = ("biostar-server=10.20.0.50", "biostar-client=10.20.0.60", "biostar-device=10.20.3.0/24")


def test_a_device_that_answers_a_search_by_broadcast_is_no_violation() -> None:
    """How BioStar devices answer is not documented; from their own port to everyone it may be an answer."""
    traffic = Traffic().udp(0, "10.20.0.60", 51110, "255.255.255.255", 51110, b"search")
    report = judged(traffic.udp(0.1, "10.20.3.11", 51110, "255.255.255.255", 51110, b"found"), BIOSTAR)
    assert [flow.verdict for flow in report.flows] == ["expected", "review"]
    assert report.findings == ()


def test_a_device_that_searches_from_a_port_of_its_own_is_unexpected() -> None:
    traffic = Traffic().udp(0, "10.20.3.11", 50000, "255.255.255.255", 51110, b"search")
    assert [flow.verdict for flow in judged(traffic, BIOSTAR).flows] == ["unexpected"]


# ---------------------------------------------------------------- versions


def test_a_ping_between_old_and_new_is_no_use_of_incompatible_versions() -> None:
    """Two gateways and their nodes share a subnet: ARP and ping go everywhere."""
    hosts = ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.0/24@5.0.2")
    traffic = Traffic().arp(0, GATEWAY, NODE)
    traffic._ip(1, GATEWAY, NODE, 1, b"\x08\0\0\0\0\1\0\1")
    assert judged(traffic, hosts).findings == ()
    assert kinds(judged(traffic.coap(2, GATEWAY, NODE), hosts)) == [("incompatible-versions", "violation")]


# ---------------------------------------------------------------- BACnet

WHO_IS = b"\x81\x0b\0\x0c\x01\x20\xff\xff\0\xff\x10\x08"
I_AM = b"\x81\x0a\0\x14\x01\0\x10\0\xc4\x02\0\x13\x88\x22\x04\0\x91\x03\x21\x0f"


@pytest.mark.parametrize("searched", [True, False], ids=["search seen", "search before the capture"])
def test_an_i_am_to_a_client_on_a_port_of_its_own_is_an_answer(searched: bool) -> None:
    """bacpypes answers a Who-Is by unicast, to whatever port it came from."""
    traffic = Traffic()
    if searched:
        traffic.udp(0, "10.20.0.40", 50123, "10.20.0.255", 47808, WHO_IS)
    report = judged(traffic.udp(0.1, GATEWAY, 47808, "10.20.0.40", 50123, I_AM))
    assert {flow.verdict for flow in report.flows} == {"expected"}
    assert {flow.originator.address for flow in report.flows} == {"10.20.0.40"}
    assert report.findings == ()


# ---------------------------------------------------------------- absence


@pytest.mark.parametrize(
    "request_in_flight",
    [
        lambda traffic, at: traffic.udp(at, GATEWAY, 40001, NODE, 5683, b"\x41\x01\0\x02\x07\xb5light"),
        lambda traffic, at: traffic.tcp(at, GATEWAY, 40001, NODE, 80, 2),
        lambda traffic, at: traffic.udp(at, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0"),
    ],
    ids=["coap", "tcp", "tftp"],
)
def test_a_request_at_the_very_end_of_a_capture_may_have_been_answered(request_in_flight) -> None:  # type: ignore[no-untyped-def]
    """``tcpdump -c`` stops between a request and its answer; ``tcpdump -G`` too."""
    report = judged(request_in_flight(Traffic().coap(0, NODE, GATEWAY), 5))
    assert report.flows[-1].outcome == "one-way"
    assert report.findings == ()
    later = judged(request_in_flight(Traffic().coap(0, NODE, GATEWAY), 5).arp(8, NODE, GATEWAY))
    assert kinds(later) in ([("failing-flow", "violation")], [("transfer-failed", "violation")])


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


def test_a_request_is_nobodys_leg(tmp_path: Path) -> None:
    """Requests between the same two ports of one host must not become each other's parent."""
    rrq = b"\0\1node.bin\0octet\0"
    traffic = Traffic().udp(0, NODE, 69, NODE, 2000, rrq).udp(1, NODE, 2000, NODE, 69, rrq)
    traffic.udp(2, NODE, 2000, GATEWAY, 69, rrq).udp(3, GATEWAY, 69, NODE, 69, rrq)
    report = check(Options((str(traffic.write(tmp_path / "c.pcap")),)))
    assert [flow.parent for flow in report.flows] == [None] * len(report.flows)
