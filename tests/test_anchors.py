"""What other tools get wrong on this traffic, and what their libraries trip over: the whole analysis on each.

Each test names the weakness. The scenarios are made packet by packet.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from judging import BMS, CURRENT, GATEWAY, LAPTOP, LEGACY, NODE, NOTIFY, OTHER, judged
from traffic import ACK, PSH, Traffic

from analyzer.findings.collect import _told_apart
from analyzer.model import FlowRecord, Report, Verdict
from analyzer.pipeline import Options, check, flows

RRQ = b"\0\1node.bin\0octet\0blksize\x001428\0windowsize\x004\0"
OACK = b"\0\6blksize\x001428\0windowsize\x004\0"
GOOD = (Verdict.EXPECTED,)


def data(block: int, size: int) -> bytes:
    return struct.pack("!HH", 3, block) + b"\xee" * size


def ack(block: int) -> bytes:
    return struct.pack("!HH", 4, block)


def only(report: Report, port: int) -> FlowRecord:
    (flow,) = [flow for flow in report.flows if port in (flow.originator.port, flow.responder.port)]
    return flow


def healthy(report: Report) -> None:
    assert [finding.title for finding in report.findings] == []
    assert {flow.verdict for flow in report.flows} == {Verdict.EXPECTED}


# ---------------------------------------------------------------- TFTP


def test_a_read_with_options_and_windows_is_one_expected_transfer() -> None:
    """spicy-tftp ignores options; stock Zeek shows an unanswered flow and an unrelated one, nDPI a
    unidirectional one and a known protocol on a strange port.
    """
    traffic = Traffic().udp(0, NODE, 2000, GATEWAY, 69, RRQ).udp(0.01, GATEWAY, 50197, NODE, 2000, OACK)
    traffic.udp(0.02, NODE, 2000, GATEWAY, 50197, ack(0))
    for block in range(1, 6):
        traffic.udp(0.1 * block, GATEWAY, 50197, NODE, 2000, data(block, 1428 if block < 5 else 7))
    traffic.udp(0.6, NODE, 2000, GATEWAY, 50197, ack(5))
    report = judged(traffic)
    healthy(report)
    request, leg = report.flows
    assert (request.outcome, leg.outcome) == ("answered", "answered")
    assert (leg.parent, leg.protocol, leg.basis) == (request.id, "tftp", "session")
    assert leg.originator.address == NODE


def test_blocks_that_wrap_do_not_end_the_transfer() -> None:
    """spicy-tftp stops counting at the wrap from 65535 to 0 (or 1, as some servers do)."""
    traffic = Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    for step, block in enumerate((1, 2, 65534, 65535, 0, 1)):
        traffic.udp(1 + step, GATEWAY, 51110, NODE, 2000, data(block, 512))
        traffic.udp(1.5 + step, NODE, 2000, GATEWAY, 51110, ack(block))
    healthy(judged(traffic))


def test_an_answer_from_another_address_of_the_server_is_linked() -> None:
    """Wireshark does not link it."""
    traffic = Traffic().udp(0, NODE, 2000, GATEWAY, 69, b"\0\1node.bin\0octet\0")
    traffic.udp(0.1, "10.20.0.11", 50123, NODE, 2000, data(1, 512)).udp(
        0.2, NODE, 2000, "10.20.0.11", 50123, ack(1)
    )
    request, leg = judged(traffic).flows
    assert leg.parent == request.id


# ---------------------------------------------------------------- direction

SSDP_ANSWER = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"
COAP_ANSWER = b"\x61\x45\x00\x01\x07\xffon"


@pytest.mark.parametrize(
    ("port", "answer", "request_"),
    [
        (69, data(9, 512), ack(9)),
        (1900, SSDP_ANSWER, b""),
        (5683, COAP_ANSWER, b"\x41\x01\x00\x02\x07"),
        (50195, b"\x01", b"\x02"),
        (50199, b"\x01", b"\x02"),
    ],
)
@pytest.mark.parametrize("both", [True, False])
def test_midstream_the_first_packet_does_not_name_the_originator(
    port: int, answer: bytes, request_: bytes, both: bool
) -> None:
    """Zeek's list of likely server ports lacks these, ntopng inverts what a one-way mirror shows: the
    capture begins with the gateway's answer to a node whose port is ephemeral.
    """
    traffic = Traffic().udp(0, GATEWAY, port, NODE, 40000, answer)
    if both and request_:
        traffic.udp(1, NODE, 40000, GATEWAY, port, request_)
    flow = only(judged(traffic, LEGACY), port)
    assert (flow.originator.address, flow.responder.port) == (NODE, port)
    assert flow.verdict is not Verdict.UNEXPECTED


def test_a_port_of_biostar_as_a_clients_port_is_no_biostar() -> None:
    """51110 lies in the dynamic range: a node's CoAP request from it stays a CoAP request."""
    traffic = Traffic().udp(0, GATEWAY, 5683, NODE, 51110, COAP_ANSWER)
    flow = only(judged(traffic), 51110)
    assert (flow.protocol, flow.originator.address, flow.verdict) == ("coap", NODE, Verdict.EXPECTED)


