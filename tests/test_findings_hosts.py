"""Findings about hosts: gaps, versions that do not belong together, modes for a while only."""

from __future__ import annotations

import pytest
from judging import CLIENT, DOOR, GATEWAY, GET, LAPTOP, NODE, OTHER, SERVER, judged
from traffic import Traffic

from analyzer.model import Finding

PAIR = Traffic().coap(0, GATEWAY, NODE)


def one(traffic: Traffic, hosts: tuple[str, ...], kind: str) -> Finding:
    found = [finding for finding in judged(traffic, hosts).findings if finding.kind == kind]
    assert len(found) == 1, found
    return found[0]


def kinds(traffic: Traffic, hosts: tuple[str, ...]) -> set[tuple[str, str]]:
    return {(str(finding.kind), str(finding.severity)) for finding in judged(traffic, hosts).findings}


def pair(gateway: str, node: str) -> tuple[str, ...]:
    return f"igor-gateway={GATEWAY}{gateway}", f"igor-node=10.20.1.0/24{node}"


# ---------------------------------------------------------------- versions in no sheet


def test_an_unsupported_version_names_the_hosts_and_what_the_sheet_covers() -> None:
    finding = one(PAIR, pair("@4.6.0", "@6.0.2"), "unsupported-version")
    assert finding.title == "igor-gateway 4.6.0 is in no edition of the sheet"
    assert "1.12.1-4.5.3, 5.0.0+" in finding.detail
    assert GATEWAY in finding.detail
    assert (finding.flows, finding.frames) == (("f1",), (1, 2))


def test_one_version_is_one_finding_for_all_its_hosts() -> None:
    hosts = (f"igor-node={NODE}@5.1.0", f"igor-node={OTHER}@5.1.0", "igor-node=10.20.1.99@3.0")
    findings = [one for one in judged(PAIR, hosts).findings if one.kind == "unsupported-version"]
    assert sorted(finding.title.split(" is ")[0] for finding in findings) == [
        "igor-node 3.0",
        "igor-node 5.1.0",
    ]


def test_hosts_that_were_not_seen_are_named_without_frames() -> None:
    finding = one(Traffic(), (f"igor-gateway={GATEWAY}@1.0",), "unsupported-version")
    assert (finding.frames, finding.wireshark_filter) == ((), "")


# ---------------------------------------------------------------- versions that do not belong together


@pytest.mark.parametrize(
    ("gateway", "node", "expected"),
    [
        ("@4.5.3", "@5.0.2", set()),
        ("@3.1.0", "@4.0.0", set()),
        ("@5.0.0", "@6.0.0", set()),
        ("@1.12.1", "@4.0.0", {("incompatible-versions", "violation")}),
        ("@3.0.9", "@5.0.2", {("incompatible-versions", "violation")}),
        ("@5.1.0", "@5.0.2", {("incompatible-versions", "violation")}),
        ("@4.5.3", "@6.0.2", {("incompatible-versions", "violation")}),
        ("", "@5.0.2", set()),
        ("@5.1.0", "", set()),
        ("@4.6.0", "@5.0.2", {("unsupported-version", "warning"), ("incompatible-versions", "violation")}),
    ],
)
def test_versions_that_talk(gateway: str, node: str, expected: set[tuple[str, str]]) -> None:
    assert kinds(PAIR, pair(gateway, node)) == expected


def test_versions_that_never_talk_are_not_compared() -> None:
    assert not kinds(Traffic().connect(0, GATEWAY, 40000, LAPTOP, 443), pair("@5.1.0", "@5.0.2")) - {
        ("undeclared-peer", "note")
    }


def test_an_edition_read_from_the_traffic_is_named_and_weighs_less() -> None:
    traffic = Traffic().connect(0, GATEWAY, 40000, NODE, 1901, GET).coap(1, GATEWAY, NODE)
    finding = one(traffic, pair("@5.1.0", ""), "incompatible-versions")
    assert finding.severity == "warning"
    assert finding.title == "igor-node 4.0.0-5.0.2 is not stated to work with igor-gateway 5.1.0"


def test_all_flows_of_a_bad_pair_are_one_finding() -> None:
    finding = one(
        Traffic().coap(0, GATEWAY, NODE).coap(1, OTHER, GATEWAY),
        pair("@5.1.0", "@5.0.2"),
        "incompatible-versions",
    )
    assert finding.flows == ("f1", "f2")
    assert ">=3.1.0,<=4.5.3" in finding.detail


# ---------------------------------------------------------------- modes

DIRECT = ("direct-mode", "warning")


@pytest.mark.parametrize(
    ("traffic", "mode", "expected"),
    [
        (Traffic().connect(0, CLIENT, 40000, DOOR, 1471), "@direct", {DIRECT}),
        (Traffic().connect(0, CLIENT, 40000, DOOR, 1470), "@server", {DIRECT}),
        (Traffic().connect(0, SERVER, 40000, DOOR, 1471), "@server", {DIRECT}),
        (Traffic().connect(0, CLIENT, 40000, DOOR, 1471), "", {DIRECT}),
        (Traffic().connect(0, DOOR, 40000, SERVER, 1480), "@server", set()),
        (Traffic().connect(0, CLIENT, 40000, SERVER, 1480), "@direct", set()),
        (Traffic(), "@direct", set()),
    ],
)
def test_use_of_the_direct_mode(traffic: Traffic, mode: str, expected: set[tuple[str, str]]) -> None:
    hosts = (
        f"biostar-client={CLIENT}{mode}",
        f"biostar-device={DOOR}{mode}",
        f"biostar-server={SERVER}{mode}",
    )
    assert kinds(traffic, hosts) == expected


@pytest.mark.parametrize(
    ("mode", "near"),
    [("direct", ""), ("server", f"the site file says server mode, and yet {CLIENT} opens the connection")],
)
def test_a_connection_against_the_word_of_the_site_file(mode: str, near: str) -> None:
    hosts = (f"biostar-client={CLIENT}@{mode}", f"biostar-device={DOOR}@{mode}")
    finding = one(Traffic().connect(0, CLIENT, 40000, DOOR, 1471), hosts, "direct-mode")
    assert finding.near_miss == near


def test_the_vendors_own_words_are_given() -> None:
    hosts = (f"biostar-client={CLIENT}@direct", f"biostar-device={DOOR}@direct")
    finding = one(Traffic().connect(0, CLIENT, 40000, DOOR, 1471), hosts, "direct-mode")
    assert "direct mode is for temp use" in finding.detail
    assert "1 flows of this mode" in finding.detail
    assert "read from the traffic" not in finding.detail
    undeclared = one(
        Traffic().connect(0, CLIENT, 40000, DOOR, 1471),
        (f"biostar-client={CLIENT}@server", f"biostar-device={DOOR}"),
        "direct-mode",
    )
    assert "read from the traffic" in undeclared.detail
