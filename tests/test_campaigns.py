"""Campaigns: counted by hand."""

from __future__ import annotations

from dataclasses import replace

from test_report_ladder import ATTEMPT, BAD, GOOD

from analyzer.campaigns import PEERS, campaigns
from analyzer.model import Attempt, Cause, Event, Transfer

SECOND = 1_000_000_000


def node(number: int, transfer: Transfer, **more: object) -> tuple[Attempt, Transfer]:
    transfer = replace(transfer, id=f"t{number}", file="node.bin")
    fields = {"outcome": "succeeded", "detail": "", **more}
    attempt = replace(
        ATTEMPT,
        id=f"u{number}",
        node=f"10.20.1.{number}",
        transfers=(transfer.id,),
        **fields,  # type: ignore[arg-type]
    )
    return attempt, transfer


def test_who_succeeded_and_where_the_others_stopped() -> None:
    steps = (Event(1, 1, "requested", "node.bin"), Event(2, 2, "transferring"), Event(3, 3, "failed"))
    held = [node(number, GOOD) for number in range(1, 4)]
    held.append(node(4, replace(BAD, cause=Cause.STALLED), outcome="transfer-failed", timeline=steps))
    held.append(node(5, GOOD, outcome="update-failed", reason="asked-again"))
    (campaign,) = campaigns([a for a, _ in held], [t for _, t in held])
    assert (campaign.nodes, campaign.outcomes["succeeded"]) == (5, 3)
    assert [(one.node, one.where) for one in campaign.stopped] == [
        ("10.20.1.4", "transferring, 512 of 20000 bytes: stalled"),
        ("10.20.1.5", "after the image arrived: asked-again"),
    ]


def test_a_node_counts_once_with_its_last_attempt() -> None:
    first, second = node(1, BAD, outcome="transfer-failed"), node(2, GOOD)
    again = node(3, GOOD)
    again = (replace(again[0], node="10.20.1.1"), again[1])
    held = [first, second, again]
    (campaign,) = campaigns([a for a, _ in held], [t for _, t in held])
    assert (campaign.nodes, campaign.outcomes, campaign.stopped) == (2, {"succeeded": 2}, ())
    assert campaign.attempts == ("u1", "u2", "u3")


def test_one_node_is_no_campaign() -> None:
    attempt, transfer = node(1, GOOD)
    assert campaigns([attempt], [transfer]) == ()
    assert campaigns([], []) == ()


def test_outliers_against_the_median_of_their_peers() -> None:
    slow = replace(GOOD, last=GOOD.first + 20 * SECOND)  # ten times as long as the others
    noisy = replace(GOOD, retransmissions=21)
    held = [node(number, GOOD) for number in range(1, PEERS + 1)] + [node(8, slow), node(9, noisy)]
    (campaign,) = campaigns([a for a, _ in held], [t for _, t in held])
    assert [(one.node, one.what, one.value, one.median) for one in campaign.outliers] == [
        ("10.20.1.8", "slow", 1000.0, 10000.0),
        ("10.20.1.9", "retransmissions", 21, 0),
    ]


def test_too_few_peers_make_no_outlier() -> None:
    slow = replace(GOOD, last=GOOD.first + 20 * SECOND)
    held = [node(number, GOOD) for number in range(1, PEERS)] + [node(8, slow)]
    (campaign,) = campaigns([a for a, _ in held], [t for _, t in held])
    assert campaign.outliers == ()
