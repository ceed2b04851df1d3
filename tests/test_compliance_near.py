"""Near misses: the row that would have matched but for one thing, asked in a fixed order."""

from __future__ import annotations

import pytest
from judging import CLIENT, CURRENT, DOOR, GATEWAY, LAPTOP, LEGACY, NODE, SERVER, bench, talk

from analyzer.compliance.near import near_miss
from analyzer.compliance.verdicts import Bench

SITE = bench(CURRENT)
OLD = bench(LEGACY)
DIRECT = bench(
    [f"biostar-server={SERVER}@direct", f"biostar-device={DOOR}@direct", f"biostar-client={CLIENT}@direct"]
)


def near(judge: Bench, source: str, target: str, port: int, transport: str = "udp") -> str:
    one = talk(source, target, port, transport=transport)
    return near_miss(one, judge.judge(one), judge.matrix)


@pytest.mark.parametrize(
    ("judge", "source", "target", "port", "transport", "expected"),
    [
        (
            SITE,
            LAPTOP,
            NODE,
            5683,
            "udp",
            "matches UDP 5683 (CoAP) incoming of igor-node 6.0.0+ except peer: "
            "the sheet has it with igor-gateway",
        ),
        (
            SITE,
            NODE,
            GATEWAY,
            50201,
            "udp",
            "matches UDP 50201 (CoAP Emergency) incoming of igor-node 6.0.0+ except direction: "
            "the sheet has it where igor-node accepts it",
        ),
        (
            SITE,
            GATEWAY,
            NODE,
            50202,
            "udp",
            "matches UDP 50202 (Sampling Service) outgoing of igor-node 6.0.0+ except direction: "
            "the sheet has it where igor-node opens it",
        ),
        (
            SITE,
            LAPTOP,
            GATEWAY,
            5683,
            "tcp",
            "matches UDP 5683 (CoAP) incoming of igor-gateway 5.0.0+ except transport",
        ),
        (
            SITE,
            LAPTOP,
            GATEWAY,
            1901,
            "tcp",
            "matches TCP 1901 (UPnP) incoming of igor-gateway 1.12.1-4.5.3 except edition",
        ),
        (
            OLD,
            LAPTOP,
            GATEWAY,
            8081,
            "tcp",
            "matches TCP 8081 (HTTPS (API)) incoming of igor-gateway 5.0.0+ except edition",
        ),
        (
            DIRECT,
            DOOR,
            SERVER,
            1480,
            "tcp",
            "matches TCP 1480 (BioStar server) outgoing of biostar-1 server except edition",
        ),
        (SITE, LAPTOP, GATEWAY, 9, "tcp", ""),
    ],
)
def test_what_is_nearest(
    judge: Bench, source: str, target: str, port: int, transport: str, expected: str
) -> None:
    assert near(judge, source, target, port, transport) == expected


def test_a_port_of_another_role_is_a_near_miss_of_the_role() -> None:
    judge = bench([*CURRENT, f"biostar-server={SERVER}@server"])
    assert near(judge, LAPTOP, NODE, 1480, "tcp").endswith("except role: the receiver is no biostar-server")
    assert near(judge, NODE, LAPTOP, 1471, "tcp").endswith("except role: the sender is no biostar-server")


def test_rows_that_do_not_apply_are_near_only_for_their_own_role() -> None:
    assert (
        near(bench([f"igor-node={NODE}@6.0.2", f"igor-gateway={GATEWAY}@5.1.0"]), LAPTOP, NODE, 1900, "udp")
        == ""
    )
