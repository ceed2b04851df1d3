"""Pseudonyms for addresses and names, of the same kind as what they stand for.

What an address is stays: a multicast group, the broadcast address, loopback, no address; a private, a
link-local or a public one; a network's own and its broadcast address, also in every /24, for that is how
captures tell them. A MAC address keeps its vendor. Everything else is a keyed permutation that keeps prefixes
(``tree``), so hosts of one network are hosts of one network afterwards.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from analyzer.addresses import LOW, Address, IpNetwork, from_ip, parse, text
from analyzer.pseudonyms.tree import Tree

V4_FIXED: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
)
"""Blocks with a meaning (RFC 1918, 6598, 3927): what lies inside stays inside, what lies outside, outside."""
V4_AS_IS: Final = tuple(
    ipaddress.IPv4Network(block) for block in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")
)
"""This network, loopback, multicast, reserved with the broadcast address: the same everywhere, so kept."""
V6_FIXED: Final = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "::/8",
        "64:ff9b::/96",
        "2001::/32",
        "2002::/16",
        "2000::/3",
        "fc00::/7",
        "fe80::/64",
        "fec0::/10",
    )
)
V6_MULTICAST: Final = 0xFF
V6_LOOPBACKS: Final = (0, 1)
MAPPED, TRANSLATED = 0xFFFF, 0x64FF9B << 64
"""Upper 96 bits of IPv4-mapped addresses (RFC 4291 section 2.5.5.2) and of NAT64 ones (RFC 6052)."""
TEREDO, SIX_TO_FOUR = 0x20010000, 0x2002
SOLICITED: Final = 0xFF0200000000000000000001FF
"""Upper 104 bits of solicited-node groups (RFC 4291 section 2.7.1): the rest is an address's last 24 bits."""
BY_PREFIX: Final = (0xFF3, 0xFF7)
"""Upper 12 bits of groups that hold a network's prefix (RFC 3306, RFC 3956)."""
HOST_BITS: Final = 8
"""Bits of an IPv4 address below which .0 and .255 are believed to be a network's ends."""
OUI_BITS, OCTET = 24, 8
VIRTUAL: Final = frozenset({0x00005E, 0x00000C})
"""Vendor parts of virtual router addresses (VRRP, HSRP) and of groups: kept whole."""

_V4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)"
_MAC = r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])"
_V6 = r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{0,4}|\d{1,3}(?:\.\d{1,3}){3})(?![\w:]|\.\d)"
ADDRESS_TEXT: Final = re.compile(f"{_MAC}|{_V6}|{_V4}")
"""What looks like an address in text."""
ADDRESS_BYTES: Final = re.compile(ADDRESS_TEXT.pattern.encode("ascii"))


