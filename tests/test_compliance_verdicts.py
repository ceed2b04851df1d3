"""Expected, disputed, unexpected: what two sheets say, case by case from the documents' tables."""

from __future__ import annotations

import itertools

import pytest
from judging import (
    BMS,
    CLIENT,
    CURRENT,
    DOOR,
    GATEWAY,
    LAPTOP,
    LEGACY,
    NODE,
    OTHER,
    SERVER,
    bench,
    talk,
)

from analyzer.compliance import Bench
from analyzer.directory import Directory
from analyzer.model import Host, Verdict

SEEN = {"current": bench(CURRENT), "legacy": bench(LEGACY)}


def verdict(judge: Bench, source: str, target: str, port: int, transport: str = "udp", **more: object) -> str:
    return str(judge.judge(talk(source, target, port, transport=transport, **more)).verdict)


# ---------------------------------------------------------------- the two documents, by hand

BOTH = {
    ("legacy", "tcp", "down"): {80, 88, 1901},
    ("legacy", "tcp", "up"): {80, 88, 1900, 1901},
    ("legacy", "udp", "down"): {69, 1050, 1901, 5683, *range(50195, 50200), 50201},
    ("legacy", "udp", "up"): {69, 1050, 1901, 5683, *range(50195, 50200)},
    ("current", "tcp", "down"): {80, 88},
    ("current", "tcp", "up"): {80, 88},
    ("current", "udp", "down"): {69, 1050, 5683, *range(50195, 50200), 50201},
    ("current", "udp", "up"): {69, 1050, 5683, *range(50195, 50200), 50202},
}
"""Ports that both sheets list from the gateway to a node (down) and from a node to the gateway (up)."""
GATEWAY_ONLY = {
    ("legacy", "tcp", "down"): {443, 1900},
    ("legacy", "tcp", "up"): set(),
    ("legacy", "udp", "down"): {1900, 50202},
    ("legacy", "udp", "up"): {1900, 50202},
    ("current", "tcp", "down"): {443, 8080, 8081},
    ("current", "tcp", "up"): {443, 8080, 8081},
    ("current", "udp", "down"): {50202},
    ("current", "udp", "up"): set(),
}
PORTS = (22, 69, 80, 88, 443, 1050, 1470, 1900, 1901, 5683, 8080, 8081, 47808, *range(50194, 50204), 51110)


@pytest.mark.parametrize("way", BOTH, ids="-".join)
def test_gateway_and_node_port_by_port(way: tuple[str, str, str]) -> None:
    site, transport, direction = way
    ends = (GATEWAY, NODE) if direction == "down" else (NODE, GATEWAY)
    for port in PORTS:
        if port == 47808:
            continue  # the BACnet service's, tested below
        expected = (
            "expected" if port in BOTH[way] else "disputed" if port in GATEWAY_ONLY[way] else "unexpected"
        )
        assert verdict(SEEN[site], *ends, port, transport) == expected, port


@pytest.mark.parametrize("port", PORTS)
def test_a_node_talks_with_its_gateway_only(port: int) -> None:
    for source, target in ((NODE, LAPTOP), (LAPTOP, NODE), (NODE, OTHER), (NODE, BMS)):
        assert verdict(SEEN["current"], source, target, port) == "unexpected"


@pytest.mark.parametrize(
    ("port", "transport"), [(443, "tcp"), (8080, "tcp"), (80, "tcp"), (69, "udp"), (50202, "udp")]
)
def test_the_gateway_may_talk_with_anyone_on_its_own_ports(port: int, transport: str) -> None:
    for ends in ((LAPTOP, GATEWAY), (GATEWAY, LAPTOP)):
        judgement = SEEN["current"].judge(talk(*ends, port, transport=transport))
        assert (judgement.verdict, judgement.undeclared, judgement.certain) == (Verdict.EXPECTED, True, True)
    judgement = SEEN["current"].judge(talk(LAPTOP, GATEWAY, 22, transport="tcp"))
    assert (judgement.verdict, judgement.undeclared) == (Verdict.UNEXPECTED, False)


def test_a_declared_peer_of_no_sheet_is_declared() -> None:
    known = Host("bms", (BMS,), ("bacnet-system",))
    hosts = [Host("g", (GATEWAY,), ("igor-gateway",), version="5.1.0"), known]
    judge = Bench(bench(hosts).matrix, Directory(hosts), ())
    assert not judge.judge(talk(BMS, GATEWAY, 80, transport="tcp")).undeclared


