"""Which editions and rows apply to which host."""

from __future__ import annotations

import pytest
from judging import CLIENT, CURRENT, DOOR, GATEWAY, LEGACY, NODE, SERVER, matrix

from analyzer.matrix import Matrix
from analyzer.model import Host


def editions(whole: Matrix, role: str) -> tuple[str, ...]:
    found = [subject for subject in whole.subjects if subject.role == role]
    assert len(found) == 1
    return tuple(edition.id for edition in found[0].editions)


# ---------------------------------------------------------------- editions


@pytest.mark.parametrize(
    ("role", "version", "edition"),
    [
        ("igor-gateway", "1.12.0", ""),
        ("igor-gateway", "1.12.1", "1.12.1-4.5.3"),
        ("igor-gateway", "3.0", "1.12.1-4.5.3"),
        ("igor-gateway", "4.5.3", "1.12.1-4.5.3"),
        ("igor-gateway", "4.5.4", ""),
        ("igor-gateway", "4.9.9", ""),
        ("igor-gateway", "5.0.0", "5.0.0+"),
        ("igor-gateway", "7.1", "5.0.0+"),
        ("igor-node", "3.9.9", ""),
        ("igor-node", "4.0.0", "4.0.0-5.0.2"),
        ("igor-node", "5.0.2", "4.0.0-5.0.2"),
        ("igor-node", "5.0.3", ""),
        ("igor-node", "6.0.0", "6.0.0+"),
    ],
)
def test_the_version_chooses_the_edition_and_gaps_have_none(role: str, version: str, edition: str) -> None:
    whole = matrix([f"{role}={NODE}@{version}"])
    (subject,) = whole.subjects
    assert editions(whole, role) == ((edition,) if edition else ())
    assert (subject.unsupported, subject.certain) == (not edition, True)
    assert {row.edition for row in whole.rows if row.applicable} == ({edition} if edition else set())


@pytest.mark.parametrize("mode", ["server", "direct"])
def test_the_mode_chooses_the_edition(mode: str) -> None:
    whole = matrix([f"biostar-server={SERVER}@{mode}", f"biostar-device={DOOR}@{mode}"])
    assert editions(whole, "biostar-server") == editions(whole, "biostar-device") == (mode,)
    assert all(subject.certain for subject in whole.subjects)


def test_without_a_version_every_edition_is_possible_and_nothing_is_certain() -> None:
    (subject,) = matrix([f"igor-gateway={GATEWAY}"]).subjects
    assert [edition.id for edition in subject.editions] == ["1.12.1-4.5.3", "5.0.0+"]
    assert not subject.certain
    assert not subject.unsupported


@pytest.mark.parametrize(
    "host",
    [
        Host("g", (GATEWAY,), ("igor-gateway",), edition="5.0.0+"),
        Host("d", (DOOR,), ("biostar-device",), mode="direct", edition="direct"),
        Host("g", (GATEWAY,), ("igor-gateway",), version="5.1.0", basis="inferred"),
    ],
)
def test_what_is_read_from_the_traffic_is_never_certain(host: Host) -> None:
    (subject,) = matrix([host]).subjects
    assert len(subject.editions) == 1
    assert not subject.certain


def test_a_host_may_be_several_subjects() -> None:
    host = Host("both", (SERVER,), ("biostar-server", "biostar-client", "printer"), mode="server")
    whole = matrix([host])
    assert [subject.role for subject in whole.subjects] == ["biostar-server", "biostar-client"]
    assert whole.of_host(host) == whole.subjects


def test_entries_that_look_alike_are_kept_apart() -> None:
    one, two = Host("x", (GATEWAY,), ("igor-gateway",)), Host("x", (GATEWAY,), ("igor-gateway",))
    whole = matrix([one, two])
    assert [len(whole.of_host(host)) for host in (one, two)] == [1, 1]


# ---------------------------------------------------------------- rows


def test_rows_of_sheets_without_a_subject_here_are_left_out() -> None:
    assert {row.subject for row in matrix([f"igor-node={NODE}@6.0.2"]).rows} == {"igor-node"}
    assert not matrix(["bacnet-system=10.0.0.1"]).rows


def test_a_row_names_its_edition_subject_direction_and_source() -> None:
    rows = {row.id: row for row in matrix(CURRENT).rows}
    row = rows["igor-gateway/5.0.0+/incoming/udp/5683"]
    assert (row.service.name, row.transport, row.port, row.direction) == ("CoAP", "udp", 5683, "incoming")
    assert row.source.section.endswith("Software Versions 5.0.0 and Higher")
    assert row.peers is None
    assert rows["igor-node/6.0.0+/incoming/udp/5683"].peers == {"igor-gateway"}
    assert len(rows) == len(matrix(CURRENT).rows)


def test_a_sheet_with_several_subjects_names_them_in_the_id() -> None:
    ids = {
        row.id for row in matrix([f"biostar-device={DOOR}@server", f"biostar-client={CLIENT}@server"]).rows
    }
    assert "biostar-1/biostar-device/server/outgoing/tcp/1480" in ids
    assert "biostar-1/biostar-client/server/outgoing/tcp/1480" in ids


def test_rows_of_other_editions_are_there_and_do_not_apply() -> None:
    rows = {row.id: row.applicable for row in matrix(LEGACY).rows}
    assert rows["igor-gateway/1.12.1-4.5.3/outgoing/udp/1900"] is True
    assert rows["igor-gateway/5.0.0+/outgoing/udp/50201"] is False
    assert "igor-gateway/5.0.0+/outgoing/udp/1900" not in rows


def test_two_versions_on_one_site_make_both_editions_apply() -> None:
    whole = matrix([f"igor-node={NODE}@6.0.2", "igor-node=10.20.1.99@5.0.2"])
    assert all(row.applicable for row in whole.rows)


def test_find_asks_only_the_subjects_own_editions() -> None:
    whole = matrix([f"igor-node={NODE}@6.0.2", "igor-node=10.20.1.99@5.0.2", f"igor-gateway={GATEWAY}"])
    new, old, either = whole.subjects
    assert whole.find(new, "incoming", "tcp", 1901) == ()
    assert [row.edition for row in whole.find(old, "incoming", "tcp", 1901)] == ["4.0.0-5.0.2"]
    assert [row.edition for row in whole.find(either, "incoming", "tcp", 80)] == ["1.12.1-4.5.3", "5.0.0+"]
    assert whole.find(new, "outgoing", "udp", 50201) == ()
    assert [row.id for row in whole.find(new, "incoming", "udp", 50201)] == [
        "igor-node/6.0.0+/incoming/udp/50201"
    ]


def test_a_row_is_due_with_whom_the_edition_says() -> None:
    rows = {row.id: row for row in matrix([f"biostar-server={SERVER}@server"]).rows}
    assert rows["biostar-1/biostar-server/server/incoming/tcp/1480"].due_with == {"biostar-device"}
    assert rows["biostar-1/biostar-server/direct/incoming/tcp/1480"].due_with == set()