@pytest.mark.parametrize("first", ["client", "server"])
def test_midstream_tcp_on_a_listed_port(first: str) -> None:
    traffic = Traffic()
    if first == "server":
        traffic.tcp(0, GATEWAY, 8080, LAPTOP, 50202, ACK | PSH, b"\0\1\2\3")
    traffic.tcp(1, LAPTOP, 50202, GATEWAY, 8080, ACK | PSH, b"\0\1\2\3")
    flow = only(judged(traffic), 8080)
    assert (flow.originator.address, flow.originator.port) == (LAPTOP, 50202)


# ---------------------------------------------------------------- policy


def test_a_broadcast_is_judged_and_a_high_port_keeps_its_number() -> None:
    """mudmaker drops broadcasts and folds ports above 10000 into any."""
    who_is = b"\x81\x0b\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08"
    traffic = Traffic().udp(0, BMS, 47808, "10.20.0.255", 47808, who_is)
    traffic.connect(1, OTHER, 40000, GATEWAY, 50203).connect(2, OTHER, 40001, GATEWAY, 50300)
    report = judged(traffic)
    by_port = {flow.responder.port: flow.verdict for flow in report.flows}
    assert by_port == {
        47808: Verdict.EXPECTED,
        50203: Verdict.UNEXPECTED,
        50300: Verdict.UNEXPECTED,
    }


def test_a_bacnet_client_on_a_port_of_its_own_is_expected() -> None:
    """A policy that demands 47808 at both ends rejects it (icsnpp-bacnet 53)."""
    read = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x00\x01\x19\x4d"
    value = b"\x81\x0a\x00\x0f\x01\x00\x30\x01\x0c\x0c\x02\x00\x00\x01\x19"
    traffic = Traffic().udp(0, BMS, 34453, GATEWAY, 47808, read).udp(0.1, GATEWAY, 47808, BMS, 34453, value)
    flow = only(judged(traffic), 34453)
    assert (flow.protocol, flow.verdict, flow.responder.port) == ("bacnet", Verdict.EXPECTED, 47808)


def test_nothing_is_called_stopped_where_nothing_was() -> None:
    """MUDscope writes a packet as rejected when none is."""
    report = judged(Traffic().coap(0, GATEWAY, NODE).coap(1, NODE, GATEWAY).read_file(2, NODE, GATEWAY))
    healthy(report)
    assert {flow.outcome for flow in report.flows} == {"answered"}


# ---------------------------------------------------------------- libraries


def test_a_notify_is_ssdp_although_dpkts_http_refuses_such_requests() -> None:
    report = judged(Traffic().udp(0, NODE, 1900, "239.255.255.250", 1900, NOTIFY), LEGACY)
    assert report.flows[0].protocol == "ssdp"


def test_a_capture_with_two_link_types_and_nanoseconds_is_exact(tmp_path: Path) -> None:
    """dpkt knows one link type a file and reads pcapng times into floats of 238 ns grain."""
    ethernet = Traffic().udp(0, NODE, 40000, GATEWAY, 5683, b"\x41\x01\x00\x01\x07").frames[0][1]

    def block(kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        length = struct.pack("<I", 12 + len(body))
        return struct.pack("<I", kind) + length + body + length

    resolution = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link_type in (1, 101):
        out += block(1, struct.pack("<HHI", link_type, 0, 0) + resolution)
    base = 1_790_000_000_123_456_789
    for interface, frame in ((0, ethernet), (1, ethernet[14:])):
        moment = base + interface
        head = struct.pack("<5I", interface, moment >> 32, moment & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, head + frame)
    path = tmp_path / "mixed.pcapng"
    path.write_bytes(out)
    report = flows(Options((str(path),)))
    (flow,) = report.flows
    assert (flow.first, flow.last, flow.packets) == (base, base + 1, (2, 0))
    assert report.captures[0].link_types == ("EN10MB", "RAW")


# ---------------------------------------------------------------- findings


def test_two_captures_with_the_same_damage_are_one_finding(tmp_path: Path) -> None:
    """Zeek exits 0 in silence on a damaged capture; here each is named, in one finding with one id."""
    paths = []
    for number in (1, 2):
        path = (
            Traffic()
            .coap(number, GATEWAY, NODE)
            .coap(10 * number, GATEWAY, NODE)
            .write(tmp_path / f"{number}.pcap")
        )
        path.write_bytes(path.read_bytes()[:-5])
        paths.append(str(path))
    alone = check(Options((paths[0],), hosts=CURRENT))
    (one,) = alone.findings
    (both,) = check(Options(tuple(paths), hosts=CURRENT)).findings
    assert both.id == one.id
    assert both.kind == "capture-problem"
    assert "1 more" in both.title
    assert all(path in both.detail for path in paths)


def test_of_one_cause_told_twice_the_graver_finding_keeps_the_id() -> None:
    """One node's version is declared, the other's is read from its traffic: a violation and a warning."""
    (one,) = judged(Traffic().coap(0, GATEWAY, NODE, answered=False)).findings
    first, second, third = _told_apart([one, one, one])
    assert first == one
    assert len({first.id, second.id, third.id}) == 3
    assert [finding.id for finding in _told_apart([one, one, one])] == [first.id, second.id, third.id]
