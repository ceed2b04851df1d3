"""Transport numbers of the tables and their names in reports.

The numbers are those of ``analyzer.tables``: an IP protocol number, ``ETHERTYPE + type``, ``LLC +
dsap`` or ``SNAP + pid``. Names are lower case: IANA's keywords for IP protocols, the field's own words
for frames without IP, and the number spelled out where there is no name.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.tables import ETHERTYPE, LLC, SNAP

_NAMES: Final = {
    0: "hopopt",
    1: "icmp",
    2: "igmp",
    3: "ggp",
    4: "ipv4",
    5: "st",
    6: "tcp",
    8: "egp",
    9: "igp",
    17: "udp",
    27: "rdp-ip",
    33: "dccp",
    41: "ipv6",
    43: "ipv6-route",
    44: "ipv6-frag",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    59: "ipv6-nonxt",
    60: "ipv6-opts",
    88: "eigrp",
    89: "ospf",
    94: "ipip",
    97: "etherip",
    98: "encap",
    103: "pim",
    108: "ipcomp",
    112: "vrrp",
    115: "l2tp",
    124: "isis",
    132: "sctp",
    133: "fc",
    135: "mobility",
    136: "udplite",
    137: "mpls-in-ip",
    139: "hip",
    140: "shim6",
    ETHERTYPE + 0x0800: "ipv4-frame",
    ETHERTYPE + 0x0806: "arp",
    ETHERTYPE + 0x0842: "wol",
    ETHERTYPE + 0x8035: "rarp",
    ETHERTYPE + 0x8100: "vlan",
    ETHERTYPE + 0x86DD: "ipv6-frame",
    ETHERTYPE + 0x8809: "lacp",
    ETHERTYPE + 0x8847: "mpls",
    ETHERTYPE + 0x8863: "pppoe-discovery",
    ETHERTYPE + 0x8864: "pppoe",
    ETHERTYPE + 0x888E: "eapol",
    ETHERTYPE + 0x8892: "profinet",
    ETHERTYPE + 0x88A4: "ethercat",
    ETHERTYPE + 0x88CC: "lldp",
    ETHERTYPE + 0x88E1: "homeplug-av",
    ETHERTYPE + 0x88E5: "macsec",
    ETHERTYPE + 0x88F7: "ptp-l2",
    ETHERTYPE + 0x8902: "cfm",
    ETHERTYPE + 0x893A: "ieee1905",
    ETHERTYPE + 0x9000: "loop",
    LLC + 0x42: "stp",
    LLC + 0x82: "bacnet-llc",
    LLC + 0xE0: "ipx",
    LLC + 0xF0: "netbeui",
    LLC + 0xFE: "isis-llc",
    SNAP + 0x0104: "pagp",
    SNAP + 0x010B: "stp",
    SNAP + 0x0111: "udld",
    SNAP + 0x2000: "cdp",
    SNAP + 0x2003: "vtp",
    SNAP + 0x2004: "dtp",
}
"""Two numbers may share a name (STP and Cisco's PVST): :func:`number` gives the lowest."""

_NUMBERS: Final[dict[str, int]] = {}
for _number in sorted(_NAMES, reverse=True):
    _NUMBERS[_NAMES[_number]] = _number

_SPELLED: Final = r"(ip)-([0-9]{1,3})|(ethertype|llc|snap)-0x([0-9a-f]{2,4})"
_BASES: Final = {"ethertype": ETHERTYPE, "llc": LLC, "snap": SNAP}


def name(number: int) -> str:
    """The name of a transport number: ``17`` is ``udp``, ``ETHERTYPE + 0x0806`` is ``arp``.

    Without a name: ``ip-253``, ``ethertype-0x1234``, ``llc-0xaa``, ``snap-0x2005``. Any number has a
    name; one outside all ranges is ``unknown-<number>``.
    """
    known = _NAMES.get(number)
    if known is not None:
        return known
    if 0 <= number < 256:
        return f"ip-{number}"
    for base, word, width, count in (
        (ETHERTYPE, "ethertype", 4, 0x10000),
        (LLC, "llc", 2, 0x100),
        (SNAP, "snap", 4, 0x10000),
    ):
        if base <= number < base + count:
            return f"{word}-0x{number - base:0{width}x}"
    return f"unknown-{number}"


def number(text: str) -> int:
    """The transport number that :func:`name` gives this name to.

    Raises ``ValueError`` for a name that no transport number has.
    """
    known = _NUMBERS.get(text)
    if known is not None:
        return known
    if match := re.fullmatch(_SPELLED, text):
        value = int(match[2]) if match[1] else _BASES[match[3]] + int(match[4], 16)
        if name(value) == text:
            return value
    raise ValueError(f"no transport is called {text!r}")
