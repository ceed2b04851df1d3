"""ICMPv6: RFC 4443, with neighbour discovery (RFC 4861) and multicast listener discovery (RFC 3810)."""

from __future__ import annotations

from analyzer.protocol import Protocol

PROTOCOL = Protocol(
    name="icmpv6",
    title="ICMPv6",
    transports=frozenset({"icmpv6"}),
    groups=frozenset({"ff02::1", "ff02::2", "ff02::16"}),
)
