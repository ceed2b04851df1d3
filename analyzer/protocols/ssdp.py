"""SSDP, the discovery part of UPnP: HTTP-formed text in UDP datagrams.

UPnP Device Architecture 1.1 section 1. Igor lists UDP 1901 as well; what it carries there is not
public, so other bytes on 1901 contradict nothing.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import fields, may_start, start_line

PORT: Final = 1900

_BACKGROUND: Final = (
    rb"^[ \t]*(?:"
    rb"(?:USER-AGENT|SERVER)[ \t]*:[^\r\n]*"
    rb"(?:Microsoft[- ]Windows|Windows(?:-[\w.-]+)?/|Chrom(?:e|ium)|Edg(?:e|A)?/|Firefox|MSIE)"
    rb"|ST[ \t]*:[ \t]*urn:dial-multiscreen-org:)"
)
_WINDOWS: Final = (
    rb"M-SEARCH \* HTTP/1\.1\r\nHost: ?[\w.:\[\]]{1,60}\r\n"
    rb"ST: ?(?:urn:schemas-upnp-org:|urn:schemas-wifialliance-org:|urn:Microsoft |upnp:rootdevice\r)"
)
"""How Windows' own SSDP service writes a search for a router, a media player or a neighbour: no product is
named, but ``Host`` is spelt so and ``ST`` comes second (public captures of several versions)."""


def is_host_background(data: bytes) -> bool:
    """Whether an SSDP text says that an operating system or a browser sent it, not an appliance.

    Windows' SSDP service and browsers looking for a screen (DIAL) search on every network they see.
    """
    return (
        re.search(_BACKGROUND, data, re.IGNORECASE | re.MULTILINE) is not None
        or re.match(_WINDOWS, data) is not None
    )


def _detail(method: str, data: bytes) -> str:
    found = fields(data)
    what = found.get("nts", "") or found.get("st", "")
    if method == "NOTIFY" and "nt" in found:
        what = f"{what} {found['nt']}".strip()
    product = found.get("user-agent") or found.get("server") or ""
    return " ".join(part for part in (method, what, f"({product})" if product else "") if part)


def recognise(payload: Payload) -> Reading:
    """An M-SEARCH, a NOTIFY or a search's answer. Nobody is obliged to match a search."""
    data = payload.data
    line = start_line(data)
    if line is not None and payload.transport == "udp":
        if line.status:
            return Reading(Fit.YES, Says.RESPONSE, False, _detail(str(line.status), data))
        if line.method == "M-SEARCH":
            return Reading(Fit.YES, Says.REQUEST, False, _detail(line.method, data))
        if line.method == "NOTIFY":
            return Reading(Fit.YES, Says.ANNOUNCE, False, _detail(line.method, data))
    if payload.cut and may_start(data):
        return UNSURE
    at_home = PORT in (payload.src_port, payload.dst_port)
    return NO if at_home and data and payload.transport == "udp" else UNSURE


PROTOCOL = Protocol(
    name="ssdp",
    title="SSDP (UPnP discovery)",
    ports=ports("udp", 1900, 1901),
    recognise=recognise,
    distinctive=True,
    openings={"udp": frozenset(range(ord("A"), ord("Z") + 1))},
    groups=frozenset({"239.255.255.250", "ff02::c", "ff05::c"}),
    plain="ssdp",
)
