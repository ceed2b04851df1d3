"""Headers that hold addresses, patched in place: IP, its options and extensions, ARP, ICMP, ICMPv6, IGMP."""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.decode import link, network
from analyzer.decode.network import EXTENSIONS
from analyzer.decode.row import Step
from analyzer.evidence.patch import Patch

IGMP: Final = 2


class Packet(NamedTuple):
    """One IP packet of a frame: where it begins and ends, its transport's place (0: not in this packet)."""

    version: int
    at: int
    end: int
    header: int
    transport: int
    inside: int


def typed(patch: Patch, at: int) -> tuple[int, int]:
    """Where what follows the Ethernet type at ``at`` begins, behind any tags, and its type or length."""
    kind = patch.number(at, 2)
    at += 2
    while kind in link.TAGS:
        at += link.TAGS[kind] + 2
        kind = patch.number(at - 2, 2)
    return at, kind


def arp(patch: Patch, at: int) -> int:
    """RFC 826: both ends' hardware and protocol addresses. Where it ends."""
    hardware, protocol = patch.number(at + 4, 1), patch.number(at + 5, 1)
    end = len(patch.data)
    place = at + link.ARP_LENGTH
    for _ in range(2):
        if hardware == 6:
            patch.mac(place, end)
        else:
            patch.blank(place, min(place + hardware, end))
        place += hardware
        if protocol == 4:
            patch.ip4(place, end)
        place += protocol
    return place


def packet(patch: Patch, step: Step) -> Packet:
    """Patch the header of the IP packet at ``step``."""
    at, end = step.pos, min(step.end, len(patch.data))
    if patch.number(at, 1) >> 4 == 4:
        total = patch.number(at + 2, 2)
        end = min(end, at + total) if total else end
        header = min(at + (patch.data[at] & 15) * 4, end)
        patch.ip4(at + 12, end)
        patch.ip4(at + 16, end)
        _options(patch, at + 20, header)
        later = patch.number(at + 6, 2) & network.OFFSET_MASK
        transport = patch.number(at + 9, 1)
        if transport == network.AUTHENTICATION and not later:
            return _extensions(patch, Packet(4, at, end, header, transport, header), {transport})
        return Packet(4, at, end, header, transport, 0 if later else header)
    length = patch.number(at + 4, 2)
    end = min(end, at + 40 + length) if length else end
    patch.ip6(at + 8, end)
    patch.ip6(at + 24, end)
    begun = Packet(6, at, end, at + 40, patch.number(at + 6, 1), at + 40)
    return _extensions(patch, begun, EXTENSIONS)


def _extensions(patch: Patch, packet: Packet, known: frozenset[int] | set[int]) -> Packet:
    """Walk extension headers, as ``decode.network`` does, and patch the addresses in routing headers."""
    transport, at, end = packet.transport, packet.inside, packet.end
    for _ in range(network.MAX_EXTENSIONS):
        if transport not in known or end - at < 8:
            break
        following, words = patch.data[at], patch.data[at + 1]
        if transport == network.FRAGMENT:
            later = patch.number(at + 2, 2) >> 3
            transport, at = following, at + 8
            if later:
                return packet._replace(header=at, transport=transport, inside=0)
            continue
        length = (words + 2) * 4 if transport == network.AUTHENTICATION else (words + 1) * 8
        if transport == network.ROUTING:
            patch.ip6s(at + 8, min(at + length, end))
        transport, at = following, at + length
    return packet._replace(header=min(at, end), transport=transport, inside=min(at, end))


def _options(patch: Patch, at: int, end: int) -> None:
    """IPv4 options that hold addresses (RFC 791 section 3.1): routes, and time stamps of routers."""
    while at + 2 <= end and patch.data[at] != 0:
        code, length = patch.data[at], patch.data[at + 1]
        if code == 1:
            at += 1
            continue
        last = min(at + length, end)
        if code in (7, 131, 137):
            patch.ip4s(at + 3, last)
        elif code == 68 and patch.number(at + 3, 1) & 15 in (1, 3):
            for place in range(at + 4, last, 8):
                patch.ip4(place, last)
        at += max(length, 2)


def icmp(patch: Patch, at: int, end: int) -> None:
    """RFC 792 redirects and RFC 1256 advertisements; quoted packets are layers of their own."""
    kind = patch.number(at, 1)
    if kind == 5:
        patch.ip4(at + 4, end)
    elif kind == 9:
        size = max(patch.number(at + 5, 1), 1) * 4
        for place in range(at + 8, end, size):
            patch.ip4(place, end)


def igmp(patch: Patch, at: int, end: int) -> None:
    """RFC 2236 and RFC 3376: groups, and the sources wanted or not."""
    kind = patch.number(at, 1)
    if kind == 0x22:
        _records(patch, at + 8, end, patch.number(at + 6, 2), 4)
        return
    patch.ip4(at + 4, end)
    if kind == 0x11:
        patch.ip4s(at + 12, end)


def _records(patch: Patch, at: int, end: int, count: int, size: int) -> None:
    """Group records of IGMPv3 and MLDv2: four bytes, the group, its sources, auxiliary words."""
    put = patch.ip4 if size == 4 else patch.ip6
    for _ in range(count):
        if at + 4 + size > end:
            return
        sources = patch.number(at + 2, 2)
        last = at + 4 + size * (1 + sources)
        for place in range(at + 4, min(last, end), size):
            put(place, end)
        at = last + patch.data[at + 1] * 4


def icmpv6(patch: Patch, at: int, end: int) -> None:
    """Neighbour discovery (RFC 4861 section 4) and listeners (RFC 2710, RFC 3810)."""
    kind = patch.number(at, 1)
    options = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40}.get(kind)
    if kind in (135, 136, 137, 130, 131, 132):
        patch.ip6(at + 8, end)
    if kind == 137:
        patch.ip6(at + 24, end)
    if kind == 130:
        patch.ip6s(at + 28, end)
    if kind == 143:
        _records(patch, at + 8, end, patch.number(at + 6, 2), 16)
    if options:
        _discovery(patch, at + options, end)


def _discovery(patch: Patch, place: int, end: int) -> None:
    """Options of neighbour discovery."""
    while place + 8 <= end:
        option, length = patch.data[place], patch.data[place + 1] * 8
        last = min(place + length, end)
        if not length:
            return
        if option in (1, 2) and length == 8:
            patch.mac(place + 2, last)
        elif option == 3:
            patch.ip6(place + 16, last)
        elif option == 4:
            patch.cut(place + 8)  # the redirected packet, whose length we would not follow twice
            return
        elif option == 24 and length > 8:
            number = patch.number(place + 8, length - 8) << 8 * (24 - length)
            image = patch.pseudonyms.ip6(number).to_bytes(16)
            patch.data[place + 8 : last] = image[: last - place - 8]
        elif option == 25:
            patch.ip6s(place + 8, last)
        else:
            patch.texts(place + 2, last)
        place += length
