"""Two capture points of one path, end to end: the verdict is what was simulated."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tftpwire import CPORT, TID, error
from twopoints import GATEWAY, NODE, Road

from analyzer.errors import UsageError
from analyzer.model import FirmwareReport
from analyzer.pipeline import Options
from analyzer.pipeline.pair import pair

HOSTS = (f"igor-gateway={GATEWAY}@5.1.0", "igor-node=10.20.1.0/24@6.0.2")


def report(road: Road, *, swap: bool = False, hosts: tuple[str, ...] = HOSTS) -> FirmwareReport:
    with tempfile.TemporaryDirectory() as folder:
        names = road.write(Path(folder))
        return pair(Options(names[::-1] if swap else names, hosts=hosts))


def travelled(cut_at: int = 99, **more: object) -> Road:
    road = Road(**more)  # type: ignore[arg-type]
    road.background()
    road.transfer(cut_at=cut_at)
    road.closed = False
    road.background()
    return road


@settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    st.integers(0, 2**32),
    st.sampled_from([(True, True), (True, False), (False, True), (False, False), None]),
    st.integers(0, 6),
    st.floats(-4000, 4000),
    st.floats(-100e-6, 100e-6),
    st.sampled_from([0.0, 0.1]),
    st.booleans(),
    st.booleans(),
)
def test_the_verdict_is_the_truth(
    seed: int,
    cut: tuple[bool, bool] | None,
    cut_at: int,
    offset: float,
    drift: float,
    loss: float,
    zero_ids: bool,
    twice: bool,
) -> None:
    if cut is not None and not cut[0]:
        cut_at = max(1, cut_at)
    road = travelled(
        cut_at if cut else 99,
        seed=seed, cut=cut, offset=offset, drift=drift, loss=loss, zero_ids=zero_ids, twice=twice,
    )  # fmt: skip
    found = report(road)
    assert found.pair is not None
    assert found.pair.judged, found.pair.reason
    (transfer,) = found.transfers
    assert transfer.path is not None
    expected = (
        ("none", None)
        if cut is None
        else ("between" if cut[1] else "after", "to-gateway" if cut[0] else "to-node")
    )
    assert (transfer.path.place, transfer.path.direction) == expected, transfer.path.detail
    for way, to_gateway in ((transfer.path.to_gateway, True), (transfer.path.to_node, False)):
        assert (way.sent, way.lost, way.unseen) == (road.sent[to_gateway], road.lost[to_gateway], 0)
        assert way.arrived == way.sent - way.lost


def test_the_clocks() -> None:
    road = travelled(offset=-37.5, drift=40e-6)
    facts = report(road).pair
    assert facts is not None
    assert facts.offset is not None
    assert facts.uncertainty is not None
    middle = 20.0
    assert abs(facts.offset / 1e9 - (-37.5 + 40e-6 * middle)) <= facts.uncertainty / 1e9 + 0.0003
    assert facts.drift_ppm == pytest.approx(40, abs=15)
    assert facts.delay == pytest.approx(2.5e6, rel=0.3)


def test_a_silent_gateway_is_named() -> None:
    (transfer,) = report(travelled(0, cut=(True, False))).transfers
    assert transfer.path is not None
    assert f"no answer left {GATEWAY}: the gateway is silent" in transfer.path.detail


def test_a_lost_acknowledgement_is_named_with_frames_of_both_captures() -> None:
    found = report(travelled(3, cut=(True, True)))
    (transfer,) = found.transfers
    assert transfer.path is not None
    assert f"{NODE} sent its last packet 6 times" in transfer.path.detail
    node, gateway = found.captures
    assert gateway.first_frame == node.packets + 1
    assert all(frame <= node.packets for frame in transfer.path.to_gateway.lost_frames)
    assert all(frame > node.packets for frame in transfer.path.to_gateway.arrived_frames)


def test_a_transfer_is_counted_once_and_has_one_finding() -> None:
    found = report(travelled(2, cut=(False, True)))
    assert len(found.transfers) == len(found.attempts) == 1
    assert [finding.kind for finding in found.findings] == ["transfer-failed"]


def test_swapped_captures_are_said() -> None:
    facts = report(travelled(), swap=True).pair
    assert facts is not None
    assert not facts.judged
    assert "give the node's capture first" in facts.reason


def test_other_captures_are_not_judged() -> None:
    road, other = travelled(seed=1), travelled(seed=2)
    other.gateway.frames = [
        (at, frame.replace(bytes([10, 20, 0, 10]), bytes([10, 20, 0, 77])))
        for at, frame in other.gateway.frames
    ]
    road.gateway = other.gateway
    found = report(road)
    assert found.pair is not None
    assert not found.pair.judged
    assert "no packet is in both captures" in found.pair.reason
    assert all(transfer.path is None for transfer in found.transfers)


def test_only_the_common_time_is_judged() -> None:
    road = travelled(4, cut=(False, True))
    half = max(at for at, frame in road.gateway.frames if b"\0\3\0\3" in frame)
    road.gateway.frames = [(at, frame) for at, frame in road.gateway.frames if at <= half]
    (transfer,) = report(road).transfers
    assert transfer.path is not None
    assert transfer.path.place == "unknown"
    assert transfer.path.to_node.lost == 0


def test_one_direction_only_is_not_judged() -> None:
    road = travelled(3, cut=(False, True))
    source = bytes([10, 20, 1])
    road.node.frames = [(at, frame) for at, frame in road.node.frames if frame[26:29] != source]
    (transfer,) = report(road).transfers
    assert transfer.path is not None
    assert transfer.path.place == "unknown"
    assert "lacks" in transfer.path.detail


def test_an_error_is_nobody_s_path() -> None:
    road = Road()
    road.background()
    road.send(b"\0\1node.bin\0octet\0", True, (CPORT, 69))
    road.send(error(1, "no"), False, (TID, CPORT))
    road.background()
    (transfer,) = report(road).transfers
    assert transfer.path is not None
    assert (transfer.cause, transfer.path.place) == ("error-not-found", "none")


def test_a_network_of_which_no_host_was_seen_is_nobody_s_address() -> None:
    found = report(travelled(), hosts=(*HOSTS, "igor-node=10.99.0.0/24@6.0.2"))
    assert found.pair is not None
    assert found.pair.judged
    assert ("10.99.0.0/24",) in [host.addresses for host in found.hosts]
    assert [entry.path.place for entry in found.transfers if entry.path is not None] == ["none"]


def test_two_captures_are_needed() -> None:
    with pytest.raises(UsageError):
        pair(Options(("a.pcap",)))
