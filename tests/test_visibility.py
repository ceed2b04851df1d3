"""What a capture could have shown: spans, one-sided mirrors, and the host it was taken at."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from judging import (
    ANSWER,
    ASK,
    GATEWAY,
    LAPTOP,
    NODE,
    OTHER,
    SECOND,
    address,
    head,
    pcap_bytes,
    pcap_frames,
    recognised,
    samples,
    talk,
)
from traffic import ACK, PSH, SYN, Traffic

from analyzer.conversation import Address, Conversation
from analyzer.model import FindingKind, Report, Severity
from analyzer.pipeline import Options, check
from analyzer.protocol import Fit
from analyzer.tables import ACK as ACK_FLAG
from analyzer.tables import SYN as SYN_FLAG
from analyzer.visibility import ONE_SIDED_FLOWS, Span, Visibility

G, N, X, L = (address(text) for text in (GATEWAY, NODE, OTHER, LAPTOP))


def test_a_span_widens_and_is_empty_before_its_first_packet() -> None:
    span = Span()
    assert span.length == 0
    span.add(5, 9)
    span.add(3, 4)
    assert (span.first, span.last, span.length) == (3, 9, 6)


def test_both_ways_is_the_shorter_of_sending_and_receiving() -> None:
    seen = Visibility(
        [
            talk(packets=(2, 0), start=0, end=600),
            talk(
                packets=(0, 2), start=100, end=300, first_time=(0, 100 * SECOND), last_time=(0, 300 * SECOND)
            ),
        ]
    )
    assert seen.both_ways.tolist() == [200 * SECOND, 200 * SECOND]
    assert Visibility([talk(packets=(2, 0), end=600)]).both_ways.tolist() == [0, 0]


def test_groups_are_no_unicast() -> None:
    seen = Visibility([talk(GATEWAY, "239.255.255.250", 1900, packets=(2, 0), group=True, end=600)])
    assert not len(seen.met)
    assert not seen.anything


def test_an_arp_request_shows_no_direction_and_a_reply_shows_its_own() -> None:
    asked = Traffic()
    asked.frames = Traffic().arp(0, GATEWAY, NODE).frames[:1]
    assert not len(Visibility(recognised(asked)).met)
    seen = Visibility(recognised(Traffic().arp(0, GATEWAY, NODE)))
    assert seen.sight(N).sent.first is not None
    assert seen.sight(N).received.first is None


# ---------------------------------------------------------------- one-sided


def one_sided(*found: Conversation) -> bool:
    return Visibility(found).one_sided(G, N)


@pytest.mark.parametrize(
    ("conversation", "expected"),
    [
        (talk(transport="tcp", packets=(1, 0), flags=(SYN_FLAG, 0), syn=(1, 0)), False),
        (talk(transport="tcp", packets=(2, 0), flags=(SYN_FLAG | ACK_FLAG, 0), syn=(1, 0)), True),
        (talk(transport="tcp", packets=(1, 0), flags=(ACK_FLAG, 0), payload=(10, 0)), True),
        (talk(transport="tcp", packets=(1, 0), flags=(ACK_FLAG, 0)), False),
        (talk(transport="tcp", packets=(1, 0), synack=(1, 0)), True),
        (talk(packets=(1, 0), fit=Fit.YES, protocol="coap", readings=((ANSWER,), ())), True),
        (talk(packets=(1, 0), fit=Fit.YES, protocol="coap", readings=((ASK,), ())), False),
        (talk(packets=(1, 0), fit=Fit.UNSURE, readings=((ANSWER,), ())), False),
        (
            talk(
                packets=(2, 0),
                fit=Fit.YES,
                protocol="tftp",
                heads=((head(b"\0\4\0\1"), head(b"\0\4\0\2")), ()),
            ),
            True,
        ),
        (talk(packets=(2, 0), fit=Fit.YES, protocol="tftp", heads=((head(b"\0\3\0\1"),), ())), False),
        (talk(packets=(1, 0), fit=Fit.YES, protocol="tftp", parent=talk()), True),
        (talk(packets=(1, 0), fit=Fit.YES, protocol="tftp", parent=talk(), forward=False), False),
    ],
)
def test_what_proves_an_answer_that_is_not_here(conversation: Conversation, expected: bool) -> None:
    assert one_sided(conversation) is expected


def test_any_unicast_packet_the_other_way_disproves_it() -> None:
    proof = talk(transport="tcp", packets=(1, 0), synack=(1, 0))
    assert one_sided(proof)
    assert not one_sided(proof, talk(NODE, GATEWAY, 9, packets=(1, 0)))


def test_half_shown_are_flows_of_which_the_other_half_could_not_be_here() -> None:
    proof = talk(transport="tcp", packets=(1, 0), synack=(1, 0), row=0)
    only_back = talk(NODE, GATEWAY, 9, packets=(0, 1), row=1)
    elsewhere = talk("10.20.1.24", OTHER, 5683, packets=(1, 0), row=2)
    group = talk(GATEWAY, "239.255.255.250", 1900, packets=(1, 0), group=True, row=3)
    shown = Visibility([proof, only_back, elsewhere, group]).half_shown()
    assert shown.tolist() == [True, True, False, False]
    assert not Visibility([proof, talk(NODE, GATEWAY, 9, packets=(1, 0), row=1)]).half_shown().any()


def test_silence_from_three_flows_to_two_hosts_is_the_captures() -> None:
    def silent(*targets: str) -> bool:
        found = [talk(GATEWAY, target, 5683, packets=(1, 0), row=row) for row, target in enumerate(targets)]
        return Visibility(found).one_sided(G, address(targets[0]))

    assert ONE_SIDED_FLOWS == 3
    assert silent(NODE, OTHER, OTHER)
    assert not silent(NODE, OTHER)
    assert not silent(NODE, NODE, NODE, NODE)


def test_whoever_received_anything_is_not_behind_a_one_sided_mirror() -> None:
    found = [talk(GATEWAY, target, 5683, packets=(1, 0)) for target in (NODE, OTHER, "10.20.1.23")]
    found.append(talk(LAPTOP, GATEWAY, 80, packets=(1, 0)))
    assert not Visibility(found).one_sided(G, N)


# ---------------------------------------------------------------- where it was taken


def shown(seen: Visibility, counterparts: Sequence[Address] | None) -> set[Address]:
    return {seen.places.address(int(at)) for at in np.flatnonzero(seen.shows_pairs(counterparts))}


def test_a_capture_at_one_host_shows_only_its_pairs() -> None:
    seen = Visibility([talk(GATEWAY, NODE), talk(OTHER, GATEWAY), talk(GATEWAY, LAPTOP)])
    assert seen.points == {G}
    assert shown(seen, None) == {G}
    assert shown(seen, [G]) == {G, N, X, L}
    assert shown(seen, [X]) == {G}


def test_two_hosts_alone_show_only_what_is_between_them() -> None:
    seen = Visibility([talk(GATEWAY, NODE)])
    assert seen.points == {G, N}
    assert shown(seen, [N]) == {G, N}
    assert shown(seen, [N, X]) == shown(seen, None) == set()


def test_a_mirror_shows_all_and_an_empty_capture_nothing() -> None:
    assert shown(Visibility([talk(GATEWAY, NODE), talk(OTHER, LAPTOP)]), None) == {G, N, X, L}
    assert not len(Visibility([]).shows_pairs(None))


def test_loopback_and_portless_flows_say_nothing_about_the_place() -> None:
    seen = Visibility([talk(GATEWAY, GATEWAY), talk(NODE, OTHER, transport="icmp"), talk(GATEWAY, NODE)])
    assert seen.points == {G, N}


# ---------------------------------------------------------------- laws


def ends(data: bytes) -> tuple[bytes, bytes] | None:
    """Sender and receiver of an Ethernet frame's IPv4 packet or ARP reply."""
    if data[12:14] == b"\x08\x00":
        return data[26:30], data[30:34]
    if data[12:14] == b"\x08\x06" and data[20:22] == b"\0\2":
        return data[28:32], data[38:42]
    return None


