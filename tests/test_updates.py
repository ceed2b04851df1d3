"""Update attempts: what belongs together, and how each ended."""

from __future__ import annotations

import io

import captures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import GATEWAY, LAPTOP, NODE, OTHER, SECOND, address, judged, recognised
from tftpwire import data, error, rrq
from traffic import Traffic

from analyzer.model import Attempt
from analyzer.pipeline import Options, firmware
from analyzer.updates import talks_of

HOSTS = st.sampled_from([GATEWAY, NODE, OTHER])


def fetch(traffic: Traffic, at: float, node: str = NODE, name: str = "node.bin", port: int = 2000) -> Traffic:
    """A complete read of one short block."""
    traffic.udp(at, node, port, GATEWAY, 69, rrq(name))
    traffic.udp(at + 0.1, GATEWAY, 50123, node, port, data(1, 9))
    return traffic.udp(at + 0.2, node, port, GATEWAY, 50123, b"\0\4\0\1")


def attempts(traffic: Traffic) -> tuple[Attempt, ...]:
    return judged(traffic).attempts


def events(attempt: Attempt) -> list[str]:
    return [event.what for event in attempt.timeline]


def test_the_timeline_of_an_update() -> None:
    traffic = Traffic().udp(0, GATEWAY, 40000, NODE, 1050, b"hello")
    fetch(traffic, 5)
    traffic.coap(40, NODE, GATEWAY)
    (attempt,) = attempts(traffic)
    assert (attempt.node, attempt.gateway, attempt.outcome) == (NODE, GATEWAY, "succeeded")
    assert events(attempt) == ["announced", "requested", "transferring", "complete", "restarted", "came-back"]
    assert [event.frame for event in attempt.timeline] == [1, 2, 3, 4, 4, 5]
    assert attempt.timeline[-1].detail == "after 35 s"
    assert attempt.transfers == ("t1",)


def test_a_push_is_the_node_s() -> None:
    traffic = Traffic().udp(0, GATEWAY, 2000, NODE, 69, b"\0\2" + rrq()[2:])
    traffic.udp(0.1, NODE, 50000, GATEWAY, 2000, b"\0\4\0\0").udp(0.2, GATEWAY, 2000, NODE, 50000, data(1, 9))
    traffic.udp(0.3, NODE, 50000, GATEWAY, 2000, b"\0\4\0\1")
    (attempt,) = attempts(traffic)
    assert (attempt.node, attempt.gateway, attempt.outcome) == (NODE, GATEWAY, "succeeded")


def test_a_failed_transfer_is_told_apart() -> None:
    traffic = Traffic().udp(0, NODE, 2000, GATEWAY, 69, rrq())
    traffic.udp(0.1, GATEWAY, 50000, NODE, 2000, error(1))
    (attempt,) = attempts(traffic)
    assert (attempt.outcome, attempt.detail) == ("transfer-failed", "error-not-found at block 0")


def test_the_image_arrived_and_is_asked_for_again() -> None:
    traffic = fetch(fetch(Traffic(), 0), 60, port=2001)
    (attempt,) = attempts(traffic)
    assert (attempt.outcome, attempt.reason) == ("update-failed", "asked-again")
    assert "asked for it again" in attempt.detail


def test_two_files_may_begin_alike_where_the_capture_cuts_their_names() -> None:
    """64 bytes of each frame, as old tools keep: 20 of a request's text, which is where these differ."""
    traffic = fetch(
        fetch(Traffic(), 0, name="igor-node-firmware-6a.bin"), 60, name="igor-node-firmware-6b.bin"
    )
    traffic.coap(90, NODE, GATEWAY)
    frames = [(int(at * 1e9), frame[:64], len(frame)) for at, frame in sorted(traffic.frames)]
    with io.BytesIO(captures.pcap(frames, snaplen=64)) as stdin:
        report = firmware(Options(("-",), stdin=stdin))
    assert [transfer.file for transfer in report.transfers] == ["igor-node-firmware-6..."] * 2
    assert all("cuts the file's name" in transfer.detail for transfer in report.transfers)
    assert [attempt.outcome for attempt in report.attempts] == ["succeeded"]


def test_a_question_for_the_size_is_not_asking_again() -> None:
    traffic = fetch(Traffic(), 0)
    traffic.udp(60, NODE, 2001, GATEWAY, 69, rrq("node.bin", tsize=0))
    traffic.udp(60.1, GATEWAY, 50124, NODE, 2001, b"\0\6tsize\x009\0")
    traffic.udp(60.2, NODE, 2001, GATEWAY, 50124, error(8)).coap(90, OTHER, GATEWAY)
    (attempt,) = attempts(traffic)
    assert attempt.outcome == "succeeded"


