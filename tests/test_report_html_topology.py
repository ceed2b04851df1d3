"""Who talks to whom: hosts while they are few, groups when they are many."""

from __future__ import annotations

import itertools
from dataclasses import replace

import html_pages
import pytest
import reports

from analyzer.model import Endpoint, HostResult, Outcome, Verdict
from analyzer.report.html.topology import FEW, GROUPS, OTHERS, WIDTH, Topology, group_of

GATEWAY = Endpoint("10.20.0.10", 5683, ("igor-gateway",))


def drawn(*records, hosts=()):
    topology = Topology(hosts)
    for record in records:
        topology.add(record)
    return topology.drawn()


def node(number: int) -> Endpoint:
    return Endpoint(f"10.20.{1 + number // 250}.{1 + number % 250}", 49152, ("igor-node",))


@pytest.mark.parametrize(
    ("end", "group"),
    [
        (GATEWAY, "igor-gateway"),
        (Endpoint("10.1.2.3", 1, ("a", "b")), "a+b"),
        (Endpoint("239.255.255.250", 1900), "multicast and broadcast"),
        (Endpoint("255.255.255.255", 67), "multicast and broadcast"),
        (Endpoint("10.20.1.255", 47808), "multicast and broadcast"),
        (Endpoint("ff02::1", 1), "multicast and broadcast"),
        (Endpoint("8.8.8.8", 53), "internet"),
        (Endpoint("10.20.9.5", 1), "others in 10.20.9.0/24"),
        (Endpoint("fe80::1:2", 1), "others in fe80::/64"),
        (Endpoint("02:00:00:00:00:01", None), OTHERS),
    ],
)
def test_the_group_of_an_end(end: Endpoint, group: str) -> None:
    assert group_of(end) == group


def test_few_hosts_are_drawn_one_by_one_with_their_names() -> None:
    view = drawn(
        reports.COAP,
        reports.TELNET,
        hosts=(HostResult("gateway", ("10.20.0.10",), ("igor-gateway",), "", "declared", ""),),
    )
    assert view.single
    assert {(circle.label, circle.below) for circle in view.circles} == {
        ("gateway", "10.20.0.10"),
        ("10.20.1.21", "igor-node"),
        ("10.20.9.5", "others in 10.20.9.0/24"),
    }
    # The gateway talks with both others, so it stands in the middle.
    assert (view.circles[0].label, view.circles[0].x) == ("gateway", WIDTH // 2)
    assert [(pair.originator, pair.responder, pair.verdict) for pair in view.pairs] == [
        ("10.20.9.5", "gateway (10.20.0.10)", "unexpected"),
        ("10.20.1.21", "gateway (10.20.0.10)", "expected"),
    ]
    assert [circle.declared for circle in view.circles] == [True, True, False]


def test_300_nodes_are_one_circle() -> None:
    flows = [replace(reports.COAP, originator=node(number), responder=GATEWAY) for number in range(300)]
    view = drawn(*flows, reports.TELNET)
    assert not view.single
    assert {(circle.label, circle.hosts) for circle in view.circles} == {
        ("igor-gateway", 1),
        ("igor-node", 300),
        ("others in 10.20.9.0/24", 1),
    }
    assert [(pair.originator, pair.flows) for pair in view.pairs] == [
        ("others in 10.20.9.0/24", 1),
        ("igor-node", 300),
    ]
    assert [(group.label, group.count) for group in view.groups] == [
        ("igor-gateway", 1),
        ("igor-node", 300),
        ("others in 10.20.9.0/24", 1),
    ]
    # Addresses are in their own order, not in that of their letters.
    assert [address for address, _, _ in view.groups[1].hosts[:3]] == ["10.20.1.1", "10.20.1.2", "10.20.1.3"]


def test_many_networks_become_one_circle_and_no_flow_is_lost() -> None:
    flows = [
        replace(reports.TELNET, originator=Endpoint(f"10.{net}.0.{host}", 1), responder=GATEWAY)
        for net in range(60, 100)
        for host in (1, 2)
    ]
    view = drawn(*flows)
    assert len(view.circles) == GROUPS
    assert OTHERS in [circle.label for circle in view.circles]
    assert sum(pair.flows for pair in view.pairs) == 80


def test_a_line_has_the_gravest_verdict_of_both_directions() -> None:
    back = replace(reports.COAP, originator=GATEWAY, responder=node(1), verdict=Verdict.DISPUTED)
    there = replace(reports.COAP, originator=node(1), responder=GATEWAY)
    (edge,) = drawn(there, there, back).edges
    assert (edge.kind, edge.sign) == ("disputed", "~")
    assert edge.said == "10.20.0.10 and 10.20.1.2: 3 flows"


def test_background_is_counted_and_not_drawn() -> None:
    view = drawn(reports.ARP, reports.ARP)
    assert (view.circles, view.pairs, view.background) == ([], [], 2)


def test_what_was_not_answered_is_counted() -> None:
    (pair,) = drawn(reports.COAP, replace(reports.COAP, outcome=Outcome.BLOCKED)).pairs
    assert (pair.flows, pair.bad, pair.services) == (2, 1, "CoAP")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "expected"),
        ({"outcome": Outcome.UNANSWERED}, "failing"),
        ({"outcome": Outcome.ONE_WAY}, "expected"),
        ({"outcome": Outcome.REFUSED, "verdict": Verdict.UNEXPECTED}, "unexpected"),
        ({"outcome": Outcome.UNANSWERED, "verdict": Verdict.OUT_OF_SCOPE}, "out-of-scope"),
        ({"verdict": None}, "none"),
    ],
)
def test_a_line_shows_trouble_also_where_no_sheet_objects(change, kind: str) -> None:
    (edge,) = drawn(replace(reports.COAP, **change)).edges
    assert edge.kind == kind
    assert bool(edge.sign) == (kind in ("failing", "unexpected"))


@pytest.mark.parametrize("hosts", range(2, FEW + 1))
def test_circles_lie_inside_and_apart(hosts: int) -> None:
    flows = [replace(reports.COAP, originator=node(at), responder=GATEWAY) for at in range(hosts - 1)]
    view = drawn(*flows)
    circles = view.circles
    assert len(circles) == hosts
    for circle in circles:
        assert circle.radius <= circle.x <= WIDTH - circle.radius
        assert circle.radius <= circle.y <= view.height - circle.radius - 33
    for one, other in itertools.combinations(circles, 2):
        apart = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
        assert apart > one.radius + other.radius + 30


def test_the_drawing_has_the_table_as_its_text() -> None:
    page = html_pages.tree(reports.REPORT)
    (section,) = page.xpath("//section[@id='talk']")
    assert len(section.xpath(".//*[local-name()='path' and contains(@class, 'edge')]")) == 2
    rows = [html_pages.said(row) for row in section.xpath(".//tbody/tr")]
    assert rows[0].startswith("10.20.9.5 gateway (10.20.0.10)") or rows[0].startswith("10.20.9.5gateway")
    assert "1 unexpected" in rows[0]
