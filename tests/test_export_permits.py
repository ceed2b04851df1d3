"""What is permitted is what ``check`` expects: the same reading of the same sheets."""

from __future__ import annotations

from dataclasses import replace

from exporting import TODAY, holds, policy
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import BMS, CURRENT, GATEWAY, LAPTOP, LEGACY, NODE, OTHER, bench, talk

from analyzer.directory import span
from analyzer.export.parties import Party
from analyzer.export.permits import Permit, allowed
from analyzer.export.rules import Policy
from analyzer.model import Allow, Verdict

BIOSTAR = (
    "biostar-server=10.20.0.50@server",
    "biostar-client=10.20.0.60@server",
    "biostar-device=10.20.3.11-10.20.3.12@server",
)
MIXED = ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.21@6.0.2", "igor-node=10.20.1.22@5.0.2")
OPEN = ("igor-gateway=10.20.0.10", "igor-node=10.20.1.0/24", "biostar-device=10.20.1.22")
GAP = ("igor-gateway=10.20.0.10@4.9.0", "igor-node=10.20.1.0/24@6.0.2")
SITES = {hosts: policy(hosts) for hosts in (CURRENT, LEGACY, BIOSTAR, MIXED, OPEN, GAP)}
BENCHES = {hosts: bench(found.site.hosts) for hosts, found in SITES.items()}
PLACES = (
    GATEWAY,
    NODE,
    OTHER,
    BMS,
    LAPTOP,
    "10.20.0.50",
    "10.20.0.60",
    "10.20.3.11",
    "10.20.3.12",
    "203.0.113.9",
)
PORTS = (
    69,
    80,
    88,
    443,
    1050,
    1470,
    1480,
    1900,
    1901,
    5683,
    8080,
    8081,
    9999,
    47808,
    50195,
    50201,
    50202,
    51110,
)


def has(party: Party, address: str) -> bool:
    return party.spans is None or any(holds(one, address) for one in party.spans)


def answers(found: Policy, source: str, target: str, transport: str, port: int) -> set[str]:
    """Why a unicast conversation is permitted; empty where it is not."""
    return {
        rule.permit.why
        for rule in found.rules
        if rule.permits
        and rule.permit.why in ("expected", "disputed")
        and rule.permit.source_ports is None
        and not rule.permit.target.group
        and rule.permit.transport == transport
        and has(rule.permit.source, source)
        and has(rule.permit.target, target)
        and any(one.low <= port <= one.high for one in rule.permit.ports or ())
    }


@settings(max_examples=300)
@given(
    st.sampled_from(list(SITES)),
    st.sampled_from(PLACES),
    st.sampled_from(PLACES),
    st.sampled_from(("tcp", "udp")),
    st.sampled_from(PORTS),
)
def test_permits_and_verdicts_agree(
    hosts: tuple[str, ...], source: str, target: str, transport: str, port: int
) -> None:
    if source == target:
        return
    verdict = BENCHES[hosts].judge(talk(source, target, port, transport=transport)).verdict
    why = answers(SITES[hosts], source, target, transport, port)
    if verdict is Verdict.EXPECTED:
        assert "expected" in why
    elif verdict is Verdict.DISPUTED:
        assert "disputed" in why
    else:
        assert not why


def rules(found: Policy, why: str) -> list[Permit]:
    return [rule.permit for rule in found.rules if rule.permits and rule.permit.why == why]


def test_a_row_that_names_no_peer_takes_in_the_rows_of_its_peers() -> None:
    (permit,) = (
        permit
        for permit in rules(SITES[CURRENT], "expected")
        if permit.source.label == "any" and permit.ports is not None and permit.ports[0].low == 50202
    )
    assert [row.id for row in permit.rows] == [
        "igor-gateway/5.0.0+/incoming/udp/50202",
        "igor-node/6.0.0+/outgoing/udp/50202",
    ]


def test_declared_peers_only() -> None:
    found = policy(CURRENT, peers="declared")
    assert not any("any" in (permit.source.label, permit.target.label) for permit in rules(found, "expected"))
    assert answers(found, NODE, GATEWAY, "udp", 50202) == {"expected"}
    assert answers(found, LAPTOP, GATEWAY, "tcp", 443) == set()
    assert answers(found, BMS, GATEWAY, "tcp", 443) == {"expected"}


def test_a_search_goes_to_its_group_and_is_answered_by_who_speaks_it() -> None:
    groups = [rule.permit for rule in SITES[LEGACY].rules if rule.permit.target.group]
    ssdp = [permit for permit in groups if permit.target.label == "ssdp-group"]
    assert ("igor-gateway", "expected") not in {(permit.source.label, permit.why) for permit in ssdp}
    assert {(permit.source.label, permit.why) for permit in ssdp} == {
        ("any", "expected"),
        ("igor-node", "disputed"),
    }
    back = [
        (permit.source.label, permit.target.label, permit.source_ports)
        for permit in rules(SITES[LEGACY], "answer")
        if permit.rows[0].service.protocol == "ssdp"
        and permit.source_ports
        and permit.source_ports[0].low == 1900
    ]
    assert back == [("igor-node", "igor-gateway", ((1900, 1900),))]


def test_tftp_asks_for_its_helper() -> None:
    assert {
        permit.ports[0].low for permit in rules(SITES[CURRENT], "expected") if permit.helper and permit.ports
    } == {69}


def entry(source: str, target: str, transport: str, port: int | None, **more: object) -> Allow:
    return Allow(source, target, transport, port, "reason", "owner", line=7, **more)  # type: ignore[arg-type]


def test_the_sites_own_rows() -> None:
    found = SITES[CURRENT]
    site = replace(
        found.site,
        allow=(
            entry("10.20.0.99", "igor-node", "tcp", None),
            entry(GATEWAY, "any", "any", 22),
            entry("igor-gateway", "203.0.113.0/24", "icmp", None, until=TODAY),
            entry("any", "igor-gateway", "tcp", 23, until=TODAY.replace(day=20)),
        ),
    )
    odd = replace(site, allow=(entry("any", "igor-gateway", "arp", None),))
    assert allowed(odd, found.parties, TODAY) == (
        (),
        ("allow entry in line 7 of the site file: not every target knows the transport arp, not exported",),
    )
    permits, said = allowed(site, found.parties, TODAY)
    assert [(one.transport, one.ports) for one in permits] == [
        ("tcp", None),
        ("tcp", ((22, 22),)),
        ("udp", ((22, 22),)),
        ("icmp", None),
    ]
    assert permits[0].source.spans == (span("10.20.0.99"),)
    assert has(permits[0].target, NODE)
    assert not has(permits[0].target, GATEWAY)
    assert permits[3].note == "allow: reason, owner owner, until 2026-11-21"
    assert said == ("allow entry in line 7 of the site file expired on 2026-11-20: not exported",)
