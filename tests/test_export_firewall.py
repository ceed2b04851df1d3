"""Terms for what a target cannot do by itself, and aerleon's own answer on every flow of the samples."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from exporting import SIX, Check, policy
from hypothesis import given
from hypothesis import strategies as st
from judging import CURRENT, GATEWAY, NODE, SAMPLES

from analyzer.errors import MissingExtra, PortmatrixError
from analyzer.export.firewall import Abilities, Term, fits, generate, terms, without
from analyzer.export.permits import Ports
from analyzer.model import FlowRecord, Verdict
from analyzer.pipeline import Options, check

STATEFUL, STATELESS = Abilities(stateful=True, tftp=True), Abilities(stateful=False, tftp=False)
SITES = sorted(
    {site.read_text(): site for site in SAMPLES.glob("*/site.yaml")}.values(),
    key=lambda site: site.parent.name,
)
"""A sample for each different site."""


@given(st.integers(1024, 1100), st.integers(0, 60), st.sets(st.integers(1000, 1200), max_size=30))
def test_a_range_without_some_ports(low: int, more: int, taken: set[int]) -> None:
    found = without(Ports(low, low + more), taken)
    assert {port for one in found for port in range(one.low, one.high + 1)} == (
        set(range(low, low + more + 1)) - taken
    )
    assert all(one.low <= one.high for one in found)


def legs(able: Abilities, **wishes: object) -> list[Term]:
    return [term for term in terms(policy(CURRENT, **wishes), able) if term.leg]


def test_a_stateful_target_that_follows_tftp_needs_answers_to_searches_only() -> None:
    assert {term.leg for term in legs(STATEFUL)} == {"answers to its own port"}


def test_without_a_helper_the_data_of_tftp_goes_by_a_range_between_hosts_of_the_site() -> None:
    data = [
        term for term in legs(Abilities(stateful=True), tftp_ports=Ports(40000, 50000)) if "TFTP" in term.leg
    ]
    assert {(term.source.label, term.target.label) for term in data} == {
        ("igor-gateway+igor-bacnet-service", "igor-node"),
        ("igor-node", "igor-gateway+igor-bacnet-service"),
    }
    listed = {47808}
    for term in data:
        assert term.ports == without(Ports(40000, 50000), listed)


def test_the_range_leaves_out_the_ports_of_the_sheets() -> None:
    asked = Check(policy(CURRENT), Abilities(stateful=True))
    assert asked.decide(NODE, GATEWAY, "udp", 50201, 40000) == "deny"
    assert asked.decide(NODE, GATEWAY, "udp", 50204, 40000) == "accept"


def test_one_term_a_family() -> None:
    found = terms(policy(SIX), STATEFUL)
    assert [term.name for term in found if fits(term, 4) and not fits(term, 6)] != []
    six = generate(found, {"nftables": "inet6 forward"}, 6)
    assert "10.20." not in six
    assert "fd00:20::10" in six
    assert "10.20.0.10" in generate(found, {"nftables": "inet forward"}, 4)


def test_a_term_that_aerleon_leaves_out_is_told() -> None:
    """Its nftables generator drops terms for established connections with a warning."""
    with pytest.raises(PortmatrixError, match="aerleon left out of nftables: tcp-"):
        generate(terms(policy(CURRENT), STATELESS), {"nftables": "inet forward"}, 4)


def test_what_aerleon_refuses_is_one_line() -> None:
    with pytest.raises(PortmatrixError, match=r"^aerleon cannot write nftables: [^\n]+$"):
        generate(terms(policy(CURRENT), STATEFUL), {"nftables": "nonsense"}, 4)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aerleon", None)
    monkeypatch.setitem(sys.modules, "aerleon.api", None)
    with pytest.raises(MissingExtra, match=r"pip install 'portmatrix\[export\]'"):
        generate(terms(policy(CURRENT), STATEFUL), {"nftables": "inet forward"}, 4)


def flows(site: Path) -> list[FlowRecord]:
    """The flows of every sample with this site, those with ports; one for each pair of hosts and service."""
    found: dict[object, FlowRecord] = {}
    for sample in SAMPLES.glob("*/site.yaml"):
        if sample.read_text() != site.read_text():
            continue
        for capture in sorted(sample.parent.glob("*.pcap")) + sorted(sample.parent.glob("*.pcapng")):
            for flow in check(Options((str(capture),), site=str(sample))).flows:
                if flow.responder.port is not None:
                    key = flow.originator.address, flow.responder, flow.verdict, flow.parent is None
                    found.setdefault(key, flow)
    return list(found.values())


SUBNETS = {"bacnet-subnet": ("10.20.0.0/25",)}
"""What nobody can guess: a broadcast address of a mask longer than those of most buildings."""


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.parent.name)
def test_every_flow_of_the_samples_by_aerleons_own_check(site: Path) -> None:
    """Expected flows pass, unexpected ones do not, on stateful targets and on stateless ones."""
    found = policy(site=site, subnets=SUBNETS.get(site.parent.name, ()))
    asked = {able: Check(found, able) for able in (STATEFUL, STATELESS)}
    judged = 0
    for flow in flows(site):
        assert flow.responder.port is not None
        assert flow.originator.port is not None
        for able, decided in asked.items():
            there = decided.decide(
                flow.originator.address,
                flow.responder.address,
                flow.transport,
                flow.responder.port,
                flow.originator.port,
            )
            back = decided.decide(
                flow.responder.address,
                flow.originator.address,
                flow.transport,
                flow.originator.port,
                flow.responder.port,
            )
            if flow.verdict is Verdict.UNEXPECTED and not flow.waived:
                assert there == "deny", flow
            elif flow.verdict is Verdict.EXPECTED and (flow.parent is None or not able.tftp):
                judged += 1
                assert there == "accept", flow
                if not able.stateful and flow.transport == "udp" and flow.packets[1]:
                    assert back == "accept", flow
    assert judged
