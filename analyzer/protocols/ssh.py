"""SSH on TCP 22: RFC 4253 section 4.2. Both ends begin with their identification."""

from __future__ import annotations

import re
from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, ports
from analyzer.protocols._text import short

_BANNER: Final = rb"SSH-(?:2\.0|1\.[0-9]{1,2})-[\x20-\x7e]*"


def recognise(payload: Payload) -> Reading:
    """An identification string; it does not tell which end sent it."""
    match = re.match(_BANNER, payload.data) if payload.transport == "tcp" else None
    return Reading(Fit.YES, detail=short(match[0])) if match else UNSURE


PROTOCOL = Protocol(
    name="ssh",
    title="SSH",
    ports=ports("tcp", 22),
    recognise=recognise,
    distinctive=True,
    openings={"tcp": frozenset({ord("S")})},
)
