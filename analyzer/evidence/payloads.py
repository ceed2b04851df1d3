"""Addresses inside the payloads of protocols that carry them: one function a protocol.

A function is given the patch and the payload's bounds, and replaces addresses at the places where the
protocol's specification has them. Bytes that contradict the protocol are left alone. Names stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analyzer.evidence.patch import Patch

Handler = Callable[[Patch, int, int], None]

MAX_RECORDS: Final = 4096
"""Records of one message that are followed."""


# ---------------------------------------------------------------- BACnet/IP

BVLC_IP: Final = 0x81
WRITE_BDT, READ_BDT_ACK, FORWARDED, READ_FDT_ACK, DELETE_FDT = 0x01, 0x03, 0x04, 0x07, 0x08
BVLC_FUNCTIONS: Final = 0x0C
BACNET_PORTS: Final = 0xBA
"""Upper byte of the ports that BACnet/IP uses, 47808 and its neighbours."""


def is_bvlc(patch: Patch, at: int, end: int) -> bool:
    """Whether a payload begins with the header of ANSI/ASHRAE 135, annex J.2."""
    data = patch.data
    return end - at >= 4 and data[at] == BVLC_IP and data[at + 1] <= BVLC_FUNCTIONS


def bvlc(patch: Patch, at: int, end: int) -> None:
    """Annex J.2: tables of broadcast distribution and foreign devices, origins of forwarded messages."""
    function = patch.data[at + 1]
    inside = at + 4
    if function in (WRITE_BDT, READ_BDT_ACK, READ_FDT_ACK):
        for entry in range(inside, end, 10):
            patch.ip4(entry, end)
        return
    if function == DELETE_FDT:
        patch.ip4(inside, end)
        return
    if function == FORWARDED:
        patch.ip4(inside, end)
        inside += 6
    if function in (FORWARDED, 0x09, 0x0A, 0x0B):
        _npdu(patch, inside, end)


def _npdu(patch: Patch, at: int, end: int) -> None:
    """Clause 6.2: destination and source behind routers."""
    if end - at < 2 or patch.data[at] != 1:
        return
    control = patch.data[at + 1]
    at += 2
    for bit in (0x20, 0x08):
        if not control & bit or end - at < 3:
            continue
        length = patch.data[at + 2]
        at += 3
        if length == 6:
            # Six octets are an address and port of BACnet/IP, or a MAC address of BACnet/Ethernet.
            port = at + 6 <= end and patch.data[at + 4] == BACNET_PORTS
            (patch.ip4 if port else patch.mac)(at, end)
        at += length


# ---------------------------------------------------------------- DHCP

DHCP_MAGIC: Final = b"\x63\x82\x53\x63"
DHCP_OPTIONS: Final = 240
DHCP_LISTS: Final = frozenset(
    {
        *(
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            16,
            28,
            32,
            41,
            42,
            44,
            45,
            48,
            49,
            50,
            54,
            65,
            68,
            69,
            70,
            71,
            72,
            73,
        ),
        *(74, 75, 76, 85, 92, 112, 118, 136, 138, 150),
    }
)
"""Options whose value is a list of addresses (RFC 2132 and the IANA registry)."""
DHCP_PAIRS: Final = frozenset({21, 33})
CLIENT_ID, RELAY_AGENT = 61, 82
CLASSLESS_ROUTES: Final = frozenset({121, 249})


def dhcp(patch: Patch, at: int, end: int) -> None:
    """RFC 2131 section 2: four addresses, the client's MAC, options."""
    if end - at < 4 or patch.data[at] not in (1, 2):
        return
    patch.ip4s(at + 12, min(at + 28, end))
    if patch.data[at + 1] == 1 and patch.data[at + 2] == 6:
        patch.mac(at + 28, end)
    patch.texts(at + 44, min(at + DHCP_OPTIONS - 4, end))
    if patch.data[at + DHCP_OPTIONS - 4 : at + DHCP_OPTIONS] != DHCP_MAGIC:
        return
    place = at + DHCP_OPTIONS
    while place + 2 <= end and patch.data[place] != 255:
        if patch.data[place] == 0:
            place += 1
            continue
        code, length = patch.data[place], patch.data[place + 1]
        begin, last = place + 2, min(place + 2 + length, end)
        _dhcp_option(patch, code, begin, last)
        place += 2 + length


