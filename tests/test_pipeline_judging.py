"""A flow table in, the report on it out: what a caller with a table of its own relies on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from judging import CURRENT, GATEWAY, LAPTOP, NODE, judged, place, status, table
from traffic import Traffic

from analyzer import rulesets
from analyzer.model import Allow, Attempt, Severity
from analyzer.pipeline.judging import joined, judge


def test_a_table_is_judged_without_its_capture() -> None:
    traffic = Traffic().udp(0, NODE, 40000, LAPTOP, 5683, b"\x40\x01\x00\x01")
    report = judge((), table(traffic), rulesets.load(()), place(CURRENT))
    assert [flow.verdict for flow in report.flows] == ["unexpected"]
    assert report.captures == ()
    assert report.transfers == report.attempts == ()


def test_a_waiver_holds_until_its_day_is_over() -> None:
    traffic = Traffic().connect(0, LAPTOP, 40000, GATEWAY, 22)
    entry = Allow("any", GATEWAY, "tcp", 22, "maintenance", "facilities", date(2026, 3, 1))
    site, sheets = place(CURRENT, allow=(entry,)), rulesets.load(())

    def severities(today: date) -> set[Severity]:
        return {finding.severity for finding in judge((), table(traffic), sheets, site, today=today).findings}

    assert Severity.VIOLATION not in severities(date(2026, 3, 1))
    assert Severity.VIOLATION in severities(date(2026, 3, 2))


def test_hosts_are_listed_with_the_addresses_that_were_seen() -> None:
    traffic = Traffic().udp(0, NODE, 40000, GATEWAY, 5683, b"\x40\x01\x00\x01")
    hosts = judge((), table(traffic), rulesets.load(()), place(CURRENT)).hosts
    assert [(host.roles, host.addresses) for host in hosts[:2]] == [
        (("igor-gateway",), (GATEWAY,)),
        (("igor-node",), (NODE,)),
    ]


def test_likely_attempts_come_last_and_their_ids_count_on() -> None:
    one = Attempt("u1", NODE, GATEWAY, "succeeded", "", 0, 1, (), ("t1",))
    likely = replace(one, transfers=(), basis="likely")
    assert [(each.id, each.basis) for each in joined((one, replace(one, id="u2")), (likely, likely))] == [
        ("u1", "certain"),
        ("u2", "certain"),
        ("u3", "likely"),
        ("u4", "likely"),
    ]


def test_a_file_that_came_answers_its_request_whatever_the_clocks_say() -> None:
    """Two taps, one for each direction: the server's packets stand half a second before the client's."""
    whole = Traffic().read_file(10, NODE, GATEWAY, blocks=100).coap(0, NODE, GATEWAY).arp(60, NODE, GATEWAY)
    server = b"\x0a\x14\x00\x0a"
    whole.frames = [(at - 0.5 * (frame[26:30] == server), frame) for at, frame in whole.frames]
    report = judged(whole)
    assert [str(one.outcome) for one in report.transfers] == ["complete"]
    assert status(report, "igor-gateway/5.0.0+/incoming/udp/69") == "working"
    assert report.findings == ()
