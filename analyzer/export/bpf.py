"""A capture filter in libpcap's language, for ``tcpdump -F``, dumpcap and Wireshark's capture options."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.filters import Language, expression
from analyzer.export.parties import Party, networks
from analyzer.export.permits import Ports
from analyzer.export.rules import Policy

FRAGMENTS: Final = "ip[6:2] & 0x1fff != 0"
"""IPv4 fragments after the first (RFC 791); of IPv6 the fragment header shows only behind the fixed one."""
FRAGMENTS_6: Final = "ip6[6] = 44"


def _address(version: int, side: str, party: Party) -> str:
    written = [f"{side} net {one}" for one in networks(party.of(version) or ())]
    return f"({' or '.join(written)})" if len(written) > 1 else written[0]


def _ports(transport: str, side: str, ports: tuple[Ports, ...]) -> str:
    del transport  # stands in the expression already
    written = [
        f"{side} port {one.low}" if one.low == one.high else f"{side} portrange {one.low}-{one.high}"
        for one in ports
    ]
    return f"({' or '.join(written)})" if len(written) > 1 else written[0]


def _transport(version: int, transport: str) -> str:
    family = "ip" if version == 4 else "ip6"
    if not transport:
        return family
    if transport in ("tcp", "udp"):
        return f"{family} and {transport}"
    return {"icmpv6": "icmp6"}.get(transport, f"{family} proto \\{transport}")


def _either(version: int, party: Party) -> str:
    written = [f"net {one}" for one in networks(party.of(version) or ())]
    family = "ip" if version == 4 else "ip6"  # or ARP about the address would be meant, too
    return f"({family} and ({' or '.join(written)}))"


LANGUAGE: Final = Language(
    _address,
    _ports,
    _transport,
    _either,
    always=("icmp", "icmp6", f"({FRAGMENTS})", f"({FRAGMENTS_6})"),
)


def write(policy: Policy) -> Written:
    """One line, as ``tcpdump -F`` reads it: a comment in the file would be part of the filter."""
    notes = (
        "a capture filter knows no conversations: answers and the data of TFTP pass by their ports",
        "frames with VLAN tags need 'vlan and' in front of the filter",
    )
    return Written({"portmatrix.bpf": expression(policy, LANGUAGE) + "\n"}, notes)


TARGET = Target("bpf", "capture filter (libpcap)", write)
