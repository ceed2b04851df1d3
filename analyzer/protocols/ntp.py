"""NTP on UDP 123: RFC 5905 section 7.3; control messages RFC 9327."""

from __future__ import annotations

from typing import Final

from analyzer.protocol import NO, UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_MODES: Final[dict[int, tuple[str, Says, bool | None]]] = {
    1: ("symmetric active", Says.REQUEST, None),
    2: ("symmetric passive", Says.RESPONSE, None),
    3: ("client", Says.REQUEST, True),
    4: ("server", Says.RESPONSE, False),
    5: ("broadcast", Says.ANNOUNCE, False),
}


def recognise(payload: Payload) -> Reading:
    """A header of versions 1 to 4 in a mode of its own."""
    data = payload.data
    if payload.transport != "udp" or not data:
        return UNSURE
    version, mode = data[0] >> 3 & 7, data[0] & 7
    if not 1 <= version <= 4:
        return NO
    if mode in _MODES:
        if payload.wire < 48:
            return NO
        if len(data) < 4:
            return UNSURE
        word, says, due = _MODES[mode]
        return Reading(Fit.YES, says, due, f"NTPv{version} {word}")
    if mode == 6 and version >= 2:
        if payload.wire < 12:
            return NO
        if len(data) < 2:
            return UNSURE
        answer = bool(data[1] & 0x80)
        return Reading(Fit.YES, Says.RESPONSE if answer else Says.REQUEST, not answer, "control")
    if mode == 7:
        return UNSURE
    return UNSURE if version == 1 else NO


PROTOCOL = Protocol(
    name="ntp",
    title="NTP",
    ports=ports("udp", 123),
    recognise=recognise,
    groups=frozenset({"224.0.1.1", "ff02::101", "ff05::101"}),
    plain="ntp",
)
