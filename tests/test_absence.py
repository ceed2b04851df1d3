"""Editions, modes, and what was not seen: which sheet is in force, and when a row is missing."""

from __future__ import annotations

import pytest
from judging import BMS, CLIENT, DOOR, GATEWAY, LAPTOP, NODE, OTHER, SERVER, judged, kinds, only, status
from traffic import ACK, PSH, SYN, Traffic

from analyzer.model import Status

# ---------------------------------------------------------------- editions, modes


def test_upnp_after_the_upgrade_is_retired() -> None:
    notify = (
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nNT: upnp:rootdevice\r\n\r\n"
    )
    report = judged(Traffic().udp(0, NODE, 40000, "239.255.255.250", 1900, notify))
    assert kinds(report) == {"retired-service": "violation"}
    assert "6.0.0" in report.findings[0].title


def test_a_windows_search_is_the_operating_system_not_the_product() -> None:
    search = (
        b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\nUSER-AGENT: Microsoft-Windows/10.0 UPnP/1.0\r\nMX: 1\r\n\r\n"
    )
    report = judged(Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, search))
    assert (only(report).verdict, kinds(report)) == ("infrastructure", {})


@pytest.mark.parametrize("version", ["1.12.0", "4.6.0", "1.0"])
def test_a_version_in_no_sheet_is_named_and_not_guessed_at(version: str) -> None:
    report = judged(
        Traffic().connect(0, GATEWAY, 40000, LAPTOP, 9999), (f"igor-gateway={GATEWAY}@{version}",)
    )
    assert kinds(report) == {"unsupported-version": "warning"}
    assert only(report, "tcp").verdict == "review"
    assert {str(result.status) for result in report.rows} == {"not-applicable"}


def test_what_a_host_of_an_unknown_version_sends_is_not_laid_at_its_other_role() -> None:
    hosts = (f"igor-gateway,igor-bacnet-service={GATEWAY}@4.6.0", f"bacnet-system={BMS}")
    report = judged(
        Traffic().connect(0, GATEWAY, 40000, LAPTOP, 443).udp(1, BMS, 47808, GATEWAY, 47808), hosts
    )
    assert kinds(report) == {"unsupported-version": "warning"}
    assert only(report, "tcp").verdict == "review"
    assert only(report, "tcp").reason == "no edition of the sheet covers igor-gateway 4.6.0"
    assert only(report).verdict == "expected"


def test_versions_that_do_not_go_together_are_a_violation() -> None:
    hosts = ("igor-gateway=10.20.0.10@5.1.0", "igor-node=10.20.1.0/24@5.0.2")
    report = judged(Traffic().coap(0, GATEWAY, NODE), hosts)
    assert kinds(report)["incompatible-versions"] == "violation"


def test_direct_mode_is_for_temporary_use() -> None:
    hosts = (f"biostar-client={CLIENT}", f"biostar-device={DOOR}", f"biostar-server={SERVER}")
    report = judged(Traffic().connect(0, CLIENT, 40000, DOOR, 1471, b"\x01\x02\x03"), hosts)
    assert only(report, "tcp").verdict == "expected"
    assert kinds(report) == {"direct-mode": "warning"}


def test_server_mode_devices_open_1480() -> None:
    hosts = (f"biostar-device={DOOR}@server", f"biostar-server={SERVER}@server")
    report = judged(Traffic().connect(0, DOOR, 40000, SERVER, 1480, b"\x01\x02\x03"), hosts)
    assert (only(report, "tcp").verdict, kinds(report)) == ("expected", {})
    assert status(report, "biostar-1/biostar-server/server/incoming/tcp/1480") == "working"


# ---------------------------------------------------------------- absence


def busy(minutes: float, *hosts: str) -> Traffic:
    traffic = Traffic()
    for number, node in enumerate(hosts):
        for step in range(int(minutes * 2) + 1):
            traffic.connect(
                step * 30 + number, GATEWAY, 40000 + 100 * number + step, node, 80, b"GET / HTTP/1.1\r\n\r\n"
            )
    return traffic


