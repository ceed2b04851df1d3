"""Capture filters: what a capture was told to leave out.

A pcapng may state the filter that it was taken with (option ``if_filter``, section 4.2). What a filter keeps
out was perhaps there all the same, so an absence in such a capture proves nothing.
"""

from __future__ import annotations

import re
from typing import Final

HOSTS_ONLY: Final = frozenset(
    ("and", "or", "not", "host", "net", "mask", "src", "dst", "ether", "vlan", "ip", "ip6", "arp", "rarp")
)
"""Words of pcap-filter(7) that choose hosts and networks, whatever these say to each other."""

_WORD: Final = re.compile(r"[\w.:/-]+")


def selective(expression: str) -> bool:
    """Whether a libpcap filter may leave out part of what two hosts that it shows say to each other.

    >>> selective("host 10.20.0.10 and not arp"), selective("udp port 69")
    (False, True)
    """
    return any(_chooses(word) for word in _WORD.findall(expression.lower()))


def _chooses(word: str) -> bool:
    """Whether a word is neither an address nor one of :data:`HOSTS_ONLY`; a name may be anything."""
    return word not in HOSTS_ONLY and not (re.search(r"[.:/]", word) and re.fullmatch(r"[0-9a-f.:/]+", word))