def _dhcp_option(patch: Patch, code: int, at: int, end: int) -> None:
    if code in DHCP_LISTS or code in DHCP_PAIRS:
        patch.ip4s(at, end)
    elif code == CLIENT_ID and patch.number(at, 1) == 1:
        patch.mac(at + 1, end)
    elif code in CLASSLESS_ROUTES:
        _routes(patch, at, end)
    elif code == RELAY_AGENT:
        # RFC 3046: circuit and remote identifiers name switch and port, in forms of their own.
        while at + 2 <= end:
            last = min(at + 2 + patch.data[at + 1], end)
            if patch.data[at] in (5, 11):
                patch.ip4s(at + 2, last)
            else:
                patch.blank(at + 2, last)
            at = last
    else:
        patch.texts(at, end)


def _routes(patch: Patch, at: int, end: int) -> None:
    """RFC 3442: width of the mask, that many bits of the destination, the router."""
    while at < end:
        width = patch.data[at]
        octets = (width + 7) // 8
        if width > 32 or at + 1 + octets + 4 > end:
            patch.blank(at + 1, end)
            return
        number = patch.number(at + 1, octets) << 8 * (4 - octets)
        patch.data[at + 1 : at + 1 + octets] = patch.pseudonyms.ip4(number).to_bytes(4)[:octets]
        patch.ip4(at + 1 + octets, end)
        at += 1 + octets + 4


# ---------------------------------------------------------------- DHCPv6

RELAY_FORWARD, RELAY_REPLY = 12, 13
V6_LISTS: Final = frozenset({12, 22, 23, 27, 31, 34, 40})
V6_NESTED: Final = {3: 12, 4: 4, 25: 12, 56: 0}
"""Options that hold options → bytes before these."""
MAX_NESTED: Final = 8


def dhcpv6(patch: Patch, at: int, end: int, depth: int = 0) -> None:
    """RFC 8415 section 8 and 9: messages of clients, servers and relays."""
    if end - at < 4 or depth > MAX_NESTED:
        return
    if patch.data[at] in (RELAY_FORWARD, RELAY_REPLY):
        patch.ip6s(at + 2, min(at + 34, end))
        _v6_options(patch, at + 34, end, depth)
    else:
        _v6_options(patch, at + 4, end, depth)


def _v6_options(patch: Patch, at: int, end: int, depth: int) -> None:
    while at + 4 <= end and depth <= MAX_NESTED:
        code, length = patch.number(at, 2), patch.number(at + 2, 2)
        begin, last = at + 4, min(at + 4 + length, end)
        if code in (1, 2):
            # DUID (section 11): link-layer address plus time, or alone.
            offset = {1: 8, 3: 4}.get(patch.number(begin, 2), 0)
            if offset and length - offset == 6:
                patch.mac(begin + offset, last)
        elif code in V6_NESTED:
            _v6_options(patch, begin + V6_NESTED[code], last, depth + 1)
        elif code == 5:
            patch.ip6(begin, last)
            _v6_options(patch, begin + 24, last, depth + 1)
        elif code == 26:
            patch.ip6(begin + 9, last)
        elif code == 9:
            dhcpv6(patch, begin, last, depth + 1)
        elif code == 79 and length == 8:
            patch.mac(begin + 2, last)
        elif code in V6_LISTS:
            patch.ip6s(begin, last)
        else:
            patch.texts(begin, last)
        at = begin + length


# ---------------------------------------------------------------- DNS and its kin

A, PTR, AAAA, NB = 1, 12, 28, 32
REVERSE: Final = (b"in-addr", b"ip6")


def dns(patch: Patch, at: int, end: int) -> None:
    """RFC 1035 section 4: addresses in A and AAAA records, and in the names of reverse look-ups."""
    if end - at < 12:
        return
    counts = [patch.number(at + 4 + 2 * part, 2) for part in range(4)]
    place = at + 12
    for _ in range(min(counts[0], MAX_RECORDS)):
        place = _name(patch, at, place, end) + 4
        if place > end:
            return
    for _ in range(min(sum(counts[1:]), MAX_RECORDS)):
        place = _name(patch, at, place, end)
        if place + 10 > end:
            return
        kind, length = patch.number(place, 2), patch.number(place + 8, 2)
        _record(patch, at, kind, (place + 10, length, end))
        place += 10 + length


