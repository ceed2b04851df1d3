"""Which editions and rows apply to which host."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import CLIENT, CURRENT, DOOR, GATEWAY, LEGACY, NODE, SERVER, matrix
from traffic import Traffic

from analyzer.matrix import Matrix
from analyzer.model import Host, Report
from analyzer.pipeline import Options, check


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


def test_the_ports_that_some_sheet_speaks_of() -> None:
    ports = matrix(CURRENT).ports
    assert ("udp", 5683) in ports
    assert ("tcp", 1901) in ports  # retired
    assert ("tcp", 5683) not in ports


def test_the_rows_of_a_subject_are_those_of_its_editions() -> None:
    whole = matrix(
        ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.21@6.0.2", "igor-node=10.20.1.22@5.0.2")
    )
    old = next(subject for subject in whole.subjects if subject.host.version == "5.0.2")
    rows = whole.of(old)
    assert len(rows) == 26  # the table of 4.0.0-5.0.2: 3 + 10 incoming, 4 + 9 outgoing
    assert {(row.ruleset, row.edition) for row in rows} == {("igor-node", "4.0.0-5.0.2")}


def test_a_row_is_due_with_whom_the_edition_says() -> None:
    rows = {row.id: row for row in matrix([f"biostar-server={SERVER}@server"]).rows}
    assert rows["biostar-1/biostar-server/server/incoming/tcp/1480"].due_with == {"biostar-device"}
    assert rows["biostar-1/biostar-server/direct/incoming/tcp/1480"].due_with == set()


# ---------------------------------------------------------------- a third vendor

SHEET = """\
ruleset: acme-blinds
title: Acme blinds, ports
vendor: Acme
document: Acme installation guide
temporary_modes:
  bench: For the workshop only.
services:
  - {port: 7001, transport: tcp, name: Blind control, protocol: acme-control, due_with: [acme-motor]}
  - port: 7100-7103
    transport: udp
    name: Blind image
    protocol: acme-image
    activity: firmware-update
    pool: image
    reply: true
  - {port: 7200, transport: udp, name: Workshop, protocol: acme-bench, mode: bench}
editions:
  - id: "1.x"
    subject: acme-hub
    section: Table 1
    versions: ">=1.0,<2"
    outgoing: {tcp: [7001]}
  - id: "2.x"
    subject: acme-hub
    section: Table 2
    versions: ">=2.0"
    works_with: {acme-motor: ">=2.0"}
    incoming: {udp: [7100, 7101, 7102, 7103]}
    outgoing: {tcp: [7001]}
    retired:
      - {port: 7050, transport: tcp, name: Old control, since: "2.0", reason: Replaced by 7001}
  - id: bench
    subject: acme-tool
    section: Workshop
    mode: bench
    outgoing: {udp: [7200]}
  - id: any
    subject: acme-motor
    section: Table 3
    versions: ">=1.0"
    peers: {incoming: acme-hub, outgoing: acme-hub}
    incoming: {tcp: [7001], udp: [7200]}
    outgoing: {udp: [7100, 7101, 7102, 7103]}
"""
ACME = """\
site: Blinds
hosts:
  - {name: hub, address: 10.30.0.1, role: acme-hub, version: "2.1"}
  - {name: motors, address: 10.30.1.0/24, role: acme-motor, version: "2.0"}
  - {name: tool, address: 10.30.0.9, role: acme-tool, mode: bench}
"""


@pytest.fixture
def acme(tmp_path: Path):
    (tmp_path / "acme.yaml").write_text(SHEET, encoding="utf-8")
    (tmp_path / "site.yaml").write_text(ACME, encoding="utf-8")

    def run(traffic: Traffic, **options: object) -> Report:
        path = traffic.write(tmp_path / "acme.pcap")
        rules = (str(tmp_path / "acme.yaml"),)
        return check(Options((str(path),), str(tmp_path / "site.yaml"), rules=rules, **options))  # type: ignore[arg-type]

    return run


def test_a_third_vendors_sheet_needs_no_code(acme) -> None:
    hub, motor, tool = "10.30.0.1", "10.30.1.5", "10.30.0.9"
    traffic = Traffic().connect(0, hub, 40000, motor, 7001, b"\1\2\3").udp(1, motor, 40000, hub, 7101, b"\1")
    traffic.connect(2, hub, 40001, motor, 7050, b"\1").connect(3, tool, 40000, motor, 7001, b"\1")
    traffic.udp(4, tool, 40000, "10.30.1.255", 7200, b"\1").connect(5, motor, 40002, hub, 7001)
    report = acme(traffic)
    told = {
        (flow.responder.port, flow.originator.address): (str(flow.verdict), str(flow.outcome))
        for flow in report.flows
    }
    assert told == {
        (7001, hub): ("expected", "answered"),
        (7101, motor): ("expected", "unanswered"),
        (7050, hub): ("unexpected", "answered"),
        (7001, tool): ("unexpected", "answered"),
        (7200, tool): ("expected", "one-way"),
        (7001, motor): ("unexpected", "answered"),
    }
    assert report.flows[0].service == "Blind control"
    found = {(str(finding.kind), str(finding.severity)) for finding in report.findings}
    assert found == {
        ("failing-flow", "violation"),
        ("retired-service", "violation"),
        ("unexpected-flow", "violation"),
        ("direct-mode", "warning"),
    }
    near = {finding.near_miss for finding in report.findings if finding.kind == "unexpected-flow"}
    assert (
        "matches TCP 7001 (Blind control) incoming of acme-blinds any except peer: "
        "the sheet has it with acme-hub" in near
    )
    rows = {result.row.id: str(result.status) for result in report.rows}
    assert rows["acme-blinds/acme-hub/2.x/outgoing/tcp/7001"] == "working"
    assert rows["acme-blinds/acme-hub/1.x/outgoing/tcp/7001"] == "not-applicable"
    assert rows["acme-blinds/acme-motor/any/outgoing/udp/7101"] == "failing"


def test_a_third_vendors_absence_is_told_too(acme) -> None:
    traffic = Traffic()
    for step in range(14):
        traffic.connect(step * 30, "10.30.1.5", 40000 + step, "10.30.0.1", 9000)
        traffic.connect(step * 30 + 1, "10.30.1.6", 40000 + step, "10.30.0.9", 9000)
    rows = {
        result.row.id: str(result.status) for result in acme(traffic, activities=("firmware-update",)).rows
    }
    assert rows["acme-blinds/acme-hub/2.x/outgoing/tcp/7001"] == "missing"
    assert rows["acme-blinds/acme-hub/2.x/incoming/udp/7102"] == "missing"
    assert rows["acme-blinds/acme-motor/any/incoming/udp/7200"] == "not-exercised"


@pytest.mark.parametrize(
    ("hub", "motor", "kind"), [("2.1", "1.5", "incompatible-versions"), ("0.9", "2.0", "unsupported-version")]
)
def test_a_third_vendors_versions_act(acme, tmp_path: Path, hub: str, motor: str, kind: str) -> None:
    site = (
        (tmp_path / "site.yaml")
        .read_text(encoding="utf-8")
        .replace('"2.1"', f'"{hub}"')
        .replace('"2.0"', f'"{motor}"')
    )
    (tmp_path / "site.yaml").write_text(site, encoding="utf-8")
    report = acme(Traffic().connect(0, "10.30.0.1", 40000, "10.30.1.5", 7001))
    assert kind in {str(finding.kind) for finding in report.findings}
