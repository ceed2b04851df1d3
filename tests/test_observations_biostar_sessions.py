"""Connections that do not last, that are alone, that fall silent; and the healthy ones that look alike."""

from __future__ import annotations

import pytest
from doorwire import ALERT, CLIENT, DOOR, DOOR2, DOOR3, HELLO, SERVER, SITE, Doors
from judging import judged

from analyzer.model import Finding, FindingKind, Severity

NOTE, WARNING = Severity.NOTE, Severity.WARNING
UNSTABLE = FindingKind.UNSTABLE_SESSION


def told(doors: Doors, hosts: tuple[str, ...] = SITE, kind: FindingKind = UNSTABLE) -> list[Finding]:
    return [finding for finding in judged(doors, hosts).findings if finding.kind is kind]


def only(doors: Doors) -> Finding:
    (finding,) = told(doors)
    return finding


def test_a_healthy_site_in_server_mode() -> None:
    doors = Doors().device(0, 400).device(5, 400, DOOR2).device(7, 400, DOOR3)
    for number in range(5):  # a client that works with the server, one question at a time
        doors.connect_to(10 * number, CLIENT, SERVER, 1480).say(10 * number + 0.1, 0).say(
            10 * number + 0.2, 1
        ).close(10 * number + 1, 0)
    assert judged(doors, SITE).findings == ()


def test_a_site_in_direct_mode_whose_client_looks_in() -> None:
    """Connect, ask, answer, go: every ten seconds."""
    doors = Doors()
    for number in range(10):
        doors.connect_to(10 * number, CLIENT, DOOR, 1470).say(10 * number + 0.1, 0).say(
            10 * number + 0.2, 1
        ).close(10 * number + 1, 0)
    assert told(doors) == []


# ---------------------------------------------------------------- closed at once


def closing(count: int = 3, *, side: int = 1, reset: bool = False, after: float = 1.0) -> Doors:
    doors = Doors()
    for number in range(count):
        doors.connect_to(20 * number, DOOR, SERVER, 1480).say(20 * number + 0.1, 0).close(
            20 * number + after, side, reset=reset
        )
    return doors


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("side", [0, 1])
def test_a_server_connection_that_is_closed_at_once(side: int, reset: bool) -> None:
    finding = only(closing(side=side, reset=reset))
    assert (finding.severity, len(finding.flows)) == (WARNING, 3)
    assert finding.title == f"connections of {DOOR} to TCP 1480 of {SERVER} are closed at once"
    assert f"{(DOOR, SERVER)[side]} ended 3 of them first, {3 * reset} by RST" in finding.detail
    assert "lasted 1.0 s at the most" in finding.detail
    assert "registered at 10.20.0.50" in finding.advice
    assert len(finding.frames) == 6


@pytest.mark.parametrize(
    ("doors", "why"), [(closing(2), "twice"), (closing(after=6), "they last"), (Doors(), "nothing")]
)
def test_what_is_not_closed_at_once(doors: Doors, why: str) -> None:
    assert told(doors) == [], why


def test_a_device_that_settles_after_a_few_tries_is_a_note() -> None:
    finding = only(closing().device(100, 400))
    assert (finding.severity, "later ones last" in finding.title) == (NOTE, True)


def test_a_device_that_hangs_up_on_the_client() -> None:
    doors = Doors()
    for number in range(3):
        doors.connect_to(20 * number, CLIENT, DOOR, 1471).say(20 * number + 0.1, 0).close(
            20 * number + 0.5, 1
        )
    finding = only(doors)
    assert f"TCP 1471 of {DOOR}" in finding.title
    assert "one PC at a time" in finding.advice


def test_a_client_that_gets_no_word_out_of_a_device() -> None:
    doors = Doors()
    for number in range(3):
        doors.connect_to(20 * number, CLIENT, DOOR, 1471).say(20 * number + 0.1, 0).close(20 * number + 3, 0)
    assert only(doors).severity is WARNING


def greeting(*words: tuple[int, bytes]) -> Doors:
    doors = Doors()
    for number in range(3):
        session = doors.connect_to(20 * number, DOOR, SERVER, 1480)
        for place, (side, payload) in enumerate(words, 1):
            session.say(20 * number + place / 10, side, payload)
        session.close(20 * number + 1, 0)
    return doors


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (((0, HELLO), (1, b"plain")), "One end speaks TLS and the other does not"),
        (((0, b"plain"), (1, HELLO)), "One end speaks TLS and the other does not"),
        (((0, HELLO), (1, ALERT)), "The TLS handshake ends with an alert"),
        (((0, HELLO), (1, HELLO), (0, ALERT)), "The TLS handshake ends with an alert"),
        (((0, HELLO), (1, HELLO), (0, b"\x15\x03\x01\x00\x20" + bytes(32))), ""),
        (((0, HELLO), (1, HELLO)), ""),
        (((0, HELLO),), ""),
    ],
)
def test_the_first_bytes_tell_why(words: tuple[tuple[int, bytes], ...], told: str) -> None:
    finding = only(greeting(*words))
    assert finding.detail.endswith(told or "0 by RST.")
    assert ("secure communication on at the server" in finding.advice) is bool(told)