def _record(patch: Patch, start: int, kind: int, value: tuple[int, int, int]) -> None:
    begin, length, end = value
    last = min(begin + length, end)
    if kind == A and length == 4:
        patch.ip4(begin, last)
    elif kind == AAAA and length == 16:
        patch.ip6(begin, last)
    elif kind == NB:
        # RFC 1002 section 4.2.13: flags and address, repeated.
        for entry in range(begin + 2, last, 6):
            patch.ip4(entry, last)
    elif kind == PTR:
        _name(patch, start, begin, last)
    else:
        patch.texts(begin, last)


def dns_stream(patch: Patch, at: int, end: int) -> None:
    """DNS over TCP: a length of two bytes first (RFC 1035 section 4.2.2)."""
    while end - at > 2 and (length := patch.number(at, 2)):
        dns(patch, at + 2, min(at + 2 + length, end))
        at += 2 + length


def _name(patch: Patch, start: int, at: int, end: int) -> int:
    """Where the name at ``at`` ends. Labels of a reverse look-up, which spell an address, become ``x``."""
    labels: list[tuple[int, int]] = []
    place, after, jumps = at, 0, 0
    reverse = False
    while place < end and jumps < 32:
        length = patch.data[place]
        if length >= 0xC0:
            after = after or place + 2
            place, jumps = start + (patch.number(place, 2) & 0x3FFF), jumps + 1
            continue
        if not length or length > 63:
            place += 1
            break
        label = bytes(patch.data[place + 1 : place + 1 + length]).lower()
        if label in REVERSE:
            reverse = True
        elif not reverse:
            labels.append((place + 1, place + 1 + length))
        place += 1 + length
    if reverse:
        for begin, last in labels:
            if last <= end and bytes(patch.data[begin:last]).isalnum() and last - begin <= 3:
                patch.data[begin:last] = b"x" * (last - begin)
    return after or place


def nbdgm(patch: Patch, at: int, end: int) -> None:
    """RFC 1002 section 4.4.1: the source's address."""
    if end > at and 0x10 <= patch.data[at] <= 0x16:
        patch.ip4(at + 4, end)


# ---------------------------------------------------------------- others


def ntp(patch: Patch, at: int, end: int) -> None:
    """RFC 5905 section 7.3: the reference identifier of stratum 2 and below is the server's address."""
    if end - at >= 2 and 2 <= patch.data[at + 1] <= 15:
        patch.ip4(at + 12, end)


def snmp(patch: Patch, at: int, end: int) -> None:
    """RFC 2578 section 7.1.5: values of type IpAddress (tag 0x40, length 4)."""
    place = bytes(patch.data[:end]).find(b"\x40\x04", at)
    while place >= 0:
        patch.ip4(place + 2, end)
        place = bytes(patch.data[:end]).find(b"\x40\x04", place + 6)
    patch.texts(at, end)


def words(patch: Patch, at: int, end: int) -> None:
    """A protocol of text: addresses are spelled out."""
    patch.texts(at, end)


HANDLERS: Final[dict[str, Handler]] = {
    "bacnet": bvlc,
    "coap": words,
    "coap-emergency": words,
    "dhcp": dhcp,
    "dhcpv6": dhcpv6,
    "dns": dns,
    "http": words,
    "llmnr": dns,
    "mdns": dns,
    "nbdgm": nbdgm,
    "nbns": dns,
    "ntp": ntp,
    "snmp": snmp,
    "ssdp": words,
    "syslog": words,
    "telnet": words,
    "tftp": words,
    "upnp": words,
    "ws-discovery": words,
}
"""Protocol → what replaces addresses in its payloads. The payloads of all others are searched for addresses
as text only, and counted."""
ENCRYPTED: Final = frozenset({"coaps", "quic", "rdp", "ssh", "tls", "winrm"})
"""Protocols whose payloads nobody can look into; certificates and names in the clear stay as they are."""
