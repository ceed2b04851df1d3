"""A display filter of Wireshark and tshark."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.filters import Language, expression
from analyzer.export.parties import Party, networks
from analyzer.export.permits import Ports
from analyzer.export.rules import Policy

_FIELD: Final = {4: "ip", 6: "ipv6"}


def _address(version: int, side: str, party: Party) -> str:
    written = [f"{_FIELD[version]}.{side} == {one}" for one in networks(party.of(version) or ())]
    return f"({' or '.join(written)})" if len(written) > 1 else written[0]


def _ports(transport: str, side: str, ports: tuple[Ports, ...]) -> str:
    written = [f"{one.low}" if one.low == one.high else f"{one.low}..{one.high}" for one in ports]
    return f"{transport}.{side}port in {{{', '.join(written)}}}"


def _transport(version: int, transport: str) -> str:
    field = _FIELD[version]
    return f"{field} and {transport}" if transport else field


def _either(version: int, party: Party) -> str:
    written = [f"{_FIELD[version]}.addr == {one}" for one in networks(party.of(version) or ())]
    return f"({' or '.join(written)})" if len(written) > 1 else written[0]


LANGUAGE: Final = Language(
    _address,
    _ports,
    _transport,
    _either,
    always=("icmp", "icmpv6", "ip.frag_offset > 0", "ipv6.fraghdr.offset > 0"),
)


def write(policy: Policy) -> Written:
    """One line for the filter bar."""
    note = "a display filter knows no conversations: answers and the data of TFTP pass by their ports"
    return Written({"portmatrix.txt": expression(policy, LANGUAGE) + "\n"}, (note,))


TARGET = Target("wireshark", "display filter (Wireshark)", write)
