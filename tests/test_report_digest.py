"""What every format for readers says of a report."""

from __future__ import annotations

from dataclasses import replace

import pytest
import reports

from analyzer.model import Endpoint, Problem, Severity, Site, Status, Verdict
from analyzer.report import digest


@pytest.mark.parametrize(
    ("report", "said", "tone"),
    [
        (reports.REPORT, "NOT COMPLIANT: 2 violations, 1 note", "bad"),
        (reports.COMPLIANT, "COMPLIANT: no violation; 1 note", "good"),
        (replace(reports.COMPLIANT, findings=()), "COMPLIANT: no violation", "good"),
        (reports.EMPTY, "NOTHING JUDGED: the capture holds no packets", "neutral"),
        (
            replace(reports.COMPLIANT, flows=(reports.ARP,), findings=()),
            "NOTHING JUDGED: no sheet speaks about this traffic",
            "neutral",
        ),
        (
            replace(reports.COMPLIANT, flows=(reports.ARP,), findings=(), site=Site(declared=False)),
            "NOTHING JUDGED: no host is known as equipment of a sheet",
            "neutral",
        ),
        (
            replace(reports.COMPLIANT, site=Site(declared=False)),
            "COMPLIANT: as far as inferred roles can tell; 1 note",
            "neutral",
        ),
    ],
    ids=["violations", "a note", "clean", "empty", "no sheet speaks", "nobody known", "inferred"],
)
def test_the_headline(report, said, tone):
    assert str(digest.headline(report)) == said
    assert digest.headline(report).tone == tone


def test_one_direction_only_is_said_beside_the_verdict():
    report = replace(reports.COMPLIANT, half_shown=1, findings=())
    assert digest.headline(report) == ("COMPLIANT", "no violation in what this capture shows", "neutral")
    assert digest.unseen(replace(reports.REPORT, half_shown=2)) == [
        "One direction only: this capture holds one direction of 2 of 2 judged flows, "
        "and cannot tell whether they are answered",
        "Not observable: 1 row: the node was seen for 1 min only",
    ]
    assert digest.unseen(reports.EMPTY) == []


def test_a_capture_filter_is_told_once():
    info = replace(reports.CAPTURE, filters=("udp port 69",))
    assert digest.unseen(replace(reports.COMPLIANT, captures=(info, info), rows=())) == [
        "Capture filter: udp port 69"
    ]


def test_an_undeclared_site_is_told_what_to_do():
    nobody = replace(reports.EMPTY, site=Site(declared=False), hosts=())
    assert digest.undeclared(nobody) == digest.UNDECLARED
    assert digest.undeclared(replace(nobody, hosts=reports.HOSTS)) == digest.INFERRED
    assert digest.undeclared(reports.REPORT) == ""


def test_a_warning_alone_is_compliant_and_said():
    report = replace(reports.REPORT, findings=(replace(reports.PEER, severity=Severity.WARNING),))
    assert str(digest.headline(report)) == "COMPLIANT: no violation; 1 warning"


def test_tallies_name_what_there_is_in_a_readers_order():
    assert digest.tallies(reports.REPORT) == [
        ("Flows", "1 unexpected, 1 expected, 1 infrastructure"),
        (
            "Rows",
            "1 working, 1 one-way, 1 failing, 1 missing, 1 not-exercised, 1 not-observable, 1 not-applicable",
        ),
    ]
    assert digest.tallies(reports.EMPTY) == []


def test_flows_that_were_folded_are_no_part_of_the_tally_and_said():
    folded = Problem("folded-flows", "900 flows that were over are counted in others", 0, 900, damage=False)
    (capture, *others) = reports.REPORT.captures
    followed = replace(
        reports.REPORT, captures=(replace(capture, problems=(*capture.problems, folded)), *others)
    )
    usual, now = dict(digest.tallies(reports.REPORT)), dict(digest.tallies(followed))
    assert now == usual | {"Flows": usual["Flows"] + "; 900 more of the same kinds are folded into these"}


def test_every_status_and_verdict_has_its_place():
    assert set(digest.STATUS_WORDS) == set(Status)
    assert set(digest.VERDICT_ORDER) == set(Verdict)


def test_editions_are_those_that_apply_with_their_rows():
    ((edition, document),) = digest.editions(reports.REPORT)
    assert (edition, document) == (reports.EDITION, reports.RULESET.document)
    found = digest.results(reports.REPORT, edition)
    assert len(found) == 6
    assert found["outgoing", "udp", 5683].status is Status.FAILING


def test_an_edition_of_no_known_sheet_is_named_after_its_rows():
    ((edition, document),) = digest.editions(replace(reports.REPORT, rulesets=()))
    assert (edition.subject, edition.id, document) == ("igor-gateway", "5.0.0+", "igor-gateway")


def test_unproven_rows_are_grouped_by_reason_the_most_frequent_first():
    more = reports.row("outgoing", "tcp", 443, Status.NOT_OBSERVABLE, "the node was seen for 1 min only")
    found = digest.unproven(replace(reports.REPORT, rows=(*reports.ROWS, more)))
    assert [(entry.status, len(entry.rows)) for entry in found] == [
        (Status.NOT_OBSERVABLE, 2),
        (Status.NOT_EXERCISED, 1),
    ]


def test_flows_that_differ_only_in_host_and_time_are_one_group():
    flows = [
        replace(reports.TELNET, id=str(n), originator=Endpoint(f"10.9.9.{n}", n), first=n) for n in range(3)
    ]
    assert digest.groups([reports.ARP, *flows]) == [
        digest.Group(3, "tcp/23", "refused", "Telnet", "3 hosts", "igor-gateway"),
        digest.Group(1, "arp", "answered", "ARP", "igor-gateway", "fe80::1234:5678:9abc:def0"),
    ]


def test_legs_of_sessions_are_one_group_whatever_their_ports():
    legs = [
        replace(reports.COAP, id=str(port), responder=Endpoint("10.20.0.10", port), parent="f1")
        for port in (40001, 40002)
    ]
    assert [group.place for group in digest.groups(legs)] == ["udp/*"]


def test_some_counts_the_rest():
    assert digest.some(["a", "b"], 2) == "a, b"
    assert digest.some(["a", "b", "c"], 1) == "a and 2 more"


def test_a_capture_in_one_phrase():
    assert digest.held(reports.CAPTURE) == (
        "pcapng, 212 packets, 12.3 kB, 15 min 14 s from 2026-01-02T03:03:05.000006Z"
    )
    assert digest.held(reports.EMPTY.captures[0]) == "pcapng, 0 packets, 0 B"


def test_groups_by_verdict_share_what_may_be_shown_and_each_verdict_shows_some():
    flows = [
        replace(reports.COAP, verdict=verdict, responder=Endpoint("10.20.0.10", port))
        for verdict in (Verdict.EXPECTED, Verdict.UNEXPECTED)
        for port in range(1, 6)
    ]
    found = [(title, len(shown), len(rest)) for title, shown, rest in digest.by_verdict(flows, 4)]
    assert found == [("unexpected (5)", 4, 1), ("expected (5)", 3, 2)]
    assert [len(shown) for _, shown, _ in digest.by_verdict(flows, 100)] == [5, 5]
    assert list(digest.by_verdict([], 4)) == []
