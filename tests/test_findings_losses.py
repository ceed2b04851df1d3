"""Answers that only the capture lacks are no violation; answers that stay away are one."""

from __future__ import annotations

import random
import zlib

import pytest
from judging import BMS, CURRENT, GATEWAY, NODE, OTHER, judged
from lossy import HOSTS, dropped, site
from traffic import SYN, Traffic

from analyzer.findings.losses import HABIT, LAST, PROVEN, _likely
from analyzer.model import Report

ASKED = b"\x41\x01\x00\x01\x07\xb5light"


def weights(report: Report) -> list[tuple[str, str]]:
    """Kinds and severities; that nobody spoke BACnet is not what these tests are about."""
    told = [(str(one.kind), str(one.severity)) for one in report.findings]
    return [one for one in told if one != ("missing-flow", "violation")]


def violations(report: Report) -> list[str]:
    return [one.title for one in report.findings if str(one.severity) == "violation"]


# ---------------------------------------------------------------- whole sites


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_a_capture_that_loses_packets_alarms_nobody(seed: int, share: float) -> None:
    """Each request from a port of its own: whatever reply is lost leaves a flow without any."""
    whole = site(seed, count=14)
    assert judged(whole.seen, HOSTS).findings == ()
    report = judged(dropped(whole.seen, seed, share), HOSTS)
    assert violations(report) == []
    if share == 0.05:
        lost = [one for one in report.findings if "perhaps lost by the capture itself" in one.title]
        assert lost
        assert {str(one.severity) for one in lost} == {"warning"}


@pytest.mark.parametrize("seed", range(3))
def test_neither_does_one_that_loses_them_in_bursts(seed: int) -> None:
    """Without files: one that loses its last packets in one burst, and no others, seems to stop."""
    whole = site(seed, files=False)
    assert violations(judged(dropped(whole.seen, seed, 0.03, burst=0.05), HOSTS)) == []