def test_the_node_never_came_back() -> None:
    traffic = fetch(Traffic().coap(0, NODE, GATEWAY), 5).coap(400, OTHER, GATEWAY)
    (attempt,) = attempts(traffic)
    assert (attempt.outcome, attempt.reason, attempt.came_back) == ("update-failed", "never-came-back", False)
    assert events(attempt)[-1] == "never-came-back"


def test_a_node_of_which_only_the_update_is_captured_may_be_alive() -> None:
    (attempt,) = attempts(fetch(Traffic(), 0).coap(400, OTHER, GATEWAY))
    assert (attempt.outcome, attempt.came_back) == ("succeeded", None)
    assert "nothing but the update" in attempt.detail


def test_a_node_that_speaks_seldom_is_not_missed() -> None:
    traffic = Traffic().coap(0, NODE, GATEWAY).coap(300, NODE, GATEWAY, sport=40001, mid=2)
    fetch(traffic, 305).coap(305 + 400, OTHER, GATEWAY)
    (attempt,) = attempts(traffic)
    assert attempt.outcome == "succeeded"


def test_a_restart_is_seen_inside_one_flow() -> None:
    traffic = Traffic()
    for at in range(0, 200, 5):
        if not 30 < at < 75:
            traffic.coap(at, NODE, GATEWAY, mid=at)
    fetch(traffic, 26)
    (attempt,) = attempts(traffic)
    assert (attempt.outcome, attempt.came_back) == ("succeeded", True)
    assert events(attempt)[-2:] == ["restarted", "came-back"]
    assert attempt.timeline[-1].detail == "after 45 s"


def test_a_flow_that_goes_on_is_no_restart() -> None:
    traffic = Traffic()
    for at in range(0, 200, 30):
        traffic.coap(at, NODE, GATEWAY, mid=at)
    (attempt,) = attempts(fetch(traffic, 91))
    assert (attempt.outcome, attempt.came_back) == ("succeeded", True)
    assert "restarted" not in events(attempt)


@pytest.mark.parametrize("later", [30, 100])
def test_a_short_capture_does_not_tell_whether_it_came_back(later: int) -> None:
    (attempt,) = attempts(fetch(Traffic(), 0).coap(later, OTHER, GATEWAY))
    assert attempt.outcome == "succeeded"
    assert events(attempt)[-1] == "complete"


def test_hours_apart_are_two_attempts() -> None:
    assert len(attempts(fetch(fetch(Traffic(), 0), 3600, port=2001))) == 2


def test_a_campaign_has_an_attempt_for_each_node() -> None:
    traffic = Traffic()
    for number in range(5):
        fetch(traffic, number, f"10.20.1.{number + 30}")
    traffic.udp(9, OTHER, 2000, GATEWAY, 69, rrq()).udp(9.1, GATEWAY, 50000, OTHER, 2000, error(3))
    outcomes = [attempt.outcome for attempt in attempts(traffic)]
    assert outcomes == ["succeeded"] * 5 + ["transfer-failed"]


def test_nothing() -> None:
    assert attempts(Traffic().coap(0, NODE, GATEWAY)) == ()


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 9), HOSTS, st.integers(1, 3), HOSTS, st.integers(1, 3)), max_size=20),
    st.integers(0, 9),
    st.sets(st.integers(0, 9)),
)
def test_what_a_node_said_beside_its_update(
    packets: list[tuple[int, str, int, str, int]], seconds: int, own: set[int]
) -> None:
    traffic = Traffic()
    for packet in packets:
        traffic.udp(*packet)
    found = recognised(traffic)
    after = int(found.start.min()) + seconds * SECOND if packets else 0
    talks = talks_of(found, {address(host) for host in (GATEWAY, NODE, OTHER, LAPTOP)})
    assert talks.keys() == {end for one in found for end in (one.a, one.b)}
    for host, talk in talks.items():
        said = []
        for one in found:
            side = 0 if one.a == host else 1
            if host in (one.a, one.b) and one.packets[side] and one.row not in own:
                said.append((one.first_time[side], one.first_frame[side], one.last_time[side]))
        began = sorted(opening[:2] for opening in said)
        assert talk.began(own) == next(iter(began), None)
        assert talk.began(own, after) == next((one for one in began if one[0] > after), None)
        assert talk.latest(own) == max((last for *_, last in said), default=None)
