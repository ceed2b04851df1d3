"""A site with pseudonyms is a site file that portmatrix reads, and means the same."""

from __future__ import annotations

import datetime

import pytest
import yaml

from analyzer import site as sites
from analyzer.directory import span
from analyzer.model import Allow, Host, Site
from analyzer.pseudonyms import Pseudonyms, site

SITE = Site(
    "Building 7, Main Street",
    (
        Host("gateway", ("10.20.0.10",), ("igor-gateway",), "5.1.0"),
        Host("floor 1", ("10.20.1.0/24",), ("igor-node",), "4.10"),
        Host("doors", ("10.20.3.11", "10.20.3.12-10.20.3.20"), ("biostar-device", "bacnet-system")),
        Host("server", ("2001:db8::5",), ("biostar-server",), mode="server"),
        Host("10.20.0.40", ("10.20.0.40",), ("bacnet-system",)),
    ),
    frozenset({"operation", "discovery"}),
    (
        Allow("gateway", "198.51.100.0/24", "tcp", 22, "Ms Jones asked", "Jones", datetime.date(2099, 1, 31)),
        Allow("igor-node", "any", "udp", None, "chat"),
    ),
    7.5,
)
ROLES = {role for host in SITE.hosts for role in host.roles}


def test_the_file_is_read_back_as_the_same_site() -> None:
    pseudonyms = Pseudonyms(bytes(32), site.networks(SITE))
    other = site.pseudonymised(SITE, pseudonyms)
    text = yaml.safe_dump(site.document(other), sort_keys=False)
    read = sites.parse(text, "site.yaml", ROLES)
    assert read.name == "site 1"
    assert [host.name for host in read.hosts][:2] == ["igor-gateway 1", "igor-node 1"]
    assert [(host.roles, host.version, host.mode) for host in read.hosts] == [
        (host.roles, host.version, host.mode) for host in SITE.hosts
    ]
    assert (read.activities, read.observe_minutes) == (SITE.activities, SITE.observe_minutes)
    assert [(entry.transport, entry.port, entry.until) for entry in read.allow] == [
        (entry.transport, entry.port, entry.until) for entry in SITE.allow
    ]
    assert read.allow[0].source == "igor-gateway 1"
    for word in ("Jones", "Main Street", "gateway:", "10.20.", "198.51", "floor", "doors"):
        assert word not in text


def test_as_many_addresses_as_before() -> None:
    pseudonyms = Pseudonyms(bytes(32), site.networks(SITE))
    for before, after in zip(SITE.hosts, site.pseudonymised(SITE, pseudonyms).hosts, strict=True):
        spans = [[span(network) for network in host.networks] for host in (before, after)]
        assert sum(one.size for one in spans[0]) == sum(one.size for one in spans[1])
        for one in spans[0]:
            for number in range(one.first, min(one.last, one.first + 20) + 1):
                image = pseudonyms.ip4(number) if one.version == 4 else pseudonyms.ip6(number)
                assert any(part.first <= image <= part.last for part in spans[1])


@pytest.mark.parametrize("name", ["igor-node", "any"])
def test_an_end_that_is_a_role_stays(name: str) -> None:
    entry = Allow(name, "10.0.0.1", "tcp", 1, "x")
    (other,) = site.pseudonymised(Site(allow=(entry,)), Pseudonyms(bytes(32))).allow
    assert other.source == name
    assert other.target != "10.0.0.1"