@pytest.mark.parametrize("loss", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("seed", range(2))
def test_a_network_that_loses_packets_and_has_them_repeated_alarms_nobody(seed: int, loss: float) -> None:
    net = site(seed, loss=loss)
    assert net.given_up == []
    assert violations(judged(net.seen, HOSTS)) == []


def test_a_node_that_dies_is_a_violation_whatever_the_capture_loses() -> None:
    """From half-way on the gateway asks one node in vain, and repeats every request."""
    for share in (0.0, 0.01, 0.05):
        net = site(5, files=False)
        half = net.seen.frames[-1][0] / 2
        net.seen.frames = [
            (at, frame) for at, frame in net.seen.frames if at < half or frame[6:12] != b"\2\0\x0a\x14\1\x17"
        ]
        for number, at in enumerate(range(int(half), int(half) + 200, 60)):
            net.seen.coap(at, GATEWAY, "10.20.1.23", answered=False, sport=1000 + number, mid=number)
        net.seen.frames.sort(key=lambda item: item[0])
        titles = violations(judged(dropped(net.seen, 1, share), HOSTS))
        assert any("UDP 5683 (CoAP) from igor-gateway" in title and "10.20.1.23" in title for title in titles)


# ---------------------------------------------------------------- one relation


def talk(pattern: str, *, gap: float = 20, copies: int = 1, after: float = 60, port: int = 40000) -> Traffic:
    """A node's requests, ``+`` answered and ``-`` not, each from a port of its own; it goes on with
    samples."""
    traffic = Traffic().arp(0, NODE, GATEWAY)
    for number, one in enumerate(pattern):
        at = 1 + number * gap
        if one == "+":
            traffic.coap(at, NODE, GATEWAY, sport=port + number, mid=number)
        else:
            for again in range(copies):
                request = bytes((0x41, 1, 0, number)) + ASKED[4:]
                traffic.udp(at + 2.5 * (2**again - 1), NODE, port + number, GATEWAY, 5683, request)
    end = 1 + len(pattern) * gap + after
    for second in range(0, int(end), 5):
        traffic.udp(second, NODE, 50202, GATEWAY, 50202, b"\7\7")
    return traffic.arp(end, GATEWAY, OTHER)


@pytest.mark.parametrize("pattern", ["+-+", "++++-", "+++--", "+" * 9 + "-" + "+" * 9, "+++-+++-+++-+++"])
def test_one_request_that_was_not_repeated_was_probably_answered(pattern: str) -> None:
    report = judged(talk(pattern), CURRENT)
    assert weights(report) == [("failing-flow", "warning")]
    (finding,) = report.findings
    assert "perhaps lost by the capture itself" in finding.title
    assert len(finding.flows) == pattern.count("-")
    # What the flow is remains what it looks like: a reply was due, and none is here.
    assert {str(flow.outcome) for flow in report.flows if flow.id in finding.flows} == {"unanswered"}


@pytest.mark.parametrize(
    "pattern",
    [
        "-",  # nothing says that this host ever answers
        "---",
        "+-",  # answered too seldom to be a habit
        "+" * (HABIT - 1) + "-",
        "+++" + "-" * (LAST + 1),  # and it stays away
        "+" * 20 + "-" * 20,
    ],
)
def test_silence_to_the_end_stays_a_violation(pattern: str) -> None:
    assert ("failing-flow", "violation") in weights(judged(talk(pattern), CURRENT))


def test_a_request_that_was_repeated_was_not_answered() -> None:
    report = judged(talk("++++-", copies=4), CURRENT)
    assert weights(report) == [("failing-flow", "violation")]
    assert "lost by the capture" not in report.findings[0].title


def test_an_answer_may_be_beyond_the_end_of_the_capture() -> None:
    assert weights(judged(talk("++++-", after=-18), CURRENT)) == [("failing-flow", "warning")]


def test_a_sender_that_fell_silent_proves_nothing() -> None:
    traffic = talk("++++-", after=0)
    traffic.frames = [frame for frame in traffic.frames if frame[0] <= 81]
    traffic.arp(200, BMS, GATEWAY)
    assert weights(judged(traffic, CURRENT)) == [("failing-flow", "violation")]


@pytest.mark.parametrize("copies", [2, 4])
def test_what_was_repeated_is_not_laid_at_the_captures_door(copies: int) -> None:
    """Three of ten requests are repeated and given up: the network's fault, with the weight of one that
    passes."""
    report = judged(talk("+-++-+++-+", gap=60, copies=copies), CURRENT)
    assert weights(report) == [("failing-flow", "warning")]
    assert "a later attempt does" in report.findings[0].title
    assert "lost" not in report.findings[0].detail


def test_both_kinds_in_one_finding() -> None:
    traffic = talk("+++-+++", gap=60)
    traffic.frames += talk("+++-+++", gap=60, copies=4, port=45000).frames
    (finding,) = judged(traffic, CURRENT).findings
    assert "a later attempt does" in finding.title
    assert "1 of 2 were perhaps answered, and the capture lost it" in finding.detail


def test_an_outage_is_not_laid_there_either() -> None:
    report = judged(talk("+++---+++", gap=60, copies=4), CURRENT)
    assert weights(report) == [("failing-flow", "warning")]
    assert "a later attempt does" in report.findings[0].title


def test_more_than_a_capture_loses_is_not_laid_at_its_door() -> None:
    chance = random.Random(3)
    pattern = "".join(chance.choice("++-") for _ in range(90))
    assert 20 < pattern.count("-") < 40
    report = judged(talk(pattern, gap=10), CURRENT)
    assert ("failing-flow", "warning") in weights(report)
    assert "lost" not in report.findings[0].title + report.findings[0].detail


def test_a_syn_that_was_not_repeated() -> None:
    traffic = Traffic().arp(0, NODE, GATEWAY)
    for number in range(5):
        traffic.connect(20 * number, GATEWAY, 50000 + number, NODE, 80)
    lone = Traffic().tcp(100, GATEWAY, 51000, NODE, 80, SYN).arp(101, NODE, GATEWAY)
    for number in range(5):
        lone.coap(100 + 10 * number, GATEWAY, NODE, sport=42000 + number, mid=number)
    assert weights(judged(lone, CURRENT)) == [("failing-flow", "violation")]
    traffic.frames += lone.frames
    assert weights(judged(traffic, CURRENT)) == [("failing-flow", "warning")]
    again = traffic.tcp(101, GATEWAY, 51000, NODE, 80, SYN).tcp(103, GATEWAY, 51000, NODE, 80, SYN)
    assert weights(judged(again, CURRENT)) == [("failing-flow", "violation")]


# ---------------------------------------------------------------- a capture that shows its losses


def halves(count: int) -> Traffic:
    """A node that is answered a hundred times, ``count`` times with the request missing, and another host
    that is asked once."""
    traffic = talk("+" * 100, gap=5)
    requests = [frame for frame in traffic.frames if frame[1][36:38] == b"\x16\x33" and frame[0] > 20]
    for frame in requests[:count]:
        traffic.frames.remove(frame)
    return traffic.udp(300, GATEWAY, 40000, OTHER, 5683, ASKED).coap(320, GATEWAY, NODE, sport=40001)


@pytest.mark.parametrize(
    ("count", "weight"), [(0, "violation"), (PROVEN - 1, "violation"), (PROVEN, "warning")]
)
def test_a_lone_request_in_a_capture_that_is_known_to_lose_packets(count: int, weight: str) -> None:
    assert weights(judged(halves(count), CURRENT)) == [("failing-flow", weight)]


def test_more_lone_requests_than_it_loses() -> None:
    traffic = halves(PROVEN)
    for number in range(20):
        traffic.udp(300 + number, GATEWAY, 45000 + number, f"10.20.1.{100 + number}", 5683, ASKED)
    assert ("failing-flow", "violation") in weights(judged(traffic, CURRENT))


def test_a_host_that_never_answers_though_the_capture_loses_packets() -> None:
    """It is asked again and again, each time once."""
    traffic = halves(PROVEN)
    for number in range(LAST + 1):
        traffic.udp(300 + 20 * number, GATEWAY, 45000 + number, "10.20.1.99", 5683, ASKED)
    (title,) = [one for one in violations(judged(traffic, CURRENT)) if "5683" in one]
    assert "10.20.1.99" in title


@pytest.mark.parametrize("own_ports", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_mirror_of_one_member_of_a_link_aggregate_alarms_nobody(seed: int, own_ports: bool) -> None:
    """Half of all flows, by their addresses and ports, take the other cable, each direction for itself."""
    whole = site(seed, own_ports=own_ports, files=False).seen
    half = Traffic()
    half.frames = [
        (at, frame)
        for at, frame in whole.frames
        if frame[12:14] != b"\x08\0" or zlib.crc32(frame[26:38], seed) & 1
    ]
    report = judged(half, HOSTS)
    silent = [flow for flow in report.flows if str(flow.outcome) == "unanswered"]
    assert silent
    assert violations(report) == []


def test_what_is_repeated_in_vain_is_a_violation_in_such_a_capture_as_well() -> None:
    whole = site(1, files=False).seen
    whole.coap(100, GATEWAY, "10.20.1.99", answered=False, sport=40000)
    half = Traffic()
    half.frames = [
        (at, frame)
        for at, frame in sorted(whole.frames, key=lambda item: item[0])
        if frame[12:14] != b"\x08\0" or frame[33] == 99 or zlib.crc32(frame[26:38], 1) & 1
    ]
    (title,) = violations(judged(half, HOSTS))
    assert "10.20.1.99" in title


# ---------------------------------------------------------------- what is told of what is over


@pytest.mark.parametrize(("later", "told"), [(True, True), (False, False)])
def test_a_refusal_that_is_over_says_so(later: bool, told: bool) -> None:
    traffic = Traffic().coap(0, NODE, GATEWAY, sport=40000, mid=1)
    traffic.udp(10, NODE, 40001, GATEWAY, 5683, ASKED).unreachable(
        10.1, GATEWAY, NODE, 40001, GATEWAY, 5683, 3
    )
    if later:
        traffic.coap(20, NODE, GATEWAY, sport=40002, mid=3)
    (finding,) = judged(traffic, CURRENT).findings
    assert str(finding.severity) == "violation"
    assert ("Later attempts between the same hosts were answered" in finding.detail) is told


@pytest.mark.parametrize("share", [0.05, 0.1])
@pytest.mark.parametrize("tries", [5, 50, 500, 5000])
def test_likely_is_what_chance_does(share: float, tries: int) -> None:
    """As many as are lost on average are believed, and four times as many, of many, are not."""
    assert _likely(0, tries, share)
    assert _likely(max(1, round(share * tries)), tries, share)
    assert not _likely(tries, tries, share)
    if tries >= 50:
        assert not _likely(round(4 * share * tries), tries, share)
