"""A case becomes a finding: an id that lasts, evidence that exists, a filter that shows just that."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CURRENT, GATEWAY, LAPTOP, NODE, OTHER, bench, error, judged, samples, talk
from traffic import Traffic

from analyzer.compliance import End
from analyzer.conversations import Conversations, Selection
from analyzer.findings.case import (
    FRAMES,
    Case,
    _sha256,
    address,
    call,
    display_filter,
    home_of,
    identify,
    kind_of,
    spell,
)
from analyzer.model import CaptureInfo, FindingKind, Host, Outcome, Severity
from analyzer.pipeline import Options, check

SITE = bench(CURRENT)


def capture(first_frame: int, packets: int) -> CaptureInfo:
    return CaptureInfo("x.pcap", "", "pcap", ("EN10MB",), packets, 0, 0, 0, first_frame, ())


def case(*found: tuple[int, int], waived: str = "") -> Case:
    """A case of flows with the given first frames each way."""
    one = Case(FindingKind.UNEXPECTED_FLOW, Severity.VIOLATION, ("a", "b"), waived=waived)
    for row, first in enumerate(found):
        flow = talk(row=row, packets=(1, int(bool(first[1]))), first_frame=first, last_frame=first)
        one.add(flow, SITE.judge(flow))
    return one


# ---------------------------------------------------------------- evidence


def test_every_flow_shows_its_first_frame_before_any_shows_more() -> None:
    many = case(*((10 * row + 1, 10 * row + 2) for row in range(FRAMES + 6)))
    frames = many.finding((capture(1, 1000),)).frames
    assert frames == tuple(10 * row + 1 for row in range(FRAMES))
    few = case((1, 2), (5, 0)).finding((capture(1, 9),))
    assert few.frames == (1, 2, 5)
    assert few.flows == ("f1", "f2")


def test_frames_that_were_chosen_stand() -> None:
    one = case((1, 2))
    one.frames = {9, 7}
    assert one.finding((capture(1, 9),)).frames == (7, 9)


def test_the_errors_that_set_an_outcome_are_evidence() -> None:
    flow = talk(packets=(1, 0), errors=(error(frame=3),))
    one = Case(FindingKind.FAILING_FLOW, Severity.VIOLATION, ())
    one.add(flow, SITE.judge(flow))
    assert one.finding((capture(1, 9),)).frames == (1, 3)


def test_the_legs_of_a_flow_are_evidence_and_named_once() -> None:
    flow = talk(row=0, packets=(1, 0))
    flow.legs.append(talk(row=4, parent=flow))
    one = Case(FindingKind.FAILING_FLOW, Severity.VIOLATION, ())
    one.add(flow, SITE.judge(flow))
    one.add(flow, SITE.judge(flow))
    found = one.finding((capture(1, 99),))
    assert (found.flows, found.frames) == (("f1", "f5"), (1, 9, 10))


def test_a_waived_case_is_a_note() -> None:
    found = case((1, 0), waived="maintenance (IT)").finding((capture(1, 9),))
    assert (found.severity, found.waived) == (Severity.NOTE, "maintenance (IT)")
    assert case((1, 0)).finding((capture(1, 9),)).severity is Severity.VIOLATION


# ---------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ((1, 4), "frame.number in {1, 4}"),
        ((11, 12, 15), "frame.number in {1, 2, 5}"),
        ((9, 11), "frame.number in {9}"),
        ((15, 16), "frame.number in {5}"),
        ((16,), ""),
        ((), ""),
    ],
)
def test_a_filter_is_for_the_file_of_the_first_frame(frames: tuple[int, ...], expected: str) -> None:
    captures = (capture(1, 10), capture(11, 5))
    assert display_filter(frames, captures) == expected
    assert (home_of(frames, captures) is None) is (expected == "")


TSHARK = shutil.which("tshark")
WITH_FINDINGS = ("coap-refused", "wrong-direction", "retired-upnp")


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", WITH_FINDINGS)
def test_tshark_shows_just_the_evidence(name: str) -> None:
    path, site = next(pair for pair in samples() if pair[0].parent.name == name)
    findings = check(Options((str(path),), site=str(site))).findings
    assert findings
    for finding in findings[:1]:
        shown = subprocess.run(
            [
                str(TSHARK),
                "-r",
                str(path),
                "-Y",
                finding.wireshark_filter,
                "-T",
                "fields",
                "-e",
                "frame.number",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert tuple(map(int, shown.stdout.split())) == finding.frames


def test_over_two_files_the_filter_counts_in_its_own(tmp_path: Path) -> None:
    first, second = (
        Traffic().coap(0, GATEWAY, NODE),
        Traffic().udp(10, NODE, 40000, GATEWAY, 50201, b"\x41\x02\0\1\7"),
    )
    paths = [str(one.write(tmp_path / name)) for one, name in ((first, "a.pcap"), (second, "b.pcap"))]
    (finding,) = check(Options(tuple(paths), hosts=CURRENT)).findings
    assert (finding.frames, finding.wireshark_filter) == ((3,), "frame.number in {1}")
    assert finding.detail.endswith(f" The filter is for {paths[1]}.")
    (alone,) = check(Options((paths[1],), hosts=CURRENT)).findings
    assert "The filter is for" not in alone.detail


# ---------------------------------------------------------------- ids


def test_an_id_is_its_kind_and_its_cause() -> None:
    one = identify(FindingKind.FAILING_FLOW, ("a", "b"))
    assert one == identify(FindingKind.FAILING_FLOW, ("a", "b"))
    assert one.startswith("failing-flow-")
    others = {
        identify(FindingKind.MISSING_FLOW, ("a", "b")),
        identify(FindingKind.FAILING_FLOW, ("ab",)),
        identify(FindingKind.FAILING_FLOW, ("a", "b", "")),
        identify(FindingKind.FAILING_FLOW, ("b", "a")),
    }
    assert len(others | {one}) == 5


@pytest.mark.parametrize("missing", [(), ("_sha2", "_sha256")])
def test_an_id_is_the_same_in_every_python(missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    whole = hashlib.sha256(b"a\x1fb").hexdigest()
    made: Callable[[bytes], Any] = _sha256.__wrapped__()
    assert made(b"a\x1fb").hexdigest() == whole
    assert (made.__module__ == "_hashlib") is bool(missing)
    assert identify(FindingKind.FAILING_FLOW, ("a", "b")) == f"failing-flow-{whole[:8]}"


def test_a_strangers_bytes_have_an_id_too() -> None:
    assert identify(FindingKind.FAILING_FLOW, ("\udc80\0\x1b",)).startswith("failing-flow-")


def faulty(shift: float, port: int, nodes: int) -> Traffic:
    traffic = Traffic()
    for number in range(nodes):
        node, at = f"10.20.1.{number + 10}", shift + 60 * number
        traffic.udp(at, node, port, GATEWAY, 50201, b"\x41\x02\x00\x01\x07")
        traffic.coap(at + 1, GATEWAY, node, answered=False, sport=port)
        traffic.udp(at + 2, GATEWAY, port, node, 50202, b"\x01\x02")
        traffic.connect(at + 3, LAPTOP, port, GATEWAY, 8080, b"GET / HTTP/1.1\r\n\r\n")
        traffic.connect(at + 4, LAPTOP, port, node, 22)
    return traffic


TWO = CURRENT[:2]
IDS = sorted(finding.id for finding in judged(faulty(0, 40000, 1), TWO).findings)


@settings(deadline=None, max_examples=15)
@given(
    st.integers(0, 10**6),
    st.integers(2000, 49000).filter(lambda port: port not in range(47808, 47824)),
    st.integers(1, 6),
)
def test_ids_do_not_depend_on_times_client_ports_or_the_number_of_hosts(
    shift: int, port: int, nodes: int
) -> None:
    assert len(IDS) == 5
    assert sorted(finding.id for finding in judged(faulty(shift, port, nodes), TWO).findings) == IDS


# ---------------------------------------------------------------- words


def test_what_an_end_is() -> None:
    both = End(hosts=(Host("x", (), ("b-role", "a-role")),))
    assert (kind_of(both), kind_of(End()), kind_of(End(everyone=True))) == (
        "a-role+b-role",
        "undeclared",
        "everyone",
    )


def test_what_an_end_is_called() -> None:
    node = SITE.end(talk(NODE).a)
    flows = [talk(NODE, "239.255.255.250", row=0), talk(OTHER, "224.0.0.9", row=1), talk(LAPTOP, NODE, row=2)]
    found = Conversations.of(flows)

    def said(end: End, *rows: int, responder: bool = False) -> str:
        places = Selection(found, np.array(rows)).places(responder=responder)
        return call(end, found.places, places)

    assert said(node, 0) == f"igor-node ({NODE})"
    assert said(node, 0, 0, 1) == "igor-node (2 hosts)"
    assert said(End(), 2) == f"undeclared host {LAPTOP}"
    assert said(End(), 1, 2) == "2 undeclared hosts"
    assert said(End(everyone=True), 0, responder=True) == "the group 239.255.255.250"
    assert said(End(everyone=True), 0, 1, responder=True) == "the group 224.0.0.9 and 239.255.255.250"


def test_a_flow_in_one_line() -> None:
    one = talk(packets=(3, 0), outcome=Outcome.REFUSED, why="ICMP port unreachable")
    assert spell(one) == (
        f"{GATEWAY}:40000 -> {NODE}:5683, 3 packets there, 0 back, refused (ICMP port unreachable)"
    )
    lone = talk(packets=(1, 1), outcome=Outcome.ANSWERED)
    assert spell(lone) == f"{GATEWAY}:40000 -> {NODE}:5683, 1 packet there, 1 back, answered"
    assert address(talk("2001:db8::1", "2001:db8::2", 53), True) == "[2001:db8::2]:53"
    assert address(talk(transport="icmp"), False) == GATEWAY
