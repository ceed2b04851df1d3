"""Telnet on TCP 23: RFC 854. Option negotiation is recognised, typed text is not."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, ports

_IAC: Final = 0xFF
_COMMANDS: Final = {250: "SB", 251: "WILL", 252: "WONT", 253: "DO", 254: "DONT"}


def recognise(payload: Payload) -> Reading:
    """A segment that begins with an option command; anything else may be text."""
    data = payload.data
    if payload.transport != "tcp" or len(data) < 3 or data[0] != _IAC or data[1] not in _COMMANDS:
        return UNSURE
    return Reading(Fit.YES, detail=f"{_COMMANDS[data[1]]} option {data[2]}")


PROTOCOL = Protocol(
    name="telnet",
    title="Telnet",
    ports=ports("tcp", 23),
    recognise=recognise,
)