def proves(frames: Iterable[bytes], source: bytes, target: bytes) -> bool:
    """Whether what ``source`` sends to ``target`` shows that it was answered: an oracle of its own."""
    acknowledged = set()
    for data in frames:
        if ends(data) != (source, target) or data[12:14] != b"\x08\x00":
            continue
        body = data[14 + 4 * (data[14] & 15) :]
        if data[23] == 6 and body[13] & 0x10 and not body[13] & 4 and len(body) > 4 * (body[12] >> 4):
            return True  # TCP data is sent once the handshake was answered
        if data[23] == 17 and body[:2] == b"\x16\x33" and body[8] >> 4 == 6 and body[9]:
            return True  # a CoAP ACK with a response, from port 5683
        if data[23] == 17 and body[8:10] == b"\0\4" and len(body) == 12:
            acknowledged.add(body[:4] + body[8:12])
    return len(acknowledged) > 1  # TFTP: the second acknowledgement


def violations(report: Report) -> set[str]:
    return {
        finding.id
        for finding in report.findings
        if finding.severity is Severity.VIOLATION
        and finding.kind in (FindingKind.FAILING_FLOW, FindingKind.MISSING_FLOW)
    }


ETHERNET = [
    (path, site) for path, site in samples() if struct.unpack_from("<I", path.read_bytes(), 20)[0] == 1
]
PLAIN = [
    (path, site)
    for path, site in ETHERNET
    if path.name in ("capture.pcap", "ethernet.pcap")
    # one direction, one transfer or searches without proof are all there is
    and not path.parent.name.startswith(("one-sided", "transfer-", "bacnet-"))
]