def test_biostar_modes() -> None:
    server = bench(
        [
            f"biostar-server={SERVER}@server",
            f"biostar-device={DOOR}@server",
            f"biostar-client={CLIENT}@server",
        ]
    )
    direct = bench(
        [
            f"biostar-server={SERVER}@direct",
            f"biostar-device={DOOR}@direct",
            f"biostar-client={CLIENT}@direct",
        ]
    )
    for judge, source, target, port, expected in (
        (server, DOOR, SERVER, 1480, "expected"),
        (direct, DOOR, SERVER, 1480, "unexpected"),
        (server, CLIENT, SERVER, 1480, "expected"),
        (direct, CLIENT, SERVER, 1480, "expected"),
        (server, SERVER, DOOR, 1480, "unexpected"),
        (direct, CLIENT, DOOR, 1471, "expected"),
        (direct, SERVER, DOOR, 1471, "unexpected"),
        (server, SERVER, DOOR, 1470, "expected"),
        (server, DOOR, SERVER, 1470, "unexpected"),
        (server, CLIENT, DOOR, 1472, "unexpected"),
    ):
        assert verdict(judge, source, target, port, "tcp") == expected, (source, target, port)
    assert verdict(direct, CLIENT, DOOR, 51110) == "expected"
    assert verdict(direct, DOOR, CLIENT, 51110) == "unexpected"
    assert verdict(direct, CLIENT, "10.20.3.255", 51110, packets=(1, 0), group=True) == "expected"


# ---------------------------------------------------------------- groups

GROUP = {"packets": (1, 0), "group": True}


def test_a_group_stands_for_every_subject_that_could_receive() -> None:
    service = bench([*CURRENT, f"igor-bacnet-service={GATEWAY}@5.1.0"])
    assert verdict(service, BMS, "10.20.0.255", 47808, **GROUP) == "expected"
    assert verdict(SEEN["legacy"], GATEWAY, "239.255.255.250", 1900, **GROUP) == "expected"
    assert verdict(SEEN["legacy"], NODE, "239.255.255.250", 1900, **GROUP) == "disputed"
    assert verdict(SEEN["current"], NODE, "239.255.255.250", 1900, **GROUP) == "unexpected"
    assert verdict(SEEN["current"], LAPTOP, "239.255.255.250", 1900, **GROUP) == "out-of-scope"


def test_a_stranger_to_a_group_is_judged_only_where_a_sheet_lists_it() -> None:
    judgement = SEEN["current"].judge(talk(LAPTOP, "10.20.0.255", 69, **GROUP))
    assert (judgement.verdict, judgement.undeclared) == (Verdict.EXPECTED, True)


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("ends", "port"), [((GATEWAY, LAPTOP), 9), ((LAPTOP, GATEWAY), 5683), ((GATEWAY, NODE), 5683)]
)
def test_a_version_in_no_sheet_is_not_judged(ends: tuple[str, str], port: int) -> None:
    judge = bench([f"igor-gateway={GATEWAY}@4.6.0", "bacnet-system=10.20.1.21"])
    assert verdict(judge, *ends, port) == "review"


def test_the_sheet_of_the_other_end_still_speaks() -> None:
    judge = bench([f"igor-gateway={GATEWAY}@4.6.0", f"igor-node={NODE}@6.0.2"])
    assert verdict(judge, GATEWAY, NODE, 5683) == "expected"
    assert verdict(judge, GATEWAY, NODE, 22, "tcp") == "unexpected"


def test_retired_services_are_named_with_their_sheet() -> None:
    judgement = SEEN["current"].judge(talk(GATEWAY, NODE, 1901, transport="tcp"))
    assert judgement.retired is not None
    assert (judgement.retired.port, judgement.retired.transport) == (1901, "tcp")
    assert SEEN["legacy"].judge(talk(GATEWAY, NODE, 1901, transport="tcp")).retired is None


@pytest.mark.parametrize(
    ("port", "transport", "certain"),
    [(5683, "udp", True), (22, "tcp", True), (8081, "tcp", False), (1901, "udp", False)],
)
@pytest.mark.parametrize("edition", ["", "5.0.0+", "1.12.1-4.5.3"])
def test_an_open_or_inferred_edition_is_certain_only_where_all_agree(
    port: int, transport: str, certain: bool, edition: str
) -> None:
    judge = bench([Host("g", (GATEWAY,), ("igor-gateway",), edition=edition)])
    assert judge.judge(talk(GATEWAY, LAPTOP, port, transport=transport)).certain is certain


def test_an_inferred_role_is_never_certain() -> None:
    judge = bench([Host("g", (GATEWAY,), ("igor-gateway",), version="5.1.0", basis="inferred")])
    for port, known in itertools.product((22, 5683), (GATEWAY, LAPTOP)):
        assert not judge.judge(talk(known, {GATEWAY: LAPTOP}.get(known, GATEWAY), port)).certain


# ---------------------------------------------------------------- background
