"""Who was refused what, how much it weighs, and when it is no fault."""

from __future__ import annotations

import pytest
from bacnetwire import (
    COV,
    EVERYONE,
    READ,
    Building,
    abort,
    answer,
    broadcast,
    bvlc,
    error,
    i_am,
    reject,
    request,
    unicast,
)
from judging import BMS, GATEWAY, LAPTOP, NODE, judged

from analyzer.model import Finding, FindingKind, Severity

NAK, OK = bvlc(0, b"\0\x30"), bvlc(0, b"\0\0")
REGISTER = bvlc(5, b"\0\x3c")
NOTE, WARNING = Severity.NOTE, Severity.WARNING


def told(building: Building, **more: object) -> list[Finding]:
    report = judged(building, **more)  # type: ignore[arg-type]
    return [finding for finding in report.findings if finding.kind is FindingKind.PROTOCOL_ERROR]


def only(building: Building) -> Finding:
    (finding,) = told(building)
    return finding


def registered(*results: bytes) -> Building:
    building = Building()
    for number, result in enumerate(results):
        building.say(60 * number, BMS, GATEWAY, REGISTER).say(60 * number + 0.1, GATEWAY, BMS, result)
    return building


def test_a_refused_registration() -> None:
    finding = only(registered(NAK, NAK))
    assert (finding.severity, finding.frames, len(finding.flows)) == (WARNING, (2, 4), 1)
    assert finding.title == f"{BMS} asks {GATEWAY} to register as a foreign device, and is refused"
    assert "2 times" in finding.detail
    assert "0x0030" in finding.detail
    assert "BBMD" in finding.advice
    assert finding.rows == ("igor-bacnet-service/1.0.0+/incoming/udp/47808",)


def test_a_registration_that_works_is_no_finding() -> None:
    assert told(registered(OK, OK)) == []


def test_a_registration_that_works_later_is_a_note() -> None:
    finding = only(registered(NAK, OK))
    assert finding.severity is NOTE
    assert "a later request is accepted" in finding.title
    assert only(registered(OK, NAK)).severity is WARNING


@pytest.mark.parametrize(
    ("function", "code", "severity", "words"),
    [
        (1, 0x10, WARNING, "writes the broadcast distribution table"),
        (2, 0x20, NOTE, "asks 10.20.0.10 for its broadcast distribution table"),
        (6, 0x40, NOTE, "asks 10.20.0.10 for its foreign device table"),
        (8, 0x50, WARNING, "to delete a foreign device"),
        (9, 0x60, WARNING, "to distribute a broadcast"),
        (2, 0x70, WARNING, "gets the result code 0x0070"),
    ],
)
def test_other_results(function: int, code: int, severity: Severity, words: str) -> None:
    building = Building().say(0, BMS, GATEWAY, bvlc(function, b"\x01\0\x10\x08" if function == 9 else b""))
    finding = only(building.say(0.1, GATEWAY, BMS, bvlc(0, bytes((0, code)))))
    assert (finding.severity, finding.frames) == (severity, (2,))
    assert words in finding.title


def refused(*replies: bytes, service: int = READ) -> Building:
    building = Building()
    for number, reply in enumerate(replies):
        building.say(number, BMS, GATEWAY, unicast(request(1, service)))
        building.say(number + 0.1, GATEWAY, BMS, unicast(reply))
    return building


@pytest.mark.parametrize(
    ("replies", "severity", "words"),
    [
        (
            [error(1, 2, 40)],
            WARNING,
            "ReadProperty of 10.20.0.40 with an Error: property, write-access-denied",
        ),
        ([error(1, 0, 3)], WARNING, "device, device-busy"),
        ([error(1, 1, 31)], NOTE, "object, unknown-object"),
        ([error(1, 2, 32)] * 9, NOTE, "property, unknown-property"),
        ([error(1, 5, 999)], WARNING, "services, code 999"),
        ([b"\x50\x01\x0c"], WARNING, "its cause is not in sight"),
        ([reject(1, 9)], NOTE, "ReadProperty of 10.20.0.40 with a Reject: unrecognized-service"),
        ([reject(1, 9)] * 3, WARNING, "unrecognized-service"),
        ([reject(1, 4)], WARNING, "invalid-tag"),
        ([abort(1, 4)], NOTE, "with an Abort: segmentation-not-supported"),
        ([abort(1, 1)] * 3, WARNING, "with an Abort: buffer-overflow"),
        ([abort(1, 200)], WARNING, "reason 200"),
    ],
)
def test_errors_rejects_and_aborts(replies: list[bytes], severity: Severity, words: str) -> None:
    finding = only(refused(*replies))
    assert (finding.severity, finding.frames) == (severity, tuple(range(2, 2 * len(replies) + 1, 2)))
    assert words in finding.title
    assert finding.advice.endswith(".")


def test_causes_are_told_apart_and_repetitions_are_not() -> None:
    found = told(refused(error(1, 1, 31), error(1, 1, 31), error(1, 2, 40), reject(1, 9)))
    assert sorted(len(finding.frames) for finding in found) == [1, 1, 2]
    assert len({finding.id for finding in found}) == 3


def test_two_askers_of_one_kind_are_one_finding() -> None:
    building = refused(error(1, 2, 40))
    other = "10.20.0.41"
    building.say(5, other, GATEWAY, unicast(request(1))).say(5.1, GATEWAY, other, unicast(error(1, 2, 40)))
    hosts = ("igor-gateway=10.20.0.10@5.1.0", "bacnet-system=10.20.0.40-10.20.0.41")
    (finding,) = told(building, hosts=hosts)
    assert f"{BMS} and {other}" in finding.title
    assert len(finding.flows) == 2


