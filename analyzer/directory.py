"""Networks as people write them, and who is at an address."""

from __future__ import annotations

import heapq
import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from analyzer.model import Host

if TYPE_CHECKING:
    from analyzer.kinds import Array

QUOTES: Final = frozenset("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb")
"""What word processors make of quotation marks."""
_MAC: Final = r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}"
CACHE: Final = 1 << 16
"""Addresses a :class:`Directory` remembers; a /16 of hosts fits."""
FORMS: Final = "write an address, a network such as 10.0.0.0/24, or a range such as 10.0.0.5-10.0.0.9"
"""What stands for addresses."""


class Span(NamedTuple):
    """The addresses ``first`` to ``last`` of IP ``version``, both ends included, as whole numbers."""

    version: int
    first: int
    last: int

    @property
    def size(self) -> int:
        """How many addresses."""
        return self.last - self.first + 1


def span(network: str, groups: bool = False) -> Span:
    """The addresses of ``10.0.0.1``, ``10.0.0.0/24`` or ``10.0.0.5-10.0.0.9``, IPv4 or IPv6.

    ``groups`` lets multicast groups and the broadcast address in: no host has them, but traffic goes there.
    Raises ``ValueError`` with what would be right.
    """
    text = network.strip()
    if "%" in text:
        raise ValueError("an address without its zone (the part from %)")
    if "/" in text:
        return _prefix(text, groups)
    first, dash, last = (part.strip() for part in text.partition("-"))
    low = _address(first)
    if low.version == 4 and re.fullmatch(r"[0-9]{1,3}", last, re.ASCII):
        raise ValueError(f"both ends whole: {first}-{first.rpartition('.')[0]}.{last}")
    high = _address(last) if dash else low
    if low.version != high.version:
        raise ValueError("both ends of a range are IPv4, or both are IPv6")
    if int(low) > int(high):
        raise ValueError(f"the lower address first: {high}-{low}")
    for end in () if groups else (low, high):
        if end.is_multicast or end.is_unspecified or str(end) == "255.255.255.255":
            raise ValueError(f"{end} is no address of a host")
    return Span(low.version, int(low), int(high))


def _prefix(text: str, groups: bool) -> Span:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        try:
            inside = ipaddress.ip_interface(text)
        except ValueError:
            raise ValueError(FORMS) from error
        raise ValueError(f"{inside.network} for the network, {inside.ip} for the host") from error
    if network.is_multicast and not groups:
        raise ValueError(f"{network} holds no addresses of hosts")
    return Span(network.version, int(network.network_address), int(network.broadcast_address))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise ValueError(_remedy(text)) from error


def _remedy(text: str) -> str:
    """What to write instead of something that is no address, by what people write."""
    if re.fullmatch(_MAC, text, re.IGNORECASE | re.ASCII):
        return "a MAC address does not do: write the IP address"
    if not QUOTES.isdisjoint((text[:1], text[-1:])):
        return "write straight quotes, or none"
    port = re.fullmatch(r"([0-9.]+):[0-9]+", text, re.ASCII)
    if port is not None:
        return f"leave the port out: {port[1]}"
    star = re.fullmatch(r"([0-9.]+)\.[*x]", text, re.ASCII)
    if star is not None and star[1].count(".") == 2:
        return f"write {star[1]}.0/24 for all addresses that begin so"
    parts = text.split(".")
    if len(parts) == 4 and all(re.fullmatch(r"[0-9]{1,9}", part, re.ASCII) for part in parts):
        if any(int(part) > 255 for part in parts):
            return "each of its four numbers is 0 to 255"
        return f"no number begins with 0: {'.'.join(str(int(part)) for part in parts)}"
    if re.search(r"[g-z]", text, re.IGNORECASE):
        return f"{FORMS}; names are not looked up"
    return FORMS


