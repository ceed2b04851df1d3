"""The picture of an upgrade inside a connection, and what only resembles it."""

from __future__ import annotations

import pytest
from doorwire import CLIENT, DOOR, SERVER, SITE, Doors
from judging import judged

from analyzer.model import Attempt

SIZE = 120_000


def attempts(doors: Doors, hosts: tuple[str, ...] = SITE) -> tuple[Attempt, ...]:
    return judged(doors, hosts).attempts


def in_server_mode(*, size: int = SIZE, side: int = 1, back: float | None = 40, until: float = 400) -> Doors:
    """The server sends much to a device, whose connections then end; it may come back."""
    doors = Doors()
    command = doors.connect_to(0, DOOR, SERVER, 1480).say(0.1, 0)
    doors.connect_to(1, DOOR, SERVER, 1480).say(1.1, 0).close(32, 0, reset=True)
    command.bulk(20, side, size).close(31, 0, reset=True)
    if back is not None:
        doors.device(31 + back, until)
    doors.connect_to(0, CLIENT, SERVER, 1480).say(0.5, 0).say(until, 1)
    return doors


def test_an_upgrade_in_server_mode() -> None:
    (attempt,) = attempts(in_server_mode())
    assert (attempt.node, attempt.gateway, attempt.basis) == (DOOR, SERVER, "likely")
    assert (attempt.outcome, attempt.transfers, len(attempt.flows)) == ("succeeded", (), 2)
    assert [event.what for event in attempt.timeline] == ["transferring", "restarted", "came-back"]
    assert attempt.timeline[0].detail == f"{SIZE} bytes in one connection"
    assert attempt.timeline[-1].detail == "after 40 s"
    assert attempt.detail.startswith("likely an upgrade inside a BioStar connection")


def test_a_device_that_does_not_come_back() -> None:
    (attempt,) = attempts(in_server_mode(back=None))
    assert attempt.outcome == "unknown"
    assert attempt.timeline[-1].what == "never-came-back"
    assert "did not connect again within 369 s" in attempt.detail


def test_a_capture_that_ends_during_the_restart() -> None:
    (attempt,) = attempts(in_server_mode(back=None, until=90))
    assert (attempt.outcome, attempt.timeline[-1].what) == ("unknown", "restarted")
    assert attempt.detail.endswith("the capture ends before it connects again")


def in_direct_mode(*, side: int = 1, tries: bool = False) -> Doors:
    """The client sends much to a device; the side that ends the connection tells a restart from a visit."""
    doors = Doors()
    doors.connect_to(0, CLIENT, DOOR, 1470).say(0.1, 0).bulk(5, 0, SIZE).close(10, side)
    if tries:
        doors.tcp(20, CLIENT, 60000, DOOR, 1470, 2, b"", 7)
    doors.connect_to(60, CLIENT, DOOR, 1470).say(60.1, 0).say(200, 1)
    return doors


@pytest.mark.parametrize(("side", "tries"), [(1, False), (0, True)])
def test_an_upgrade_in_direct_mode(side: int, tries: bool) -> None:
    (attempt,) = attempts(in_direct_mode(side=side, tries=tries))
    assert (attempt.node, attempt.gateway, attempt.outcome) == (DOOR, CLIENT, "succeeded")


@pytest.mark.parametrize(
    ("doors", "why"),
    [
        (in_server_mode(size=50_000), "a small burst"),
        (in_server_mode(side=0), "data from the device: its logs"),
        (in_server_mode(back=5), "back at once: the connection was renewed"),
        (in_direct_mode(side=0), "a client that sends users and goes"),
        (in_server_mode(back=None, until=35), "the capture ends with it"),
    ],
)
def test_what_is_no_picture_of_an_upgrade(doors: Doors, why: str) -> None:
    assert attempts(doors) == (), why


def test_users_sent_to_a_device_that_stays() -> None:
    doors = Doors().device(0, 400)
    doors.connect_to(2, DOOR, SERVER, 1480).bulk(20, 1, SIZE).close(31, 0)
    assert attempts(doors.device(60, 400)) == (), "its other connections go on"


def test_guessed_roles_have_no_attempts() -> None:
    assert attempts(in_server_mode(), ()) == ()
