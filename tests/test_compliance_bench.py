"""Background, groups, guesses and legs on the bench, and the laws that hold for every conversation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import (
    BMS,
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
from test_compliance_verdicts import GROUP, PORTS, SEEN, verdict

from analyzer.compliance import Bench
from analyzer.model import Verdict
from analyzer.protocol import Fit


@pytest.mark.parametrize(
    ("protocol", "port", "transport", "as_client", "as_server"),
    [
        ("dns", 53, "udp", "infrastructure", "infrastructure"),
        ("kerberos", 88, "tcp", "infrastructure", "unexpected"),
        ("syslog", 514, "udp", "infrastructure", "unexpected"),
        ("ssh", 22, "tcp", "unexpected", "unexpected"),
        ("smb", 445, "tcp", "infrastructure", "unexpected"),
    ],
)
def test_background_by_its_rule(
    protocol: str, port: int, transport: str, as_client: str, as_server: str
) -> None:
    more = {"protocol": protocol, "fit": Fit.YES}
    for node_judge in (SEEN["current"], SEEN["legacy"]):
        assert verdict(node_judge, NODE, LAPTOP, port, transport, **more) == as_client
        assert verdict(node_judge, LAPTOP, NODE, port, transport, **more) == as_server
        assert verdict(node_judge, LAPTOP, "10.9.9.9", port, transport, **more) == "infrastructure"


def test_kerberos_on_88_is_not_the_vendors_configuration() -> None:
    kerberos = {"transport": "tcp", "protocol": "kerberos", "fit": Fit.YES}
    assert str(SEEN["current"].judge(talk(GATEWAY, LAPTOP, 88, **kerberos)).verdict) == "infrastructure"
    assert verdict(SEEN["current"], GATEWAY, LAPTOP, 88, "tcp", protocol="igor-configuration") == "expected"


def test_strict_judges_background_where_a_subject_is() -> None:
    strict = bench(CURRENT, strict=True)
    dns = {"protocol": "dns", "fit": Fit.YES}
    assert verdict(strict, NODE, LAPTOP, 53, **dns) == "unexpected"
    assert verdict(strict, LAPTOP, "10.9.9.9", 53, **dns) == "infrastructure"
    assert verdict(strict, NODE, "224.0.0.251", 5353, protocol="mdns", fit=Fit.YES, **GROUP) == "unexpected"


def test_a_contradicted_payload_is_no_background() -> None:
    assert verdict(SEEN["current"], NODE, LAPTOP, 53, protocol="dns", fit=Fit.NO) == "unexpected"


def test_without_ports_only_background_is_excused() -> None:
    assert (
        verdict(SEEN["current"], NODE, GATEWAY, 0, "icmp", protocol="icmp", fit=Fit.YES) == "infrastructure"
    )
    assert verdict(SEEN["current"], NODE, GATEWAY, 0, "sctp") == "unexpected"
    assert verdict(SEEN["current"], LAPTOP, BMS, 0, "sctp") == "out-of-scope"
    assert verdict(SEEN["current"], NODE, GATEWAY, 0, "ethertype-0x1234") == "out-of-scope"
    assert verdict(bench(CURRENT, strict=True), NODE, GATEWAY, 0, "icmp", protocol="icmp") == "unexpected"
    assert verdict(bench(CURRENT, strict=True), NODE, GATEWAY, 0, "arp", protocol="arp") == "infrastructure"


def test_what_the_operating_system_sends_is_not_the_products() -> None:
    judge = bench(LEGACY, host_background=lambda _: True)
    one = talk(GATEWAY, "239.255.255.250", 1900, protocol="ssdp", fit=Fit.YES, **GROUP)
    assert judge.judge(one).verdict is Verdict.INFRASTRUCTURE


# ---------------------------------------------------------------- guesses, both ways, legs


def test_a_guess_counts_only_where_both_readings_agree_on_something_harmless() -> None:
    guess = {"confidence": "guess", "basis": "first-packet"}
    assert verdict(SEEN["current"], NODE, GATEWAY, 40001, **guess) == "review"
    assert verdict(SEEN["current"], NODE, GATEWAY, 50201, a_port=50202, **guess) == "review"
    assert verdict(SEEN["current"], NODE, GATEWAY, 50195, a_port=50196, **guess) == "expected"
    assert verdict(SEEN["current"], LAPTOP, BMS, 40001, **guess) == "out-of-scope"
    review = SEEN["current"].judge(talk(NODE, GATEWAY, 40001, **guess))
    assert (review.certain, review.rows, review.retired, review.undeclared) == (False, (), None, False)


def test_asking_back_exercises_the_rows_of_both_directions() -> None:
    one = SEEN["current"].judge(talk(GATEWAY, NODE, 5683, a_port=5683))
    both = SEEN["current"].judge(talk(GATEWAY, NODE, 5683, a_port=5683, asks_back=True))
    assert {row.direction for row in one.rows if row.subject == "igor-node"} == {"incoming"}
    assert {row.direction for row in both.rows if row.subject == "igor-node"} == {"incoming", "outgoing"}


def test_a_leg_has_its_parents_verdict() -> None:
    request = talk(NODE, GATEWAY, 69)
    assert SEEN["current"].judge(talk(GATEWAY, NODE, 50123, parent=request)) == SEEN["current"].judge(request)


def test_an_answer_without_its_search_is_for_review() -> None:
    answer = {"protocol": "ssdp", "fit": Fit.YES, "packets": (0, 1)}
    assert verdict(SEEN["legacy"], GATEWAY, NODE, 49999, **answer) == "review"
    assert verdict(SEEN["legacy"], GATEWAY, NODE, 1900, **answer) == "disputed"
    asked = {**answer, "packets": (1, 1)}
    assert verdict(SEEN["legacy"], GATEWAY, NODE, 49999, **asked) == "unexpected"


def test_has_row_and_knows_port_read_one_direction_each() -> None:
    judge, one = SEEN["current"], talk(NODE, GATEWAY, 50201, a_port=50202)
    assert (judge.has_row(one, True), judge.has_row(one, False)) == (False, True)
    assert (judge.knows_port(one, True), judge.knows_port(one, False)) == (True, True)
    icmp = talk(NODE, GATEWAY, transport="icmp")
    assert not judge.has_row(icmp, True)
    assert not judge.knows_port(icmp, True)


# ---------------------------------------------------------------- laws

ENDS = st.sampled_from([GATEWAY, NODE, OTHER, BMS, LAPTOP, SERVER, DOOR])
JUDGES = st.sampled_from(
    [*SEEN.values(), bench([*LEGACY, f"biostar-server={SERVER}", f"biostar-device={DOOR}"])]
)


@settings(deadline=None, max_examples=300)
@given(
    JUDGES, ENDS, ENDS, st.sampled_from(PORTS), st.sampled_from(["tcp", "udp"]), st.booleans(), st.booleans()
)
def test_laws(
    judge: Bench, source: str, target: str, port: int, transport: str, forward: bool, sure: bool
) -> None:
    one = talk(
        source, target, port, transport=transport, a_port=40000, confidence="certain" if sure else "guess"
    )
    said = judge.judge(one)
    turned = talk(target, source, 40000, transport=transport, a_port=port, forward=False)
    if sure:
        other = judge.judge(turned)
        assert (other.verdict, other.rows, other.reason) == (said.verdict, said.rows, said.reason)
    else:
        assert said.verdict not in (Verdict.UNEXPECTED, Verdict.DISPUTED)
    assert said.reason
    subjects = [subject for end in said.ends for subject in end.subjects]
    assert (said.verdict is Verdict.OUT_OF_SCOPE) <= (not subjects)
    assert (said.verdict is Verdict.EXPECTED) == bool(said.rows and not said.unlisted)
    assert (said.verdict is Verdict.DISPUTED) == bool(said.rows and said.unlisted)
    assert (
        not {row.subject for row in said.rows} & {subject.role for subject in said.unlisted}
        or source == target
    )
    for row in said.rows:
        assert (row.transport, row.port) == (transport, port)
        assert row.applicable
