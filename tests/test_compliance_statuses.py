"""Row statuses: each question, and the first "no" that answers it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import (
    BMS,
    CURRENT,
    GATEWAY,
    GET,
    LAPTOP,
    LEGACY,
    NODE,
    OTHER,
    bench,
    judged,
    matrix,
    place,
    talk,
)
from traffic import ACK, RST, SYN, Traffic

from analyzer.compliance.statuses import statuses
from analyzer.conversation import Conversation
from analyzer.model import Host, Outcome, RowResult, Site, Status
from analyzer.visibility import Visibility

TWO = (f"igor-gateway={GATEWAY}@5.1.0", f"igor-node={NODE}@6.0.2")
COAP = "igor-node/6.0.0+/incoming/udp/5683"


def results(
    found: list[Conversation], hosts: tuple[str, ...] = TWO, site: Site | None = None, filtered: str = ""
) -> dict[str, RowResult]:
    site = site or place(hosts)
    judge = bench(site.hosts)
    judgements = {one.row: judge.judge(one) for one in found}
    rows = statuses(judge.matrix, site, found, judgements, Visibility(found), judge.directory, filtered)
    assert [result.row for result in rows] == list(judge.matrix.rows)
    return {result.row.id: result for result in rows}


def seen(minutes: float = 6, *, row: int = 50, source: str = GATEWAY, target: str = NODE) -> Conversation:
    """HTTP that shows both ends for some minutes."""
    return talk(
        source,
        target,
        80,
        transport="tcp",
        packets=(9, 9),
        end=minutes * 60,
        row=row,
        outcome=Outcome.ANSWERED,
    )


def coap(outcome: Outcome, row: int = 0, why: str = "") -> Conversation:
    return talk(packets=(1, int(outcome is Outcome.ANSWERED)), outcome=outcome, row=row, why=why)


# ---------------------------------------------------------------- exercised


def test_one_answered_flow_makes_a_row_work() -> None:
    found = [coap(Outcome.UNANSWERED), coap(Outcome.ANSWERED, 1), coap(Outcome.BLOCKED, 2)]
    result = results(found)[COAP]
    assert (result.status, result.outcome, result.flows) == (Status.WORKING, None, ("f1", "f2", "f3"))
    assert result.reason == "1 of 3 flows answered"


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([Outcome.UNANSWERED], Outcome.UNANSWERED),
        ([Outcome.UNANSWERED, Outcome.REFUSED], Outcome.REFUSED),
        ([Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED], Outcome.BLOCKED),
        ([Outcome.ONE_WAY, Outcome.UNANSWERED], Outcome.UNANSWERED),
    ],
)
def test_a_failing_row_says_with_what(outcomes: list[Outcome], expected: Outcome) -> None:
    result = results([coap(outcome, row, f"why {outcome}") for row, outcome in enumerate(outcomes)])[COAP]
    assert (result.status, result.outcome) == (Status.FAILING, expected)
    assert result.reason.endswith(f"why {expected}")


def test_what_owes_no_answer_is_one_way() -> None:
    result = results([coap(Outcome.ONE_WAY)])[COAP]
    assert (result.status, result.outcome) == (Status.ONE_WAY, None)


def test_a_transfer_whose_every_leg_fails_fails_the_row() -> None:
    request = talk(NODE, GATEWAY, 69, packets=(3, 0), outcome=Outcome.ANSWERED)
    leg = talk(NODE, GATEWAY, 50123, packets=(0, 3), row=1, parent=request, outcome=Outcome.UNANSWERED)
    request.legs.append(leg)
    result = results([request, leg])["igor-gateway/5.0.0+/incoming/udp/69"]
    assert (result.status, result.outcome, result.flows) == (Status.FAILING, Outcome.UNANSWERED, ("f1", "f2"))
    leg.outcome = Outcome.ANSWERED
    assert results([request, leg])["igor-gateway/5.0.0+/incoming/udp/69"].status is Status.WORKING


def test_disputed_flows_exercise_the_row_that_lists_them() -> None:
    found = [talk(GATEWAY, NODE, 50202, outcome=Outcome.ANSWERED)]
    assert results(found)["igor-gateway/5.0.0+/outgoing/udp/50202"].status is Status.WORKING


# ---------------------------------------------------------------- absent


def test_other_editions_do_not_apply() -> None:
    found = results([seen()])
    assert {str(result.status) for result in found.values() if not result.row.applicable} == {
        "not-applicable"
    }
    assert not any(
        str(result.status) == "not-applicable" for result in found.values() if result.row.applicable
    )


def test_a_due_row_that_would_have_been_seen_is_missing() -> None:
    found = results([seen()])
    assert found[COAP].status is Status.MISSING
    assert found["igor-node/6.0.0+/outgoing/udp/5683"].status is Status.MISSING
    assert found["igor-node/6.0.0+/incoming/tcp/88"].status is Status.NOT_EXERCISED


def test_behind_a_capture_filter_nothing_is_missing() -> None:
    found = results([seen()], filtered="tcp port 80")[COAP]
    assert found.status is Status.NOT_OBSERVABLE
    assert "the filter tcp port 80" in found.reason


def test_a_capture_of_one_port_does_not_show_the_others() -> None:
    only = talk(GATEWAY, NODE, 50201, packets=(9, 9), end=360, row=50, outcome=Outcome.ANSWERED)
    found = results([only])[COAP]
    assert found.status is Status.NOT_OBSERVABLE
    assert found.reason.startswith("the capture holds UDP 50201 and nothing else")
    also = talk(GATEWAY, NODE, 50202, packets=(9, 9), end=360, row=51, outcome=Outcome.ANSWERED)
    assert results([only, also])[COAP].status is Status.MISSING
    arp = talk(GATEWAY, NODE, transport="arp", packets=(1, 0), end=360, row=51)
    assert results([only, arp])[COAP].status is Status.MISSING


@pytest.mark.parametrize(("minutes", "status"), [(4.99, Status.NOT_OBSERVABLE), (5, Status.MISSING)])
def test_five_minutes_are_enough(minutes: float, status: Status) -> None:
    assert results([seen(minutes)])[COAP].status is status


@pytest.mark.parametrize(("minutes", "status"), [(8, Status.NOT_OBSERVABLE), (2, Status.MISSING)])
def test_a_site_may_state_another_time(minutes: float, status: Status) -> None:
    site = replace(place(TWO), observe_minutes=minutes)
    assert results([seen(6)], site=site)[COAP].status is status


def test_a_subject_seen_one_way_only_shows_nothing_missing() -> None:
    one = talk(GATEWAY, NODE, 80, transport="tcp", packets=(9, 0), end=600, outcome=Outcome.ONE_WAY)
    result = results([one])[COAP]
    assert result.status is Status.NOT_OBSERVABLE
    assert "one direction" in result.reason


def test_a_subject_not_seen_is_not_observable() -> None:
    found = results([seen(source=LAPTOP, target=GATEWAY)])
    assert {str(result.status) for name, result in found.items() if name.startswith("igor-node/6")} == {
        "not-observable"
    }


def test_a_capture_at_another_host_does_not_show_the_row() -> None:
    """Taken at the laptop: all flows have it at one end."""
    found = [seen(source=LAPTOP, target=GATEWAY, row=1), seen(source=LAPTOP, target=NODE, row=2)]
    result = results(found)[COAP]
    assert result.status is Status.NOT_OBSERVABLE
    assert "another host" in result.reason


def test_without_a_counterpart_on_the_site_nothing_is_due() -> None:
    found = results([seen(source=LAPTOP, target=GATEWAY)], (f"igor-gateway={GATEWAY}@5.1.0",))
    assert found["igor-gateway/5.0.0+/outgoing/udp/5683"].status is Status.NOT_EXERCISED
    with_nodes = results(
        [seen(source=LAPTOP, target=GATEWAY), seen(source=NODE, target=OTHER, row=51)], CURRENT
    )
    assert with_nodes["igor-gateway/5.0.0+/outgoing/udp/5683"].status is Status.MISSING


def test_one_direction_of_a_pair_counts_for_both() -> None:
    found = results([seen(), coap(Outcome.ANSWERED)])
    result = found["igor-node/6.0.0+/outgoing/udp/5683"]
    assert (result.status, result.reason) == (Status.NOT_EXERCISED, f"counts as exercised with {COAP}")


def test_a_failing_direction_exercises_its_pair_as_well() -> None:
    found = results([seen(), coap(Outcome.UNANSWERED)])
    assert found[COAP].status is Status.FAILING
    assert found["igor-node/6.0.0+/outgoing/udp/5683"].status is Status.NOT_EXERCISED


def test_an_activity_makes_its_rows_due_and_others_not() -> None:
    site = replace(place(TWO), activities=frozenset({"operation", "firmware-update"}))
    found = results([seen(), talk(NODE, GATEWAY, 50197, row=1, outcome=Outcome.ANSWERED)], site=site)
    by_port = {
        result.row.port: result.status for name, result in found.items() if name.startswith("igor-node/6")
    }
    assert by_port[69] is by_port[1050] is Status.MISSING
    assert {by_port[port] for port in range(50195, 50200)} <= {Status.NOT_EXERCISED, Status.WORKING}
    assert by_port[50201] is by_port[88] is Status.NOT_EXERCISED


def test_all_makes_every_row_due() -> None:
    site = replace(place(TWO), activities=frozenset({"operation", "all"}))
    found = results([seen()], site=site)
    lines = {str(result.status) for name, result in found.items() if name.startswith("igor-node/6")}
    assert lines == {"missing", "working"}


def test_an_empty_capture_shows_nothing() -> None:
    for site in (place(TWO), replace(place(TWO), activities=frozenset({"all"}))):
        assert {
            str(result.status) for result in results([], site=site).values() if result.row.applicable
        } == {"not-observable"}


def test_a_range_of_nodes_cannot_be_shown_from_one_of_them() -> None:
    """Captured at one node: rows of the gateway concern all of 10.20.1.0/24."""
    found = results([seen()], (f"igor-gateway={GATEWAY}@5.1.0", "igor-node=10.20.1.0/24@6.0.2"))
    assert found["igor-gateway/5.0.0+/outgoing/udp/5683"].status is Status.NOT_OBSERVABLE
    assert found[COAP].status is Status.MISSING


def test_a_short_range_lists_its_hosts() -> None:
    hosts = (
        Host("g", (GATEWAY,), ("igor-gateway",), version="5.1.0"),
        Host("n", (f"{NODE}-{NODE}",), ("igor-node",), version="6.0.2"),
    )
    found = results([seen()], site=Site(hosts=hosts))
    assert found["igor-gateway/5.0.0+/outgoing/udp/5683"].status is Status.MISSING


def test_every_status_has_its_reason() -> None:
    for result in results([seen(), coap(Outcome.BLOCKED)]).values():
        assert result.reason


# ---------------------------------------------------------------- laws


def base() -> Traffic:
    traffic = Traffic().coap(0, GATEWAY, NODE).coap(1, NODE, GATEWAY, sport=41000).read_file(5, NODE, GATEWAY)
    traffic.connect(3, LAPTOP, 42000, GATEWAY, 8080, GET)
    return traffic.udp(4, BMS, 47808, GATEWAY, 47808, READ).udp(4.1, GATEWAY, 47808, BMS, 47808, ACKED)


READ = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x00\x01\x19\x4d"
ACKED = b"\x81\x0a\x00\x09\x01\x00\x20\x01\x0f"
WORKING = {row.row.id for row in judged(base()).rows if row.status is Status.WORKING}
ENDS = st.sampled_from(
    [GATEWAY, NODE, OTHER, BMS, LAPTOP, "192.0.2.7", "192.0.2.8", "10.20.1.255", "224.0.1.187"]
)
SOURCES = st.sampled_from([GATEWAY, NODE, OTHER, BMS, LAPTOP, "192.0.2.7"])
STEP = st.tuples(
    st.sampled_from(["udp", "syn", "refused", "connect"]), st.integers(0, 400), SOURCES, ENDS,
    st.sampled_from([22, 53, 69, 80, 1050, 1900, 5683, 8080, 47808, 50197, 50201, 50202, 43000]),
    st.one_of(st.binary(max_size=20), st.sampled_from([b"\0\1x\0octet\0", b"\x41\x01\x00\x01\x07", READ])),
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(st.lists(STEP, max_size=6))
def test_another_flow_never_breaks_a_row_that_works(steps) -> None:
    assert len(WORKING) == 8
    traffic = base()
    for number, (kind, at, source, target, port, payload) in enumerate(steps):
        sport = 50300 + number
        if kind == "udp":
            traffic.udp(at, source, sport, target, port, payload)
        elif kind == "connect":
            traffic.connect(at, source, sport, target, port, payload)
        else:
            traffic.tcp(at, source, sport, target, port, SYN)
            if kind == "refused":
                traffic.tcp(at + 0.1, target, port, source, sport, RST | ACK)
    after = {row.row.id for row in judged(traffic).rows if row.status is Status.WORKING}
    assert after >= WORKING


def test_legacy_rows_and_matrix_agree() -> None:
    assert {row.id for row in matrix(LEGACY).rows} == set(results([], LEGACY))
