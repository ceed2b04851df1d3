"""From a dissector's error to a reading: what is missing is not what is wrong."""

from __future__ import annotations

from analyzer.errors import DissectError
from analyzer.protocol import NO, UNSURE, Payload, Reading


def judge(error: DissectError, payload: Payload) -> Reading:
    """The reading of a payload whose dissection stopped with ``error``.

    Running out of bytes contradicts only a complete datagram: a cut payload lacks its end, and a TCP
    segment may be the middle of a message. A wrong value in a datagram contradicts in any case; in a
    TCP segment it may be the middle of a stream.
    """
    if payload.transport == "tcp":
        return UNSURE
    ran_out = error.need > error.have
    return UNSURE if ran_out and payload.cut else NO