class Directory:
    """Who is at an address.

    The networks of all hosts are cut once into pieces that do not overlap, each with the hosts of the
    smallest network over it; a look-up is one bisection, remembered for the next packet.
    """

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.hosts = tuple(hosts)
        spans: dict[int, list[tuple[Span, int]]] = {4: [], 6: []}
        for index, host in enumerate(self.hosts):
            for found in dict.fromkeys(span(network) for network in host.networks):
                spans[found.version].append((found, index))
        self._pieces = {version: _cut(entries) for version, entries in spans.items()}
        self._known: dict[tuple[int, int, int], tuple[Host, ...]] = {}
        self._owned: tuple[tuple[Array, ...], tuple[Array, list[tuple[Host, ...]]]] | None = None

    def at(self, version: int, hi: int, lo: int) -> tuple[Host, ...]:
        """Hosts whose network over this address is the most specific one, in order of declaration.

        ``version`` is 4 or 6, ``hi`` and ``lo`` the address halves as in ``tables``. Networks of equal
        size all count, so one address may hold several hosts; nobody there, or a MAC: empty.
        """
        key = (version, hi, lo)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= CACHE:  # a scan through a large network: start over
                self._known.clear()
            found = self._known[key] = self._find(version, hi << 64 | lo)
        return found

    def owners(self, version: Array, hi: Array, lo: Array) -> tuple[Array, list[tuple[Host, ...]]]:
        """Who is at each of many addresses, given in columns: a number for each, and the hosts (as
        :meth:`at` gives them) that each number stands for; 0 is nobody.

        The answer for the columns that were asked for last is kept: they are not to be changed, nor is it.
        """
        asked = version, hi, lo
        if self._owned is None or any(
            one is not other for one, other in zip(self._owned[0], asked, strict=True)
        ):
            self._owned = asked, self._owners(*asked)
        return self._owned[1]

    def _owners(self, version: Array, hi: Array, lo: Array) -> tuple[Array, list[tuple[Host, ...]]]:
        import numpy as np  # noqa: PLC0415 - rulesets and sites are read without it

        known: dict[tuple[int, ...], int] = {(): 0}
        numbers = np.zeros(len(version), np.int64)
        for family, (starts, owners) in self._pieces.items():
            rows = np.flatnonzero(version == family)
            if family == 4:
                pieces = np.searchsorted(np.array(starts, np.uint64), lo[rows], "right")
            else:
                wide = zip(hi[rows].tolist(), lo[rows].tolist(), strict=True)
                pieces = np.array([bisect_right(starts, high << 64 | low) for high, low in wide], np.int64)
            of_piece = [known.setdefault(hosts, len(known)) for hosts in ((), *owners)]
            numbers[rows] = np.array(of_piece)[pieces]
        return numbers, [tuple(self.hosts[one] for one in hosts) for hosts in known]

    def pieces(self) -> Iterator[tuple[Span, tuple[Host, ...]]]:
        """Every span of addresses with the hosts that :meth:`at` gives there, in order of addresses."""
        for version, (starts, owners) in sorted(self._pieces.items()):
            for start, following, owned in zip(starts, starts[1:], owners, strict=False):
                if owned:
                    yield Span(version, start, following - 1), tuple(self.hosts[owner] for owner in owned)

    def _find(self, version: int, address: int) -> tuple[Host, ...]:
        if version not in self._pieces:  # a MAC
            return ()
        starts, owners = self._pieces[version]
        index = bisect_right(starts, address) - 1
        return tuple(self.hosts[owner] for owner in owners[index]) if index >= 0 else ()


def _cut(entries: Sequence[tuple[Span, int]]) -> tuple[list[int], list[tuple[int, ...]]]:
    """Where each piece starts and which hosts own it; a piece ends where the next one starts."""
    opening: dict[int, list[int]] = {}
    closing: dict[int, list[int]] = {}
    for number, (found, _) in enumerate(entries):
        opening.setdefault(found.first, []).append(number)
        closing.setdefault(found.last + 1, []).append(number)
    starts: list[int] = []
    owners: list[tuple[int, ...]] = []
    active: dict[int, set[int]] = {}  # size → entries open at this point
    sizes: list[int] = []
    for point in sorted({*opening, *closing}):
        for number in closing.get(point, ()):
            active[entries[number][0].size].discard(number)
        for number in opening.get(point, ()):
            size = entries[number][0].size
            if not active.get(size):
                heapq.heappush(sizes, size)
            active.setdefault(size, set()).add(number)
        while sizes and not active[sizes[0]]:
            heapq.heappop(sizes)
        smallest = active[sizes[0]] if sizes else ()
        starts.append(point)
        owners.append(tuple(sorted({entries[number][1] for number in smallest})))
    return starts, owners
