"""Which MAC address carries which IP address, from the frames themselves.

A host behind a router shows the router's MAC: one MAC for many addresses that never said by ARP that they
are its own. Only the outermost IP header counts, for a tunnel's inner addresses are at home elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np

from analyzer.addresses import Address
from analyzer.tables import ARP, Batch, Kind, Packets

ADDRESSES: Final = 1 << 16
"""Addresses kept: a scan must not cost memory."""
MACS: Final = 4
"""MACs kept of an address: a second one is a change or a second way, more is a flood."""

ETHERNET, COOKED, COOKED_2 = 1, 113, 276
_VLAN_TAGS: Final = (0x8100, 0x88A8, 0x9100)
_LINKS: Final[dict[int, tuple[int, int, int]]] = {
    ETHERNET: (6, 12, 14),
    COOKED: (6, 14, 16),
    COOKED_2: (12, 0, 20),
}
"""Link type → where the sender's address, the protocol and the payload begin (IEEE 802.3; LINKTYPE_LINUX_SLL
and SLL2, whose sender field holds a MAC where its length, checked below, is 6)."""
_LENGTH_AT: Final = {COOKED: 5, COOKED_2: 11}
_ARP_BYTES, _IPV4_BYTES, _IPV6_BYTES = 28, 20, 40

Array = np.ndarray[Any, Any]


class Links:
    """The MACs of addresses. Shown whole batches, for a decoded packet no longer knows its link header."""

    def __init__(self) -> None:
        self.carried: dict[Address, dict[int, int]] = {}
        """Address → MAC → first frame."""
        self.claimed: dict[Address, dict[int, int]] = {}
        """The same, where the host itself says so by ARP (RFC 826)."""

    def add(self, batch: Batch, packets: Packets) -> None:
        """Add a batch and what became of it, row for row."""
        frames, columns = batch.frames, packets.columns
        octets = np.frombuffer(batch.buffer, np.uint8)
        for link, (sender, protocol, payload) in _LINKS.items():
            rows = np.flatnonzero(
                (frames["link_type"] == link)
                & (frames["captured"] >= payload + _IPV4_BYTES)
                & ((columns["version"] == 4) | (columns["version"] == 6))
                & (columns["kind"] != Kind.UNDECODED)
            )
            if not len(rows):
                continue
            begins = frames["offset"][rows]
            if link in _LENGTH_AT:
                lengths = octets[begins + _LENGTH_AT[link]]
                rows, begins = rows[lengths == 6], begins[lengths == 6]
            inside, kinds = _untagged(octets, begins, protocol, payload, link == ETHERNET)
            left = frames["captured"][rows] - inside
            self._keep(columns, rows, octets, begins + sender, begins + inside, kinds, left)

    def _keep(
        self,
        columns: dict[str, Array],
        rows: Array,
        octets: Array,
        senders: Array,
        inside: Array,
        kinds: Array,
        left: Array,
    ) -> None:
        macs = _number(octets, senders, 6)
        low, high = columns["src_lo"][rows], columns["src_hi"][rows]
        by_arp = (kinds == 0x0806) & (columns["transport"][rows] == ARP) & (left >= _ARP_BYTES)
        by_v4 = (
            (kinds == 0x0800)
            & (left >= _IPV4_BYTES)
            & (_number(octets, inside + 12, 4) == low)
            & (columns["version"][rows] == 4)
        )
        by_v6 = (
            (kinds == 0x86DD)
            & (left >= _IPV6_BYTES)
            & (_number(octets, inside + 16, 8) == low)
            & (_number(octets, inside + 8, 8) == high)
        )
        own = by_arp & (_number(octets, inside + 8, 6) == macs) & (_number(octets, inside + 14, 4) == low)
        for mask, held in ((own, self.claimed), (by_v4 | by_v6, self.carried)):
            self._note(columns, rows[mask], macs[mask], held)

    def _note(
        self, columns: dict[str, Array], rows: Array, macs: Array, held: dict[Address, dict[int, int]]
    ) -> None:
        if not len(rows):
            return
        part = np.stack(
            (
                columns["version"][rows].astype(np.uint64),
                columns["src_hi"][rows],
                columns["src_lo"][rows],
                macs,
            )
        )
        _, firsts = np.unique(part, axis=1, return_index=True)
        for at in np.sort(firsts).tolist():
            version, high, low, mac = (int(value) for value in part[:, at])
            address = version, high, low
            if not (high or low):
                continue  # no address yet: DHCP, ARP probes
            known = held.get(address)
            if known is None:
                if len(held) >= ADDRESSES:
                    continue
                known = held[address] = {}
            if mac in known or len(known) < MACS:
                known.setdefault(mac, int(columns["frame"][rows[at]]))

    # ------------------------------------------------------------ what follows

    def mac(self, address: Address) -> int | None:
        """The MAC that an address has, its own word first; None where none was seen."""
        for held in (self.claimed, self.carried):
            if held.get(address):
                return next(iter(held[address]))
        return None

    def routers(self) -> dict[int, tuple[Address, ...]]:
        """MACs that carry several addresses which never claimed them, with these addresses."""
        behind: dict[int, list[Address]] = defaultdict(list)
        for address, macs in self.carried.items():
            for mac in macs:
                if mac not in self.claimed.get(address, {}) and _routable(address):
                    behind[mac].append(address)
        return {mac: tuple(sorted(found)) for mac, found in behind.items() if len(found) > 1}

    def shared(self) -> dict[int, tuple[Address, ...]]:
        """MACs that several addresses claim as their own: one host with several addresses."""
        found: dict[int, list[Address]] = defaultdict(list)
        for address, macs in self.claimed.items():
            for mac in macs:
                found[mac].append(address)
        return {mac: tuple(sorted(held)) for mac, held in found.items() if len(held) > 1}


def _routable(address: Address) -> bool:
    """Whether packets of an address may have come through a router: not link-local ones."""
    version, high, low = address
    if version == 6:
        return high >> 54 != 0x3FA
    return low >> 16 != 0xA9FE


def _untagged(octets: Array, begins: Array, protocol: int, payload: int, tags: bool) -> tuple[Array, Array]:
    """Where the payload of each frame begins, and its EtherType, behind up to two VLAN tags."""
    inside = np.full(len(begins), payload, np.int64)
    kinds = _number(octets, begins + protocol, 2)
    for _ in range(2 if tags else 0):
        tagged = np.isin(kinds, _VLAN_TAGS)
        inside[tagged] += 4
        kinds[tagged] = _number(octets, begins[tagged] + inside[tagged] - 2, 2)
    return inside, kinds


def _number(octets: Array, begins: Array, count: int) -> Array:
    """``count`` bytes at each of ``begins`` as a number, network order; past the end the last byte again."""
    value = np.zeros(len(begins), np.uint64)
    for at in range(count):
        value = value << np.uint64(8) | octets[np.minimum(begins + at, len(octets) - 1)].astype(np.uint64)
    return value
