"""Picks the messages that name hosts out of decoded batches, and keeps what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from analyzer.addresses import Address
from analyzer.census import messages
from analyzer.census.messages import Fact
from analyzer.model import NameHeard
from analyzer.picking import Want
from analyzer.tables import UDP, Kind, Packets

DHCP_SERVER, DNS, NBNS, MDNS, LLMNR = 67, 53, 137, 5353, 5355
BACNET: Final = range(47808, 47824)
PORTS: Final = np.array([DHCP_SERVER, DNS, NBNS, MDNS, LLMNR, *BACNET], np.uint16)
_KNOWN: Final = frozenset(PORTS.tolist())
MOST: Final = 1500
"""Bytes read of a message."""
MESSAGES: Final = 64
"""Messages read of one sender on one port; a DNS server has many clients and is heard longer."""
DNS_MESSAGES: Final = 8192
SENDERS: Final = 1 << 15
"""Senders that are listened to: a flood of made-up ones must not cost memory."""
HOSTS: Final = 1 << 16
PER_HOST: Final = 8
"""Different things kept of one host."""


class Names:
    """What hosts are called: by address, and by MAC where DHCP knows no other name for a host."""

    def __init__(self) -> None:
        self._facts: dict[Address | int, dict[tuple[str, str], list[int]]] = {}
        self._leases: dict[Address, dict[int, None]] = {}
        """Address → the MACs that DHCP gave it to."""
        self._heard: Counter[tuple[int, int, int, int]] = Counter()

    @staticmethod
    def wants(packets: Packets) -> Want:
        """The datagrams from or to a port of a protocol that names hosts."""
        rows = _candidates(packets)
        return Want(rows, np.full(len(rows), MOST, np.int64))

    def add(self, packets: Packets) -> None:
        """Add a batch that begins right after the last frame added."""
        columns, rows = packets.columns, _candidates(packets)
        names = (
            *("frame", "version", "src_hi", "src_lo", "src_port", "dst_port"),
            *("payload", "payload_captured", "payload_wire"),
        )
        buffer = memoryview(packets.buffer)
        for frame, version, high, low, source, target, begin, held, wire in zip(
            *(columns[name][rows].tolist() for name in names), strict=True
        ):
            sender = version, high, low
            port = _port(source, target)
            if self._enough((*sender, port)):
                continue
            data = bytes(buffer[begin : begin + min(held, MOST)])
            for fact in _facts(port, source, data, wire, sender):
                self._keep(fact, frame)

    def _enough(self, key: tuple[int, int, int, int]) -> bool:
        if key not in self._heard and len(self._heard) >= SENDERS:
            return True
        self._heard[key] += 1
        return self._heard[key] > (DNS_MESSAGES if key[3] == DNS else MESSAGES)

    def _keep(self, fact: Fact, frame: int) -> None:
        if fact.mac is not None and fact.address is not None and len(self._leases) < HOSTS:
            self._leases.setdefault(fact.address, {})[fact.mac] = None
        key = fact.mac if fact.mac is not None else fact.address
        if not fact.text or key is None:
            return
        held = self._facts.get(key)
        if held is None:
            if len(self._facts) >= HOSTS:
                return
            held = self._facts[key] = {}
        if (fact.kind, fact.text) in held:
            held[fact.kind, fact.text][0] += 1
        elif len(held) < PER_HOST:
            held[fact.kind, fact.text] = [1, frame]

    def of(self, address: Address, macs: Iterable[int] = ()) -> tuple[NameHeard, ...]:
        """What was said of a host with this address and these MACs of its own, the first thing first."""
        found: dict[tuple[str, str], NameHeard] = {}
        keys: list[Address | int] = [address, *macs, *self._leases.get(address, ())]
        for key in dict.fromkeys(keys):
            for (kind, text), (count, frame) in self._facts.get(key, {}).items():
                before = found.get((kind, text))
                known = before.count if before is not None else 0
                found[kind, text] = NameHeard(kind, text, count + known, frame)
        return tuple(sorted(found.values(), key=lambda heard: heard.frame))


def _candidates(packets: Packets) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    columns = packets.columns
    return np.flatnonzero(
        (columns["transport"] == UDP)
        & (columns["kind"] == Kind.TRANSPORT)
        & (columns["payload_captured"] > 0)
        & (np.isin(columns["src_port"], PORTS) | np.isin(columns["dst_port"], PORTS))
    )


def _port(source: int, target: int) -> int:
    """The port of the two that names the protocol."""
    return source if source in _KNOWN and (source == DNS or target not in _KNOWN) else target


def _facts(port: int, source: int, data: bytes, wire: int, sender: Address) -> Iterable[Fact]:
    if DHCP_SERVER in (port, source):
        return messages.dhcp(data)
    if port == DNS:
        return messages.dns(data, "dns") if source == DNS else ()
    if port == MDNS:
        return messages.dns(data, "mdns")
    if port == LLMNR:
        return messages.dns(data, "llmnr")
    if port == NBNS:
        return messages.nbns(data)
    return messages.i_am(data, wire, sender)
