"""The site's own rows: whom they cover, and when they no longer do."""

from __future__ import annotations

import datetime
import time

import pytest
from judging import BMS, CURRENT, GATEWAY, LAPTOP, NODE, OTHER, place, talk

from analyzer.findings.waivers import Waivers
from analyzer.model import Allow, FindingKind, Host, Severity, Site

TODAY = datetime.date(2026, 6, 15)
SITE = place(CURRENT)


def waivers(*allow: Allow, hosts: tuple[Host, ...] = SITE.hosts, today: datetime.date = TODAY) -> Waivers:
    return Waivers(Site(hosts=hosts, allow=allow), today)


def allow(
    source: str = "any", target: str = "any", transport: str = "tcp", port: int | None = 22, **more
) -> Allow:
    return Allow(source, target, transport, port, "maintenance", **more)


def covered(
    entry: Allow, source: str = LAPTOP, target: str = GATEWAY, port: int = 22, transport: str = "tcp"
) -> bool:
    return bool(waivers(entry).covers(talk(source, target, port, transport=transport)))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (allow(), True),
        (allow(LAPTOP, GATEWAY), True),
        (allow("10.20.0.0/24", GATEWAY), True),
        (allow("10.20.0.90-10.20.0.99", GATEWAY), True),
        (allow("10.20.0.90-10.20.0.98", GATEWAY), False),
        (allow("any", "igor-gateway"), True),
        (allow("any", "igor-node"), False),
        (allow("igor-node", "any"), False),
        (allow(port=None), True),
        (allow(port=23), False),
        (allow(transport="udp"), False),
        (allow(transport="any"), True),
        (allow(GATEWAY, LAPTOP), False),
    ],
)
def test_whom_an_entry_covers(entry: Allow, expected: bool) -> None:
    assert covered(entry) is expected


def test_an_end_may_be_a_hosts_name_which_beats_a_role() -> None:
    hosts = (Host("igor-node", (LAPTOP,), ("tool",)), Host("floor", ("10.20.1.0/24",), ("igor-node",)))
    entry = waivers(allow("igor-node", "any"), hosts=hosts)
    assert entry.covers(talk(LAPTOP, GATEWAY, 22, transport="tcp"))
    assert not entry.covers(talk(NODE, GATEWAY, 22, transport="tcp"))


def test_a_network_covers_hosts_that_have_entries_of_their_own() -> None:
    assert covered(allow("10.20.0.0/16", "any"), source=NODE)


def test_a_group_can_be_named() -> None:
    search = talk(NODE, "239.255.255.250", 1900, transport="udp", group=True)
    assert waivers(allow(NODE, "239.255.255.250", "udp", 1900)).covers(search)
    assert not waivers(allow(NODE, "239.255.255.251", "udp", 1900)).covers(search)


def test_the_direction_counts_and_ipv6_is_told_from_ipv4() -> None:
    backwards = talk(LAPTOP, GATEWAY, 22, transport="tcp", forward=False)
    assert not waivers(allow(LAPTOP, GATEWAY)).covers(backwards)
    assert not waivers(allow("2001:db8::/32", "any")).covers(talk(LAPTOP, GATEWAY, 22, transport="tcp"))


def test_the_first_valid_reason_is_given_with_its_owner() -> None:
    entries = waivers(allow(port=23), allow(owner="IT"), allow())
    assert entries.covers(talk(LAPTOP, GATEWAY, 22, transport="tcp")) == "maintenance (IT)"


@pytest.mark.parametrize(("days", "valid"), [(-1, False), (0, True), (1, True)])
def test_a_waiver_holds_through_its_last_day(days: int, valid: bool) -> None:
    entries = waivers(allow(until=TODAY + datetime.timedelta(days)))
    assert bool(entries.covers(talk(LAPTOP, GATEWAY, 22, transport="tcp"))) is valid
    assert bool(list(entries.expired())) is not valid


def test_an_expired_waiver_is_reported_with_what_it_used_to_cover() -> None:
    entries = waivers(allow(until=datetime.date(2026, 1, 31), owner="IT"))
    flows = [talk(source, GATEWAY, 22, transport="tcp", row=row) for row, source in enumerate((LAPTOP, BMS))]
    for flow in flows:
        assert entries.covers(flow) == ""
    entries.covers(talk(OTHER, GATEWAY, 23, transport="tcp", row=9))
    (case,) = entries.expired()
    assert (case.kind, case.severity, case.flows) == (FindingKind.EXPIRED_WAIVER, Severity.WARNING, flows)
    assert "2026-01-31" in case.title
    assert "maintenance" in case.detail
    assert "IT" in case.detail
    assert "2 flows" in case.detail


def test_an_expired_waiver_without_traffic_is_reported_as_well() -> None:
    (case,) = waivers(allow(until=datetime.date(2026, 1, 31))).expired()
    assert case.flows == []
    assert case.finding(()).frames == ()


def test_a_valid_entry_beside_an_expired_one_still_covers() -> None:
    entries = waivers(allow(until=datetime.date(2026, 1, 31)), allow(owner="IT"))
    assert entries.covers(talk(LAPTOP, GATEWAY, 22, transport="tcp")) == "maintenance (IT)"
    (case,) = entries.expired()
    assert case.flows == []


def test_the_order_of_the_file_decides_whatever_the_entries_speak_of() -> None:
    """Entries are looked up by transport and port; the first in the file still gives its reason."""
    entries = [
        Allow("any", "any", transport, port, reason)
        for transport, port, reason in (
            ("udp", 22, "other transport"),
            ("tcp", 23, "other port"),
            ("any", None, "all"),
            ("tcp", 22, "SSH"),
        )
    ]
    ssh = talk(LAPTOP, GATEWAY, 22, transport="tcp")
    assert waivers(*entries).covers(ssh) == "all"
    assert waivers(*entries[:2], entries[3], entries[2]).covers(ssh) == "SSH"


def test_thousands_of_entries_and_hosts_cost_no_comparison_of_all_pairs() -> None:
    hosts = tuple(Host(f"node {k}", (f"10.21.{k >> 8}.{k & 255}",), ("igor-node",)) for k in range(4000))
    known = waivers(*(allow("igor-node", "any", port=port) for port in range(1, 4001)), hosts=hosts)
    began = time.perf_counter()
    assert all(known.covers(talk("10.21.15.1", OTHER, port, transport="tcp")) for port in range(1, 1001))
    assert time.perf_counter() - began < 2, "a thousand flows take some 20 ms, all pairs take a minute"
