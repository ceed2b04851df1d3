"""What a sheet says of a row, of a direction, and of a service."""

from __future__ import annotations

from analyzer.model import Edition, Ruleset, Service

GATEWAY, NODE, CLIENT = frozenset({"gateway"}), frozenset({"node"}), frozenset({"client"})


def edition(**more: dict[str, frozenset[str]]) -> Edition:
    return Edition("1+", "server", "section", (("tcp", 1480), ("tcp", 80)), (("udp", 69),), **more)


def test_peers_are_those_of_the_row_else_of_the_direction() -> None:
    made = edition(peers={"incoming": NODE, "incoming/tcp/1480": CLIENT})
    assert made.peers_of("incoming", "tcp", 1480) == CLIENT
    assert made.peers_of("incoming", "tcp", 80) == NODE
    assert made.peers_of("outgoing", "udp", 69) is None
    assert edition().peers_of("incoming", "tcp", 80) is None


def test_due_is_stated_by_the_row_the_direction_or_the_service() -> None:
    service = Service("tcp", 1480, "", "x", due_with=GATEWAY)
    other = Service("tcp", 80, "", "x", due_with=GATEWAY)
    made = edition(due_with={"incoming": NODE, "incoming/tcp/1480": frozenset()})
    assert made.due_of("incoming", service) == frozenset(), "a row may say: never due here"
    assert made.due_of("incoming", other) == NODE
    assert made.due_of("outgoing", other) == GATEWAY


def test_a_sheet_names_each_subject_once_in_order() -> None:
    editions = tuple(Edition(name, name, "", (), ()) for name in ("server", "client", "server"))
    assert Ruleset("x", "", "", "", "", editions=editions).subjects == ("server", "client")
    assert Ruleset("x", "", "", "", "").subjects == ()