def test_a_due_row_is_missing_once_the_subject_was_seen_long_enough() -> None:
    report = judged(busy(6, NODE, OTHER))
    rows = [result.row.id for result in report.rows if result.status is Status.MISSING]
    assert "igor-gateway/5.0.0+/outgoing/udp/5683" in rows
    assert "igor-node/6.0.0+/incoming/udp/5683" in rows
    assert kinds(report)["missing-flow"] == "violation"


def test_a_short_capture_proves_no_absence() -> None:
    report = judged(busy(4, NODE, OTHER))
    assert status(report, "igor-gateway/5.0.0+/outgoing/udp/5683") == "not-observable"
    assert report.compliant


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_while_capturing_does_not_make_minutes(hours: int) -> None:
    traffic = busy(2, NODE, OTHER)
    half = len(traffic.frames) // 2
    step = [(at + 3600 * hours * (place > half), frame) for place, (at, frame) in enumerate(traffic.frames)]
    traffic.frames = step
    report = judged(traffic)
    assert status(report, "igor-gateway/5.0.0+/outgoing/udp/5683") == "not-observable"
    assert report.compliant


def test_a_capture_at_one_node_says_nothing_about_the_others() -> None:
    report = judged(busy(6, NODE))
    assert status(report, "igor-gateway/5.0.0+/outgoing/udp/5683") == "not-observable"
    assert status(report, "igor-node/6.0.0+/incoming/udp/5683") == "missing"


def test_one_direction_of_coap_satisfies_the_other() -> None:
    report = judged(busy(6, NODE, OTHER).coap(3, GATEWAY, NODE).coap(4, GATEWAY, OTHER))
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/5683") == "not-exercised"
    assert not [
        result for result in report.rows if result.status is Status.MISSING and result.row.port == 5683
    ]


def test_an_activity_makes_its_rows_due_and_a_pool_counts_as_one() -> None:
    traffic = busy(6, NODE, OTHER).coap(3, GATEWAY, NODE).read_file(5, NODE, GATEWAY)
    traffic.udp(8, GATEWAY, 40000, NODE, 50196, b"\x01").udp(8.1, NODE, 50196, GATEWAY, 40000, b"\x02")
    report = judged(traffic, activities=("firmware-update",))
    missing = {result.row.port for result in report.rows if result.status is Status.MISSING}
    assert missing & {69, 1050, 50195, 50196, 50197, 50198, 50199} == {1050}


def test_without_a_word_a_transfer_makes_nothing_else_due() -> None:
    report = judged(busy(6, NODE, OTHER).coap(3, GATEWAY, NODE).read_file(5, NODE, GATEWAY))
    assert not [
        result for result in report.rows if result.status is Status.MISSING and result.row.port != 47808
    ]


def test_an_empty_capture_is_compliant_and_shows_nothing() -> None:
    report = judged(Traffic())
    assert report.compliant
    applicable = {str(result.status) for result in report.rows if result.row.applicable}
    assert applicable == {"not-observable"}


def test_a_mirror_of_one_direction_breaks_nothing() -> None:
    traffic = Traffic()
    for number, node in enumerate((NODE, OTHER, "10.20.1.23")):
        traffic.udp(number, GATEWAY, 40000, node, 5683, b"\x41\x01\x00\x01\x07")
        traffic.tcp(number, GATEWAY, 41000, node, 80, SYN)
        traffic.tcp(
            number + 0.1, GATEWAY, 41000, node, 80, ACK | PSH, b"GET / HTTP/1.1\r\n\r\n", seq=2, ack=5
        )
    report = judged(traffic)
    assert report.compliant
    assert {flow.outcome for flow in report.flows} <= {"one-way", "answered"}
    assert report.half_shown == len(report.flows) == 6