def test_a_reject_whose_request_is_not_here() -> None:
    building = Building().say(0, GATEWAY, BMS, unicast(reject(1, 4)))
    finding = only(building)
    assert f"answers a request of {BMS} with a Reject" in finding.title
    assert finding.detail.endswith("the beginning of the request is not in this capture")


def test_an_asker_that_aborts_its_own_request() -> None:
    building = Building().say(0, BMS, GATEWAY, unicast(request(7, COV)))
    finding = only(building.say(1, BMS, GATEWAY, unicast(abort(7, 10, server=False))))
    assert finding.title == f"{BMS} aborts the own SubscribeCOV to {GATEWAY}: tsm-timeout"


def test_stations_behind_a_router_are_told_apart() -> None:
    router = "10.20.0.45"
    building = Building()
    for number, station in enumerate((b"\x0b", b"\x0c")):
        building.say(number, BMS, router, unicast(request(1, 15), target=(5, station)))
    for number, station in enumerate((b"\x0b", b"\x0c")):
        building.say(number + 0.5, router, BMS, unicast(reject(1, 4), source=(5, station)))
    (finding,) = told(building)
    assert (
        "network 5 station 0b behind 10.20.0.45 and network 5 station 0c behind 10.20.0.45" in finding.title
    )
    assert "WriteProperty" in finding.title


def test_a_router_that_rejects_a_network() -> None:
    rejected = bvlc(10, b"\x01\x80\x03\x01\x00\x07")
    finding = only(Building().say(0, GATEWAY, BMS, rejected))
    words = f"router {GATEWAY} rejects messages of {BMS} to network 7: not directly connected to the network"
    assert (finding.severity, finding.title) == (WARNING, words)


def test_a_router_that_tells_everyone() -> None:
    finding = only(Building().say(0, GATEWAY, EVERYONE, bvlc(11, b"\x01\x80\x03\x02\x00\x07")))
    assert finding.title == f"router {GATEWAY} rejects messages of everyone to network 7: network busy"


def test_strangers_that_refuse_each_other_are_told_apart() -> None:
    one, other = "10.20.9.1", "10.20.9.2"
    building = Building()
    for at, (asker, refuser) in enumerate(((one, other), (other, one))):
        building.say(at, asker, refuser, unicast(request(1)))
        building.say(at + 0.1, refuser, asker, unicast(error(1, 2, 40)))
    assert [f.title.split(" with ")[0] for f in told(building)] == [
        f"{other} answers ReadProperty of {one}",
        f"{one} answers ReadProperty of {other}",
    ]


def test_between_strangers_it_is_a_note() -> None:
    building = Building().say(0, "10.20.9.1", "10.20.9.2", REGISTER).say(0.1, "10.20.9.2", "10.20.9.1", NAK)
    assert only(building).severity is NOTE


def test_healthy_talk_has_no_finding() -> None:
    building = registered(OK)
    for number in range(20):
        building.read(10 + number, BMS, GATEWAY, number)
    building.say(40, BMS, EVERYONE, broadcast(b"\x10\x08")).say(40.1, GATEWAY, BMS, unicast(i_am(1000)))
    building.say(50, BMS, GATEWAY, unicast(request(9, COV))).say(50.1, GATEWAY, BMS, unicast(b"\x20\x09\x05"))
    assert judged(building).findings == ()


def test_copies_of_a_mirror_are_counted_once() -> None:
    building = registered(NAK)
    building.frames += [(at + 0.001, frame) for at, frame in building.frames]
    assert "once" in only(building).detail


def test_the_tcp_port_does_not_matter_and_other_payloads_are_not_read() -> None:
    building = Building().udp(0, LAPTOP, 5000, NODE, 5001, b"\x81\x00\x00\x07\x00\x30")
    assert told(building) == []


def test_an_answer_that_comes_much_later_is_of_another_request() -> None:
    building = Building().say(0, BMS, GATEWAY, unicast(request(1)))
    building.say(61, GATEWAY, BMS, unicast(reject(1, 4)))
    assert "ReadProperty" not in only(building).title


def test_an_answered_request_is_forgotten_for_the_next_one() -> None:
    building = (
        Building()
        .say(0, BMS, GATEWAY, unicast(request(1, 15)))
        .say(0.1, GATEWAY, BMS, unicast(answer(1, 15)))
    )
    building.say(1, BMS, GATEWAY, unicast(request(1, COV))).say(1.1, GATEWAY, BMS, unicast(reject(1, 4)))
    assert "SubscribeCOV" in only(building).title


def test_a_wrong_password_is_called_one() -> None:
    finding = only(refused(error(1, 5, 26)))
    assert "services, password-failure" in finding.title
    assert f"Enter at {BMS} the password that is set at {GATEWAY}." in finding.advice


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (1, "routing table"),
        (2, "Ask less often"),
        (4, "Network 7 carries shorter messages"),
        (6, "routing table"),
    ],
)
def test_the_advice_fits_why_a_router_rejects(reason: int, words: str) -> None:
    finding = only(Building().say(0, GATEWAY, BMS, bvlc(10, bytes([1, 0x80, 3, reason, 0, 7]))))
    assert words in finding.advice
