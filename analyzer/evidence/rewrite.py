"""One frame with pseudonyms in place of its addresses, and checksums that are as right or wrong as before.

The reference decoder says which layers a frame has, tunnels and quoted packets included; each layer that
holds addresses is patched where it is. What the decoder cannot follow to the end may hold addresses anywhere:
such a frame is left out. A payload that is neither TCP, UDP, ICMP nor IGMP is cut off, as are frames
without IP behind their link header, ARP excepted; bytes behind a packet's end are zeroed.

**Checksums** are updated, not computed (RFC 1624, equation 3): one that was right is right again, one that
was wrong is wrong by the same amount, a UDP checksum of 0 (none) stays 0. So it does not matter that a frame
is cut or a fragment, and what an offloading network card left undone stays undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from analyzer import tables
from analyzer.decode import lan, link, network, serial
from analyzer.decode.reference import LAYERS, LINK_TYPES, MAX_DEPTH
from analyzer.decode.row import Layer, Row, Step
from analyzer.evidence import checksums, headers, payloads
from analyzer.evidence.patch import Patch
from analyzer.evidence.pick import key_of
from analyzer.model import FlowRecord
from analyzer.protocols import load as load_protocols
from analyzer.pseudonyms import Pseudonyms
from analyzer.tables import ICMP, ICMPV6, TCP, Kind, Reason

LLC_BYTES: Final = 8
"""Bytes of an 802.2 header with SNAP that say what a frame is."""
READABLE: Final = frozenset({Reason.NONE, Reason.CUT, Reason.TRANSPORT_HEADER})
"""A frame that decoding stopped at for another reason may hold addresses where nobody knows."""
WHOLE: Final = {
    link.ethernet: Layer.ETHERNET,
    network.ip: Layer.IP,
    network.ipv4: Layer.IPV4,
    network.ipv6: Layer.IPV6,
}
"""Link types that are a layer that may as well stand inside others."""
PLAIN_LINKS: Final = (
    serial.loopback,
    serial.ppp_hdlc,
    serial.ppp_with_direction,
    serial.cisco_hdlc,
    serial.frame_relay,
    lan.pppoe,
)
"""Link types without addresses."""
MAC_BYTES: Final = 6
UNKNOWN: Final = "unknown"
"""What a flow record calls a protocol that nobody claims."""
IP_LAYERS: Final = frozenset({Layer.IP, Layer.IPV4, Layer.IPV6})
KEPT: Final = frozenset(checksums.CHECKSUMS)


class Rewriter:
    """Rewrites frames with one set of pseudonyms.

    ``left_out`` counts frames by reason, ``unread`` payloads by protocol that were searched for addresses as
    text only, ``encrypted`` those nobody can look into, ``suspects`` unread payloads that hold the bytes
    of a known address, ``counts`` what else was done.
    """

    def __init__(self, pseudonyms: Pseudonyms, flows: Iterable[FlowRecord] = ()) -> None:
        """``flows`` tell the protocols of payloads that ports do not."""
        self.pseudonyms = pseudonyms
        self.left_out: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self.encrypted: Counter[str] = Counter()
        self.suspects: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self._claims = {
            (transport, port): protocol.name
            for protocol in load_protocols().values()
            for transport, port in protocol.ports
        }
        self._protocols = {key_of(flow): flow.protocol for flow in flows if flow.transport in ("tcp", "udp")}
        known = sorted(lo for version, _, lo in pseudonyms.known if version == 4)
        self._known = np.array(known, np.uint32)

    def rewrite(self, frame: bytes, wire: int, link_type: int) -> bytes | None:
        """The frame with pseudonyms, perhaps shorter than before; None where it has to be left out."""
        first = LINK_TYPES.get(link_type)
        patch = Patch(bytearray(frame), self.pseudonyms, self.counts)
        view = memoryview(frame)
        bounds = 0, len(frame), max(wire, len(frame))
        layer = WHOLE.get(first)  # type: ignore[arg-type]
        if layer is not None:
            step = Step(layer, *bounds)
        elif first in (link.cooked, link.cooked_v2, *PLAIN_LINKS):
            assert first is not None
            if first is link.cooked and patch.number(4, 2) == MAC_BYTES:
                patch.mac(6, len(frame))
            elif first is link.cooked_v2 and patch.number(11, 1) == MAC_BYTES:
                patch.mac(12, len(frame))
            try:
                row, following = first(view, *bounds)
            except Exception:  # as the decoder's own walk does
                return self._leave("unreadable")
            if following is None and first in PLAIN_LINKS:
                return self._leave("unreadable")
            if following is None:
                return self._without_ip(patch, row, link_type)
            step = following
        else:
            return self._leave("link type")
        try:
            return self._layers(patch, view, step, link_type)
        except Exception:
            # Whatever the bytes: a frame that defeats our own code must not carry its addresses along.
            return self._leave("unreadable")

    def _leave(self, why: str) -> bytes | None:
        self.left_out[why] += 1
        return None

    def _layers(self, patch: Patch, view: memoryview, step: Step, link_type: int) -> bytes | None:
        packets, row, ethernet = self._walk(patch, view, step)
        if row is None or row.reason not in READABLE or row.kind == Kind.UNDECODED:
            return self._leave("unreadable")
        if packets:
            patch.blank(packets[0].end, len(patch.data))
        if not packets or row.kind == Kind.LINK:
            # A frame without IP, perhaps inside of a packet that mirrors it.
            if self._without_ip(patch, row, link_type, ethernet) is None:
                return None
        else:
            packets += self._inside(patch, view, packets[-1], row)
        for packet in reversed(packets):
            checksums.update(view, patch.data, packet)
        return bytes(patch.data)

    def _inside(
        self, patch: Patch, view: memoryview, packet: headers.Packet, row: Row
    ) -> list[headers.Packet]:
        """What the innermost packet carries; the packets that it quotes."""
        quoted: list[headers.Packet] = []
        if row.quote is not None:
            quoted, quoted_row, _ = self._walk(patch, view, row.quote)
            if quoted_row is not None and quoted_row.kind == Kind.TRANSPORT:
                self._payload(patch, quoted_row, quoted_row.payload, quoted[-1].end)
        self._transport(patch, packet, row)
        return quoted

    def _walk(
        self, patch: Patch, view: memoryview, step: Step
    ) -> tuple[list[headers.Packet], Row | None, int | None]:
        """Patch the headers of every layer from ``step`` on. The packets, the last row, and where the last
        Ethernet header is."""
        packets: list[headers.Packet] = []
        ethernet: int | None = None
        following: Step | None = step
        row: Row | None = None
        last: Row | None = None
        for _ in range(MAX_DEPTH):
            assert following is not None
            if following.layer is Layer.ETHERNET:
                ethernet = following.pos
                patch.mac(ethernet, following.end)
                patch.mac(ethernet + 6, following.end)
            elif following.layer in (Layer.IEEE80211, Layer.RADIOTAP):
                return packets, None, ethernet
            elif following.layer in IP_LAYERS:
                packets.append(headers.packet(patch, following))
            row, after = LAYERS[following.layer](view, following.pos, following.end, following.wire)
            last = row or last
            if after is None:
                return packets, last, ethernet
            following = after
        return packets, None, ethernet

    def _without_ip(
        self, patch: Patch, row: Row | None, link_type: int, ethernet: int | None = None
    ) -> bytes | None:
        """ARP is patched; of other frames only the link header is kept."""
        if row is None or row.kind != Kind.LINK or row.reason not in READABLE:
            return self._leave("unreadable")
        if ethernet is not None:
            at, kind = headers.typed(patch, ethernet + 12)
        elif link_type == 113:
            at, kind = headers.typed(patch, 14)
        else:
            at, kind = 20, patch.number(0, 2)
        if kind == link.ARP and row.transport == tables.ARP:
            end = headers.arp(patch, at)
            patch.blank(end, len(patch.data))
        else:
            patch.cut(at + (LLC_BYTES if kind <= link.MAX_LENGTH else 0))
            self.counts["cut"] += 1
        return bytes(patch.data)

    def _transport(self, patch: Patch, packet: headers.Packet, row: Row) -> None:
        """What the innermost IP packet carries."""
        if row.kind == Kind.FRAGMENT:
            self._search(patch, "ip fragments", packet.header, packet.end)
            return
        if packet.transport not in KEPT:
            if packet.inside:
                patch.cut(packet.inside)
                self.counts["cut"] += 1
            return
        if packet.transport == ICMP:
            headers.icmp(patch, packet.inside, packet.end)
        elif packet.transport == ICMPV6:
            headers.icmpv6(patch, packet.inside, packet.end)
        elif packet.transport == headers.IGMP:
            headers.igmp(patch, packet.inside, packet.end)
        elif row.payload_captured > 0:
            self._payload(patch, row, row.payload, row.payload + row.payload_captured)

    def _payload(self, patch: Patch, row: Row, at: int, end: int) -> None:
        if not at or at >= end:
            return
        transport = "tcp" if row.transport == TCP else "udp"
        ports = (row.dst_port, row.src_port)
        claims = [self._claims.get((transport, port), "") for port in ports]
        ends = (row.src_hi, row.src_lo, row.src_port), (row.dst_hi, row.dst_lo, row.dst_port)
        told = self._protocols.get((row.version, transport, frozenset(ends)), "")
        name = told if told not in ("", UNKNOWN) else claims[0] or claims[1] or f"{transport} {min(ports)}"
        if transport == "udp" and payloads.is_bvlc(patch, at, end):
            name = "bacnet"
        handler = payloads.HANDLERS.get(name)
        if handler is payloads.bvlc and not payloads.is_bvlc(patch, at, end):
            handler = None
        if handler is payloads.dns and transport == "tcp":
            handler = payloads.dns_stream
        if handler is not None:
            handler(patch, at, end)
        elif name in payloads.ENCRYPTED:
            self.encrypted[name] += 1
        else:
            self.unread[name] += 1
            self._search(patch, name, at, end)

    def _search(self, patch: Patch, name: str, at: int, end: int) -> None:
        """Addresses in what nobody can read: text is replaced but for fragments, whose checksum is elsewhere;
        bytes are only counted."""
        if name != "ip fragments":
            patch.texts(at, end)
        octets = np.frombuffer(bytes(patch.data[at:end]), np.uint8)
        if len(octets) < 4 or not len(self._known):
            return
        words = octets[:-3].astype(np.uint32) << 24
        words |= octets[1:-2].astype(np.uint32) << 16
        words |= octets[2:-1].astype(np.uint32) << 8
        words |= octets[3:]
        if np.isin(words, self._known).any():
            self.suspects[name] += 1
