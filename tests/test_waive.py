"""Entries that cover a finding and no more, and their place in the text of a site file."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import addresses, site
from analyzer.errors import UsageError
from analyzer.findings.waivers import Waivers
from analyzer.model import Allow, FindingKind, Host, Site
from analyzer.waive import ENTRIES, INSTEAD, PORTS, WAIVABLE, Entry, Relation, entries, insert

ROLES = frozenset({"igor-gateway", "igor-node"})
TODAY = datetime.date(2026, 6, 15)
ITEM = "{from: gateway, to: any, transport: tcp, port: 22, reason: r, owner: o}"
HOSTS = (
    Host("gateway", ("10.0.0.1",), ("igor-gateway",)),
    Host("pair", ("10.0.0.4", "10.0.0.6"), ("igor-node",)),
    Host("floor", ("10.0.1.0/24",), ("igor-node",)),
)


def relation(source: str, target: str, port: int | None = 22, transport: str = "tcp") -> Relation:
    return Relation(addresses.parse(source), addresses.parse(target), transport, port)


# ---------------------------------------------------------------- what is covered


def test_a_host_is_called_by_its_name_and_a_member_of_a_network_by_its_address() -> None:
    (entry,) = entries([relation("10.0.0.1", "10.0.1.7")], HOSTS)
    assert entry == Entry("gateway", "10.0.1.7", "tcp", (22,))


def test_a_host_with_two_addresses_is_named_only_where_both_are_meant() -> None:
    both = [relation("10.0.0.4", "10.9.9.9"), relation("10.0.0.6", "10.9.9.9")]
    assert [entry.source for entry in entries(both, HOSTS)] == ["pair"]
    assert [entry.source for entry in entries(both[:1], HOSTS)] == ["10.0.0.4"]


def test_neighbours_become_a_range_and_ports_a_list() -> None:
    relations = [relation(f"10.0.1.{n}", "10.9.9.9", port) for n in (5, 6, 7) for port in (80, 443)]
    assert entries(relations, HOSTS) == (Entry("10.0.1.5-10.0.1.7", "10.9.9.9", "tcp", (80, 443)),)


def test_groups_and_transports_without_ports_can_be_named() -> None:
    found = entries(
        [relation("10.0.0.1", "224.0.1.187", 5683, "udp"), relation("10.0.0.1", "fe80::1", None, "gre")], ()
    )
    assert [entry.written("r", "o", None) for entry in found] == [
        '{from: 10.0.0.1, to: "fe80::1", transport: gre, reason: r, owner: o}',
        "{from: 10.0.0.1, to: 224.0.1.187, transport: udp, port: 5683, reason: r, owner: o}",
    ]


def test_what_nobody_would_read_is_refused() -> None:
    with pytest.raises(UsageError, match=f"about {PORTS + 1} ports"):
        entries([relation("10.0.0.1", "10.0.0.2", port) for port in range(1, PORTS + 2)], ())
    with pytest.raises(UsageError, match=f"take {ENTRIES + 1} entries"):
        entries([relation("10.0.0.1", f"10.{n // 100}.0.{n % 100 * 2}") for n in range(ENTRIES + 1)], ())


small = st.integers(0, 7).map(lambda n: f"10.0.{n // 4}.{n % 4 + 1}")
relations_made = st.sets(
    st.builds(relation, small, small, st.sampled_from([22, 80, 443]), st.sampled_from(["tcp", "udp"])),
    min_size=1,
    max_size=12,
)


@given(relations_made, st.sets(small, max_size=5))
def test_the_entries_cover_just_what_was_asked(wanted: set[Relation], named: set[str]) -> None:
    hosts = tuple(Host(f"host {at}", (at,), ("igor-node",)) for at in sorted(named))
    allow = tuple(
        Allow(entry.source, entry.target, entry.transport, port, "r")
        for entry in entries(wanted, hosts)
        for port in entry.ports
    )
    waivers = Waivers(Site(hosts=hosts, allow=allow), TODAY)
    everyone = [addresses.parse(f"10.0.{high}.{low}") for high in (0, 1, 2) for low in range(6)]
    for source in everyone:
        for target in everyone:
            for transport in ("tcp", "udp"):
                for port in (22, 80, 443, 8080):
                    covered = waivers.allowing(source, target, transport, port) is not None
                    assert covered is (Relation(source, target, transport, port) in wanted)


def test_every_kind_is_waivable_or_says_what_to_do_instead() -> None:
    assert WAIVABLE.isdisjoint(INSTEAD)
    assert WAIVABLE | set(INSTEAD) == set(FindingKind)


# ---------------------------------------------------------------- into the text


def _places(text: str, part: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(part, at)]


HEAD = "site: x  # a comment\nhosts:\n- {name: gateway, address: 10.0.0.1, role: igor-gateway}\n"
OLD = "{from: any, to: any, transport: tcp, port: 1, reason: old}"
BLOCK = (
    "from: any\n    to: any\n    transport: tcp\n    port: [1, 2]\n    reason: >\n      folded\n      text\n"
)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        (HEAD, f"allow:\n  - {ITEM}\n"),
        (HEAD.rstrip("\n"), f"\nallow:\n  - {ITEM}\n"),
        (HEAD + "# the end\n", f"allow:\n  - {ITEM}\n"),
        (HEAD + "allow:\n", f"  - {ITEM}\n"),
        (HEAD + "allow:   # waivers\nactivities: [operation]\n", f"  - {ITEM}\n"),
        (HEAD + "allow: []\n", ITEM),
        (HEAD + "allow: [ ] # none\n", ITEM),
        (HEAD + f"allow: [{OLD}]\n", f", {ITEM}"),
        (HEAD + f"allow: [\n  {OLD},  # one\n]\nactivities: [operation]\n", f", {ITEM}"),
        (HEAD + f"allow:\n- {OLD}\n", f"- {ITEM}\n"),
        (HEAD + f"allow:\n    - {OLD}  # why\n\n# more\nactivities: [operation]\n", f"    - {ITEM}\n"),
        (HEAD + f"allow:\n  - {OLD}\n  # - {{commented out}}\n", f"  - {ITEM}\n"),
        (HEAD + f"allow:\n  - {BLOCK}\nactivities: [operation]\n", f"  - {ITEM}\n"),
        (HEAD + f"allow:\n  -\n    {BLOCK}", f"  - {ITEM}\n"),
        (HEAD + f"allow:\n  - {OLD}", f"\n  - {ITEM}\n"),
        (HEAD + "...\n", f"allow:\n  - {ITEM}\n"),
        ("\ufeff" + HEAD, f"allow:\n  - {ITEM}\n"),
        ("---\n" + HEAD, f"allow:\n  - {ITEM}\n"),
        ("".join(f"  {line}\n" for line in HEAD.splitlines()), f"  allow:\n    - {ITEM}\n"),
        (HEAD.replace("x", "Gebäude 7 \U0001f3e2"), f"allow:\n  - {ITEM}\n"),
    ],
)
def test_the_entry_goes_to_the_end_of_the_list_and_nothing_else_moves(text: str, added: str) -> None:
    for newline in ("\n", "\r\n"):
        whole = text.replace("\n", newline)
        after, line = insert(whole, [ITEM])
        wanted = added.replace("\n", newline)
        assert whole in {after[:n] + after[n + len(wanted) :] for n in _places(after, wanted)}
        assert ITEM in after.split("\n")[line - 1]
        before = site.parse(text.removeprefix("\ufeff"), "site.yaml", ROLES)
        new = site.parse(after.removeprefix("\ufeff").replace("\r\n", "\n"), "site.yaml", ROLES)
        assert new.allow[-1] == Allow("gateway", "any", "tcp", 22, "r", "o", None, line)
        assert replace(new, allow=new.allow[:-1]) == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{site: x, hosts: [{address: 10.0.0.1}]}\n", "one mapping in braces"),
        ("site: x\nhosts: &a []\nallow: *a\n", "no list of its own"),
        ("site: x\nallow: ~\n", "no list of its own"),
    ],
)
def test_where_there_is_no_room_it_says_so(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        insert(text, [ITEM])


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@settings(max_examples=60)
@given(
    st.sampled_from(["", "allow:\n", "allow: []\n", f"allow:\n  - {OLD} # x\n", f"allow: [{OLD}]\n"]),
    st.lists(names.map(lambda text: f"# {text}".rstrip().encode("unicode_escape").decode()), max_size=3),
    st.booleans(),
    st.lists(names, min_size=1, max_size=3),
)
def test_any_reason_in_any_file(head: str, comments: list[str], first: bool, reasons: list[str]) -> None:
    remarks = "".join(f"{comment}\n" for comment in comments)
    text = f"{remarks}{head}{HEAD}" if first else f"{HEAD}{remarks}{head}{remarks}"
    items = [Entry("gateway", "any", "udp", (1,)).written(reason, "o", TODAY) for reason in reasons]
    after, _ = insert(text, items)
    before = site.parse(text, "site.yaml", ROLES)
    new = site.parse(after, "site.yaml", ROLES)
    kept = len(before.allow)
    assert [entry.reason for entry in new.allow[kept:]] == [reason.strip() or "" for reason in reasons]
    assert [replace(entry, line=0) for entry in new.allow[:kept]] == [
        replace(e, line=0) for e in before.allow
    ]
    assert [line for line in after.split("\n") if line in text.split("\n")] == text.split("\n") or "[" in head