class Pseudonyms:
    """The pseudonyms of one key.

    Attributes:
        key: what they depend on; whoever has it can tell original from pseudonym by trying.
        networks: whose own and broadcast addresses stay such, besides those of every /24.
        addresses: original → pseudonym, as text, of every address asked for that changed.
        names: the same for names.
        known: addresses of the site, in number form: text that names one of these is about the site.

    """

    def __init__(
        self, key: bytes, networks: Iterable[IpNetwork] = (), names: dict[str, str] | None = None
    ) -> None:
        self.key = key
        self.networks = tuple(dict.fromkeys(networks))
        self.names = dict(names or {})
        self.addresses: dict[str, str] = {}
        self.known: set[Address] = set()
        self._seen: dict[Address, Address] = {}
        fixed = ((int(n.network_address) >> 32 - n.prefixlen, n.prefixlen) for n in V4_FIXED + V4_AS_IS)
        self._v4 = Tree(key, "ipv4", 32, fixed)
        wide = ((int(n.network_address) >> 128 - n.prefixlen, n.prefixlen) for n in V6_FIXED)
        self._v6 = Tree(key, "ipv6", 128, (*wide, (V6_MULTICAST, OCTET)))
        self._mac = Tree(key, "mac", 48)
        self._node = Tree(key, "solicited-node", 24)
        for network in self.networks:
            if isinstance(network, ipaddress.IPv4Network):
                bits = int(network.network_address) >> 32 - network.prefixlen
                self._v4.keep_ends(bits, network.prefixlen)

    def address(self, address: Address) -> Address:
        """The pseudonym of an address in number form."""
        found = self._seen.get(address)
        if found is None:
            version, hi, lo = address
            if version == 4:
                found = 4, 0, self._ip4(lo)
            elif version == 6:
                number = self._ip6(hi << 64 | lo)
                found = 6, number >> 64, number & LOW
            else:
                found = 0, 0, self._ether(lo)
            self._seen[address] = found
            if found != address:
                self.addresses[text(*address)] = text(*found)
        return found

    def ip4(self, number: int) -> int:
        """The pseudonym of an IPv4 address, as a number."""
        return self.address((4, 0, number))[2]

    def ip6(self, number: int) -> int:
        """The pseudonym of an IPv6 address, as a number."""
        _, hi, lo = self.address((6, number >> 64, number & LOW))
        return hi << 64 | lo

    def mac(self, number: int) -> int:
        """The pseudonym of a MAC address, as a number."""
        return self.address((0, 0, number))[2]

    def network(self, network: IpNetwork) -> IpNetwork:
        """The network in which the pseudonyms of a network's addresses lie."""
        version, hi, lo = self.address(from_ip(network.network_address))
        base = ipaddress.ip_address(lo) if version == 4 else ipaddress.IPv6Address(hi << 64 | lo)
        return ipaddress.ip_network((base, network.prefixlen), strict=False)

    def name(self, original: str, kind: str) -> str:
        """The pseudonym of a name: ``kind`` and a number, such as ``igor-node 3``."""
        if original and original not in self.names:
            taken = set(self.names.values())
            number = next(at for at in range(1, len(taken) + 2) if f"{kind} {at}" not in taken)
            self.names[original] = f"{kind} {number}"
        return self.names.get(original, "")

    def is_ours(self, address: Address) -> bool:
        """Whether text that looks like this address means it: it is of the site, or not public."""
        version, hi, lo = address
        if version == 0 or address in self.known:
            return True
        if version == 4:
            return any(ipaddress.IPv4Address(lo) in block for block in V4_FIXED)
        # Groups of hexadecimal digits and colons are hardly anything else, but times are: 10:20:30.
        return hi >> 48 != 0

    def text(self, written: str, names: bool = False) -> str:
        """``written`` with pseudonyms for the addresses in it, and with ``names`` for the names."""
        if names and self.names:
            # Longest first: "gateway 2" must not become "igor-gateway 1 2".
            for name, pseudonym in sorted(self.names.items(), key=lambda item: -len(item[0])):
                if name in written:
                    pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
                    written = re.sub(pattern, lambda _, said=pseudonym: said, written)  # type: ignore[misc]
        return ADDRESS_TEXT.sub(self._word, written)

    def names_address(self, written: str) -> bool:
        """Whether ``written`` is an address that :meth:`text` replaces, if only by itself."""
        try:
            address = parse(written)
        except ValueError:
            return False
        return self.is_ours(address) and self.address(address) != address

    def _word(self, match: re.Match[str]) -> str:
        try:
            address = parse(match[0])
        except ValueError:
            return match[0]
        if not self.is_ours(address):
            return match[0]
        return text(*self.address(address))

    def _ip4(self, number: int) -> int:
        if any(number >> 32 - n.prefixlen == int(n.network_address) >> 32 - n.prefixlen for n in V4_AS_IS):
            return number
        return self._v4(number, ends=HOST_BITS)

    def _ip6(self, number: int) -> int:
        if number in V6_LOOPBACKS:
            return number
        if number >> 120 == V6_MULTICAST:
            return self._group(number)
        if number >> 32 in (MAPPED, TRANSLATED):
            return number >> 32 << 32 | self.ip4(number & 0xFFFFFFFF)
        if number >> 112 == SIX_TO_FOUR:
            inside = self.ip4(number >> 80 & 0xFFFFFFFF)
            rest = self._v6(number, keep=48) & (1 << 80) - 1
            return SIX_TO_FOUR << 112 | inside << 80 | rest
        if number >> 96 == TEREDO:
            # RFC 4380 section 4: server, flags, port, and the client's address with every bit inverted.
            server, client = self.ip4(number >> 64 & 0xFFFFFFFF), self.ip4(~number & 0xFFFFFFFF)
            return TEREDO << 96 | server << 64 | number & 0xFFFFFFFF << 32 | ~client & 0xFFFFFFFF
        return self._v6(number)

    def _group(self, number: int) -> int:
        if number >> 24 == SOLICITED:
            return SOLICITED << 24 | self._node(number & 0xFFFFFF)
        if number >> 116 in BY_PREFIX:
            prefix = self._v6(number >> 32 << 64 & (1 << 128) - 1) >> 64
            return number >> 96 << 96 | prefix << 32 | number & 0xFFFFFFFF
        return number

    def _ether(self, number: int) -> int:
        if number >> 24 == 0x3333FF:
            return number >> 24 << 24 | self._node(number & 0xFFFFFF)
        if not number or number >> 40 & 1 or number >> 24 in VIRTUAL:
            return number
        # A locally administered address has no vendor: its first octet says what it is, the rest is the host.
        return self._mac(number, keep=OCTET if number >> 41 & 1 else OUI_BITS)