@pytest.mark.parametrize(("path", "site"), PLAIN, ids=lambda path: path.parent.name)
def test_one_direction_of_a_pair_left_out_is_no_fault_where_the_rest_proves_it(
    path: Path, site: Path, tmp_path: Path
) -> None:
    header, frames = pcap_frames(path)
    whole = violations(check(Options((str(path),), site=str(site))))
    tried = 0
    for gone in sorted({pair for _, data in frames if (pair := ends(data))}):
        kept = [(at, data) for at, data in frames if ends(data) != gone]
        if not proves((data for _, data in kept), gone[1], gone[0]):
            continue
        tried += 1
        part = tmp_path / "part.pcap"
        part.write_bytes(pcap_bytes(header, kept))
        assert violations(check(Options((str(part),), site=str(site)))) <= whole, gone
    assert tried, "the sample shows no answered pair"


def test_a_mirror_of_one_direction_with_arp_of_both_is_seen_through() -> None:
    traffic = Traffic()
    traffic.frames = traffic.arp(0, NODE, GATEWAY).frames[:1]
    traffic.tcp(1, GATEWAY, 40000, NODE, 80, SYN).tcp(
        2, GATEWAY, 40000, NODE, 80, ACK | PSH, b"GET / HTTP/1.1\r\n\r\n"
    )
    assert Visibility(recognised(traffic)).one_sided(G, N)


def test_a_pause_of_everybody_is_not_time_in_which_a_host_was_seen() -> None:
    minute = 60 * SECOND
    long = talk(start=0, end=4000)
    assert Visibility([long]).both_ways[0] == 4000 * SECOND
    assert Visibility([long], [(minute, 61 * minute)]).both_ways[0] == 400 * SECOND
    assert Visibility([long], [(2000 * SECOND, 6000 * SECOND)]).both_ways[0] == 4000 * SECOND


@pytest.mark.parametrize(
    ("others", "port"),
    [
        ((), 5683),
        ((talk(OTHER, NODE),), 5683),
        ((talk(transport="icmp"),), 5683),
        ((talk(port=69),), 0),
        ((talk(transport="tcp"),), 0),
        ((talk(transport="arp"),), 0),
    ],
)
def test_the_only_port_of_a_capture(others: tuple[Conversation, ...], port: int) -> None:
    assert Visibility([talk(), *others]).only_port == port


def test_a_capture_of_ports_holds_no_arp() -> None:
    assert Visibility([talk()]).of_ports
    assert Visibility([talk(), talk(transport="icmp")]).of_ports
    assert not Visibility([talk(), talk(transport="arp")]).of_ports
