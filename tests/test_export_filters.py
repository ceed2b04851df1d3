"""An expression for expected traffic, and one for the rest."""

from __future__ import annotations

from exporting import policy
from judging import CURRENT

from analyzer.export.filters import Language, expression

PLAIN = Language(
    address=lambda version, side, party: f"{side}={party.label}",
    ports=lambda transport, side, ports: f"{side}port={' '.join(f'{one.low}-{one.high}' for one in ports)}",
    transport=lambda version, transport: f"{version}{transport}",
    either=lambda version, party: f"either={party.label}",
    always=("icmp", "fragments"),
)
ENDS = "src=igor-node and dst=igor-gateway+igor-bacnet-service"


def test_ports_of_the_same_ends_are_one_alternative() -> None:
    found = expression(policy(CURRENT, peers="declared"), PLAIN)
    ports = "69-69 1050-1050 5683-5683 47808-47808 50195-50199 50202-50202"
    assert f"(4udp and {ENDS} and dstport={ports})" in found
    back = "src=igor-gateway+igor-bacnet-service and dst=igor-node"
    assert f"(4tcp and {back} and srcport=80-80 88-88 443-443 8080-8081)" in found


def test_icmp_and_fragments_stay_in_both() -> None:
    for unexpected in (False, True):
        assert expression(policy(CURRENT, unexpected=unexpected), PLAIN).endswith(" or icmp or fragments)")


def test_the_unexpected_is_the_rest_of_the_equipments_traffic() -> None:
    expected = expression(policy(CURRENT), PLAIN)
    inner = expected.removesuffix(" or arp or icmp or fragments)") + ")"
    rest = expression(policy(CURRENT, unexpected=True), PLAIN)
    assert rest == f"((either=subjects and not {inner}) or icmp or fragments)"
