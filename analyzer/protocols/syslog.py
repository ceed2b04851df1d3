"""Syslog on UDP 514: RFC 5424, RFC 3164. A relay has to take any datagram there as syslog."""

from __future__ import annotations

import re
from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports
from analyzer.protocols._text import short

_PRIORITY: Final = rb"<([0-9]{1,3})>"


def recognise(payload: Payload) -> Reading:
    """A message that begins with a priority of at most 191; nothing else on the port contradicts."""
    match = re.match(_PRIORITY, payload.data)
    if payload.transport != "udp" or match is None or int(match[1]) > 191:
        return UNSURE
    return Reading(Fit.YES, Says.ANNOUNCE, False, short(payload.data.split(b"\n", 1)[0]))


PROTOCOL = Protocol(
    name="syslog",
    title="Syslog",
    ports=ports("udp", 514),
    recognise=recognise,
)