def test_guessed_roles_are_never_judged() -> None:
    assert told(closing(), ()) == []
    assert told(closing(), (f"biostar-server={SERVER}",)) == []


# ---------------------------------------------------------------- one connection of two


def test_a_device_with_one_connection_where_others_have_two() -> None:
    finding = only(Doors().device(0, 400).device(3, 400, DOOR2, both=False))
    assert (finding.severity, len(finding.flows)) == (WARNING, 1)
    assert finding.title == f"{DOOR2} holds one connection to the server {SERVER}, not two"
    assert f"{DOOR} has two" in finding.detail


def test_where_no_device_has_two_it_is_a_note() -> None:
    finding = only(Doors().device(0, 400, both=False).device(3, 400, DOOR2, both=False))
    assert (finding.severity, finding.title.startswith(f"{DOOR} and {DOOR2}")) == (NOTE, True)


def test_a_short_capture_does_not_tell_of_a_second_connection() -> None:
    assert told(Doors().device(0, 100, both=False)) == []


def test_the_connections_of_a_device_may_follow_each_other_in_time() -> None:
    doors = Doors()
    doors.connect_to(0, DOOR, SERVER, 1480).say(0.1, 0).close(60, 0)
    doors.connect_to(61, DOOR, SERVER, 1480).say(61.1, 0).alive(70, 200)
    doors.connect_to(62, DOOR, SERVER, 1480).say(62.1, 0).alive(75, 200)
    assert told(doors) == []


# ---------------------------------------------------------------- silent for too long


def silent(*, closes: int | None = None, reconnects: bool = False, gap: float = 150) -> Doors:
    doors = Doors()
    for number in (0, 1):
        session = doors.connect_to(number, DOOR, SERVER, 1480).say(number + 0.1, 0).alive(number + 10, 60)
        if closes is not None:
            session.close(60 + gap + number, closes, reset=True)
        elif not reconnects:
            session.alive(60 + gap + number, 400)
    return doors.device(60 + gap + 5, 500) if closes is not None or reconnects else doors


@pytest.mark.parametrize("closes", [0, 1])
def test_a_connection_that_ends_after_a_long_silence(closes: int) -> None:
    finding = only(silent(closes=closes))
    assert (finding.severity, len(finding.flows)) == (WARNING, 2)
    assert f"{DOOR} is silent for 200 s" in finding.title
    assert "which then ends" in finding.title
    assert "100 s" in finding.advice


def test_a_connection_that_is_given_up_without_a_word() -> None:
    assert only(silent(reconnects=True)).severity is WARNING


def test_a_long_silence_that_the_connection_survives_is_a_note() -> None:
    finding = only(silent())
    assert (finding.severity, "which then ends" in finding.title) == (NOTE, False)


def test_a_timer_that_is_a_little_late_is_none() -> None:
    doors = Doors()
    for number in (0, 1):
        doors.connect_to(number, DOOR, SERVER, 1480).say(number + 0.1, 0).alive(number + 10, 700, 100.4)
    assert judged(doors, SITE).findings == ()


def test_a_device_that_is_heard_on_its_other_connection() -> None:
    doors = Doors().device(0, 500, both=False)
    doors.connect_to(1, DOOR, SERVER, 1480).say(1.1, 0).say(450, 0)
    assert told(doors) == []


def test_a_keep_alive_of_tcp_is_not_the_device_s() -> None:
    """One byte that was sent before (RFC 9293 section 3.8.4) tells the server's program nothing."""
    doors = Doors()
    for number in (0, 1):
        session = doors.connect_to(number, DOOR, SERVER, 1480).say(number + 0.1, 0)
        for at in range(50, 400, 50):
            session.packet(at + number, 0, 0x10, b"\0", session.seq[0] - 1).packet(
                at + number + 0.01, 1, 0x10
            )
        session.close(400 + number, 1)
    assert "which then ends" in only(doors).title


# ---------------------------------------------------------------- encrypted or not


def test_encrypted_and_plain_connections_to_one_server() -> None:
    doors = Doors().device(0, 400)
    for number in (0, 1):
        doors.connect_to(3 + number, DOOR2, SERVER, 1480).say(3.1 + number, 0, HELLO).say(
            3.2 + number, 1, HELLO
        ).alive(10 + number, 400)
    (finding,) = told(doors, kind=FindingKind.PAYLOAD_MISMATCH)
    assert (finding.severity, len(finding.flows)) == (NOTE, 4)
    assert f"TLS: {DOOR2}. Plain: {DOOR}" in finding.detail
    assert told(Doors().device(0, 400), kind=FindingKind.PAYLOAD_MISMATCH) == []
