"""Update signalling: who spoke, who answered, and which transfer goes with it."""

from __future__ import annotations

import pytest
from judging import CURRENT, GATEWAY, NODE, OTHER, judged, recognised
from traffic import Traffic

from analyzer.directory import Directory
from analyzer.model import Finding, FindingKind, Host, Severity
from analyzer.observations import Setting
from analyzer.observations.igor import signalling
from analyzer.visibility import Visibility

NOTE, WARNING = Severity.NOTE, Severity.WARNING
THIRD, FOURTH = "10.20.1.23", "10.20.1.24"
MISSING, FAILING = FindingKind.MISSING_FLOW, FindingKind.FAILING_FLOW


class Site(Traffic):
    """A gateway that updates its nodes."""

    def signal(self, at: float, node: str, *, answered: bool = True, port: int = 1050) -> Site:
        self.udp(at, GATEWAY, 40000, node, port, b"\x01go")
        if answered:
            self.udp(at + 0.1, node, port, GATEWAY, 40000, b"\x02ok")
        return self

    def update(self, at: float, node: str, *, report: bool = True) -> Site:
        self.signal(at, node).read_file(at + 5, node, GATEWAY, sport=2000 + round(at))
        return self.signal(at + 20, node, port=50195) if report else self

    def until(self, at: float) -> Site:
        self.coap(at, GATEWAY, NODE)
        return self


HOSTS = CURRENT[:2]
"""Without a BACnet system, whose rows would be due."""


def told(site: Site, kind: FindingKind, *activities: str) -> list[Finding]:
    report = judged(site, HOSTS, activities=activities)
    return [finding for finding in report.findings if finding.kind is kind and "CoAP" not in finding.title]


def test_a_healthy_campaign() -> None:
    site = Site().update(0, NODE).update(30, OTHER).update(60, THIRD).until(400)
    assert told(site, MISSING) == told(site, FAILING) == []


def test_an_update_that_is_agreed_and_never_asked_for() -> None:
    (finding,) = told(Site().update(0, NODE).signal(30, OTHER).until(400), MISSING)
    assert (finding.severity, len(finding.flows)) == (WARNING, 1)
    assert finding.title == f"{OTHER} spoke with {GATEWAY} about an update, and no transfer follows"
    assert "1 packets to it, 1 from it, UDP 1050" in finding.detail
    assert f"{NODE} had a transfer" in finding.detail
    assert f"taken at {GATEWAY}" in finding.advice
    assert len(finding.frames) == 2


def test_without_any_transfer_it_is_a_note() -> None:
    (finding,) = told(Site().signal(0, NODE).until(400), MISSING)
    assert finding.severity is NOTE


def test_with_the_user_s_word_it_is_the_missing_row_that_tells_it() -> None:
    site = Site().signal(0, NODE)
    for at in range(10, 500, 20):
        site.coap(at, GATEWAY, NODE, mid=at)
    found = told(site, MISSING, "firmware-update")
    (tftp,) = [finding for finding in found if "UDP 69" in finding.title]
    assert "spoke with" in tftp.near_miss
    assert not [finding for finding in found if "spoke with" in finding.title]


@pytest.mark.parametrize(
    ("site", "why"),
    [
        (Site().signal(0, NODE).until(100), "the capture ends too early"),
        (Site().signal(0, NODE, answered=False).until(400), "nobody answered"),
        (Site().update(0, NODE, report=False).until(400), "nobody reports here"),
        (Site().until(400), "no signalling at all"),
    ],
)
def test_what_is_no_finding(site: Site, why: str) -> None:
    assert told(site, MISSING) == told(site, FAILING) == [], why


def test_a_node_that_stays_silent_where_others_answer() -> None:
    site = Site().update(0, NODE).signal(30, OTHER, answered=False).coap(40, OTHER, GATEWAY, mid=9)
    (finding,) = told(site.until(400), FAILING)
    assert finding.severity is WARNING
    assert finding.title == f"{OTHER} does not answer the update signalling of {GATEWAY}, as other nodes do"
    assert f"Answered: {NODE}" in finding.detail
    assert "excludedportrange" in finding.advice


def test_a_node_that_is_off_is_told_elsewhere() -> None:
    assert told(Site().update(0, NODE).signal(30, OTHER, answered=False).until(400), FAILING) == []


def test_a_refused_message_is_told_as_that() -> None:
    site = Site().update(0, NODE).signal(30, OTHER, answered=False).coap(40, OTHER, GATEWAY, mid=9)
    site.unreachable(30.1, OTHER, GATEWAY, 40000, OTHER, 1050, 3)
    (finding,) = told(site.until(400), FAILING)
    assert finding.severity is Severity.VIOLATION


def test_a_gateway_that_answers_some_nodes_only() -> None:
    site = (
        Site().update(0, NODE).udp(30, OTHER, 40000, GATEWAY, 1050, b"hello").coap(40, OTHER, GATEWAY, mid=9)
    )
    (finding,) = told(site.until(400), FAILING)
    assert (
        finding.title == f"{GATEWAY} does not answer the update signalling of {OTHER}, as it does of others"
    )


def test_a_node_without_a_report_where_two_others_have_one() -> None:
    site = Site().update(0, NODE).update(30, OTHER).update(60, THIRD, report=False)
    (finding,) = told(site.until(400), MISSING)
    assert (finding.severity, THIRD in finding.title) == (NOTE, True)
    assert "2 other nodes exchange messages within 15 s" in finding.detail


def test_a_report_may_still_come_at_the_end_of_the_capture() -> None:
    site = Site().update(0, NODE).update(30, OTHER).update(60, THIRD, report=False)
    assert told(site.until(100), MISSING) == []


def test_signalling_is_counted_by_end_whoever_began() -> None:
    site = Site().signal(0, NODE).udp(1, NODE, 50001, GATEWAY, 50199, b"x")
    hosts = Host("gateway", (GATEWAY,), ("igor-gateway",)), Host("node", (NODE,), ("igor-node",))
    found = recognised(site)
    for flow in found:
        flow.protocol = "igor-firmware"
    setting = Setting(found, Visibility(found), Directory(hosts))
    (one,) = signalling.signalling(setting)
    assert (one.of_gateway, one.of_node, one.ports) == (1, 2, "UDP 1050, 50199")
    assert one.reported is None
