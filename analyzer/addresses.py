"""Addresses between their three forms: numbers of the tables, ``ipaddress`` objects, text.

A number form is ``(version, hi, lo)`` as ``tables`` has it: version 4 or 6, or 0 for a MAC address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

Address = tuple[int, int, int]
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

LOW: Final = 0xFFFF_FFFF_FFFF_FFFF
LIMITED_BROADCAST: Final = 0xFFFF_FFFF
MAC_BROADCAST: Final = 0xFFFF_FFFF_FFFF
_MAPPED: Final = 0xFFFF
_OCTETS: Final = {str(octet): octet for octet in range(256)}
_MAC: Final = r"([0-9a-f]{2})([:-])[0-9a-f]{2}(?:\2[0-9a-f]{2}){4}"


def text(version: int, hi: int, lo: int) -> str:
    """The address as reports show it: dotted, RFC 5952, or a MAC in lower case with colons."""
    if version == 4:
        return f"{lo >> 24 & 255}.{lo >> 16 & 255}.{lo >> 8 & 255}.{lo & 255}"
    if version == 6:
        # RFC 5952 section 5; Python writes these mixed only from 3.13 on, and a report must not
        # depend on who wrote it.
        if hi == 0 and lo >> 32 == _MAPPED:
            return f"::ffff:{text(4, 0, lo)}"
        return str(ipaddress.IPv6Address(hi << 64 | lo))
    return mac(lo)


def mac(number: int) -> str:
    """A 48-bit number as a MAC address, for example ``00:1b:c5:00:00:01``."""
    digits = f"{number & MAC_BROADCAST:012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


@lru_cache(1 << 14)
def parse(written: str) -> Address:
    """The number form of an IPv4, IPv6 or MAC address in text.

    A MAC has colons or hyphens throughout. A zone such as ``%eth0`` is dropped: captures know none.
    Raises ``ValueError`` for anything else.
    """
    # Nearly all are dotted; ipaddress, which knows every form there is, takes ten times as long.
    octets = written.split(".")
    if len(octets) == 4 and all(octet in _OCTETS for octet in octets):
        return 4, 0, int.from_bytes([_OCTETS[octet] for octet in octets])
    if re.fullmatch(_MAC, written, re.IGNORECASE):
        return 0, 0, int(re.sub("[:-]", "", written), 16)
    return from_ip(ipaddress.ip_address(written))


def from_ip(address: IpAddress) -> Address:
    """The number form of an ``ipaddress`` object."""
    number = int(address)
    return address.version, number >> 64, number & LOW


def is_multicast(version: int, hi: int, lo: int) -> bool:
    """Whether a multicast group is addressed: 224.0.0.0/4, ff00::/8, or a MAC with the group bit.

    The broadcast MAC has the group bit (IEEE 802) and yet is none: it is broadcast.
    """
    if version == 4:
        return lo >> 28 == 0xE
    if version == 6:
        return hi >> 56 == 0xFF
    return bool(lo >> 40 & 1) and lo != MAC_BROADCAST


def is_broadcast(version: int, hi: int, lo: int, networks: Iterable[IpNetwork] = ()) -> bool:
    """Whether everyone is addressed: 255.255.255.255, the broadcast MAC, or a network's last address.

    ``networks`` are the subnets known (RFC 919 section 7); those without a broadcast address (/31,
    /32, IPv6) never match.
    """
    if version == 4:
        return lo == LIMITED_BROADCAST or any(
            network.version == 4 and network.prefixlen < 31 and int(network.broadcast_address) == lo
            for network in networks
        )
    return version == 0 and hi == 0 and lo == MAC_BROADCAST


def looks_broadcast(version: int, hi: int, lo: int) -> bool:
    """Whether an address is, or ends like, a broadcast address: last octet 255.

    Captures do not tell subnet masks. With /24 and most shorter ones the broadcast address ends in
    .255, and hosts that do are rare; a longer mask goes unrecognised here. Only a likelihood.
    """
    return is_broadcast(version, hi, lo) or (version == 4 and lo & 0xFF == 0xFF and lo >> 28 < 0xE)


def is_unspecified(version: int, hi: int, lo: int) -> bool:
    """Whether it is no address yet: 0.0.0.0 (DHCP, ARP probes), ``::``, or an all-zero MAC."""
    return hi == 0 and lo == 0 and version in (0, 4, 6)
