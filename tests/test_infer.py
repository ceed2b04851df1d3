"""What nobody stated is read from the traffic, with a reason, and never passes for a statement."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from inferring import READ, inferred
from judging import (
    CLIENT,
    DOOR,
    FOUND,
    GATEWAY,
    GET,
    LAPTOP,
    NODE,
    NOTIFY,
    OTHER,
    SEARCH,
    SERVER,
    judged,
    place,
)
from traffic import SYN, Traffic

from analyzer.model import Severity

BIOSTAR = (f"biostar-client={CLIENT}", f"biostar-device={DOOR}", f"biostar-server={SERVER}")


def test_declared_roles_are_not_added_to() -> None:
    traffic = Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\1\2\3")
    found = inferred(traffic, place((f"igor-node={NODE}@6.0.2",)))
    assert [host.roles for host in found.values()] == [("igor-node",)]


# ---------------------------------------------------------------- nothing inferred is a violation


def severities(traffic: Traffic, hosts: tuple[str, ...]) -> set[str]:
    return {str(finding.severity) for finding in judged(traffic, hosts).findings}


def test_an_inferred_edition_violates_nothing() -> None:
    traffic = Traffic().connect(0, LAPTOP, 40000, GATEWAY, 8080, GET).connect(1, LAPTOP, 40001, GATEWAY, 8081)
    traffic.udp(2, GATEWAY, 40000, "239.255.255.250", 1900, NOTIFY)
    assert "violation" not in severities(traffic, (f"igor-gateway={GATEWAY}",))
    assert "violation" in severities(traffic, (f"igor-gateway={GATEWAY}@5.1.0",))


def test_an_inferred_mode_violates_nothing() -> None:
    traffic = (
        Traffic().connect(0, CLIENT, 40000, DOOR, 1471, b"\1").connect(1, DOOR, 40000, SERVER, 1480, b"\1")
    )
    assert "violation" not in severities(traffic, BIOSTAR)
    assert "violation" in severities(traffic, (*BIOSTAR[:2], f"biostar-server={SERVER}@direct"))


def test_inferred_versions_are_not_incompatible() -> None:
    traffic = Traffic().connect(0, GATEWAY, 40000, NODE, 1901, GET).coap(1, GATEWAY, NODE)
    assert severities(traffic, (f"igor-gateway={GATEWAY}@5.1.0", f"igor-node={NODE}")) == {"warning"}


def test_an_open_edition_does_not_excuse_what_no_edition_lists() -> None:
    assert "violation" in severities(
        Traffic().connect(0, LAPTOP, 40000, GATEWAY, 22), (f"igor-gateway={GATEWAY}",)
    )


HOSTS = st.sampled_from([GATEWAY, NODE, OTHER, SERVER, DOOR, LAPTOP])
PORTS = st.sampled_from(
    [22, 69, 80, 88, 443, 1050, 1470, 1480, 1900, 1901, 5683, 8081, 47808, 50197, 50201, 50202, 51110]
)
PAYLOADS = st.sampled_from(
    [b"", b"\xff\xfe", GET, SEARCH, FOUND, NOTIFY, READ, b"\x41\x01\x00\x01\x07", b"\0\1x\0octet\0"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), HOSTS, HOSTS, PORTS, PAYLOADS, st.integers(0, 3)), max_size=12))
def test_where_nothing_was_declared_nothing_is_a_violation(steps) -> None:
    traffic = Traffic()
    for number, (tcp, source, target, port, payload, more) in enumerate(steps):
        if tcp and more:
            traffic.connect(number * 60, source, 40000 + number, target, port, payload)
        elif tcp:
            traffic.tcp(number * 60, source, 40000, target, port, SYN)
        else:
            traffic.udp(number * 60, source, 40000 + more, target, port, payload)
            if more == 3:
                traffic.udp(number * 60 + 1, target, port, source, 40000 + more, payload)
    report = judged(traffic, (), activities=("all",))
    assert not [finding for finding in report.findings if finding.severity is Severity.VIOLATION]
    assert all(host.basis == "inferred" and host.reason for host in report.hosts)
