"""The step from one table to another, by hand from the vendor's document."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import rulesets, sheetdiff
from analyzer.errors import UsageError
from analyzer.sheetdiff import Step

LOADED = rulesets.load()


def step(old: str, new: str) -> Step:
    (found,) = sheetdiff.compare(sheetdiff.tables(old, LOADED), sheetdiff.tables(new, LOADED))
    return found


def ports(found: Step, what: str) -> set[tuple[str, str, int]]:
    return {
        (change.direction, change.transport, change.port) for change in found.changes if change.what == what
    }


def test_the_gateways_upgrade_as_the_document_has_it() -> None:
    found = step("igor-gateway/1.12.1-4.5.3", "igor-gateway/5.0.0+")
    assert ports(found, "open") == {
        ("incoming", "tcp", 443), ("incoming", "tcp", 8080), ("incoming", "tcp", 8081),
        ("outgoing", "tcp", 8080), ("outgoing", "tcp", 8081),
    }  # fmt: skip
    assert ports(found, "close") == {
        (direction, transport, port)
        for direction in ("incoming", "outgoing")
        for transport in ("tcp", "udp")
        for port in (1900, 1901)
    }
    assert found.same == 24
    assert {change.service for change in found.changes if change.port == 8081} == {"HTTPS (API)"}


def test_the_nodes_upgrade() -> None:
    found = step("igor-node@5.0.2", "igor-node@6.1")
    assert ports(found, "open") == {("outgoing", "udp", 50202)}
    assert ports(found, "close") == {
        ("incoming", "tcp", 1901), ("incoming", "udp", 1901),
        ("outgoing", "tcp", 1900), ("outgoing", "tcp", 1901), ("outgoing", "udp", 1901),
    }  # fmt: skip


@pytest.mark.parametrize("name", [ruleset.name for ruleset in LOADED if ruleset.editions])
def test_a_ruleset_does_not_differ_from_itself(name: str) -> None:
    tables = sheetdiff.tables(name, LOADED)
    steps = sheetdiff.compare(tables, tables)
    assert [found.changes for found in steps] == [()] * len(tables)
    listed = [len(table.edition.incoming) + len(table.edition.outgoing) for table in tables]
    assert sorted(found.same for found in steps) == sorted(listed)


def test_there_and_back_are_opposite() -> None:
    there, back = step("igor-node@5.0.2", "igor-node@6.0.0"), step("igor-node@6.0.0", "igor-node@5.0.2")
    assert ports(there, "open") == ports(back, "close")
    assert ports(there, "close") == ports(back, "open")
    assert there.same == back.same


def test_modes_are_compared_role_by_role() -> None:
    steps = sheetdiff.compare(
        sheetdiff.tables("biostar-1/server", LOADED), sheetdiff.tables("biostar-1@direct", LOADED)
    )
    found = {one.subject: one for one in steps}
    assert ports(found["biostar-device"], "close") == {("outgoing", "tcp", 1480)}
    (change,) = (one for one in found["biostar-server"].changes if one.what == "peers")
    assert (change.port, change.before, change.after) == (
        1480, frozenset({"biostar-device", "biostar-client"}), frozenset({"biostar-client"}),
    )  # fmt: skip
    assert sheetdiff.peers(change.before) == "biostar-client or biostar-device"
    assert (sheetdiff.peers(None), sheetdiff.peers(())) == ("any host", "nobody")


def test_tables_that_one_side_lacks() -> None:
    steps = sheetdiff.compare(
        sheetdiff.tables("igor-gateway", LOADED), sheetdiff.tables("igor-node@6.0.0", LOADED)
    )
    assert [(one.subject, one.old is None, one.new is None) for one in steps] == [
        ("igor-gateway", False, True), ("igor-gateway", False, True), ("igor-node", True, False),
    ]  # fmt: skip
    assert {change.what for one in steps[:2] for change in one.changes} == {"close"}
    assert {change.what for change in steps[2].changes} == {"open"}
    only = sheetdiff.compare(
        sheetdiff.tables("igor-node@6.0.0", LOADED), sheetdiff.tables("igor-node", LOADED)
    )
    assert [(one.old is None, len(one.changes)) for one in only] == [(False, 0), (True, 26)]


def test_a_file(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[1] / "rulesets" / "igor-node.yaml"
    copy = tmp_path / "mine.yaml"
    copy.write_text(shipped.read_text().replace("tcp: [80, 88, 1901]", "tcp: [80, 88]"))
    steps = sheetdiff.compare(sheetdiff.tables("igor-node", LOADED), sheetdiff.tables(str(copy), LOADED))
    assert [len(one.changes) for one in steps] == [1, 0]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (
            "igor-gateway/9",
            "igor-gateway/9: igor-gateway has no such edition, there are 1.12.1-4.5.3, 5.0.0+",
        ),
        ("igor-gateway@4.9", "igor-gateway@4.9: no edition covers it, there are 1.12.1-4.5.3, 5.0.0+"),
        ("igor-gateway@x", "igor-gateway@x: 'x' is not a version"),
        ("igor", "igor: no such ruleset or file, there are biostar-1, "),
    ],
)
def test_what_is_not_there(reference: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        sheetdiff.tables(reference, LOADED)
    assert str(raised.value).startswith(said)
