"""DCE/RPC: the endpoint mapper on TCP 135 and the services on ports that it hands out.

C706 section 12.6, MS-RPCE.
"""

from __future__ import annotations

from typing import Final

from analyzer.protocol import UNSURE, Fit, Payload, Protocol, Reading, Says, ports

_TYPES: Final = {
    0: ("request", Says.REQUEST),
    2: ("response", Says.RESPONSE),
    3: ("fault", Says.RESPONSE),
    11: ("bind", Says.REQUEST),
    12: ("bind_ack", Says.RESPONSE),
    13: ("bind_nak", Says.RESPONSE),
    14: ("alter_context", Says.REQUEST),
    15: ("alter_context_resp", Says.RESPONSE),
    16: ("auth3", Says.REQUEST),
    17: ("shutdown", Says.RESPONSE),
    18: ("co_cancel", Says.REQUEST),
    19: ("orphaned", Says.REQUEST),
}
_UNANSWERED: Final = frozenset({16, 18, 19})


def recognise(payload: Payload) -> Reading:
    """A connection-oriented PDU: version 5, little-endian ASCII, a known type and a length it can have."""
    data = payload.data
    if payload.transport != "tcp" or len(data) < 16:
        return UNSURE
    length = int.from_bytes(data[8:10], "little")
    if data[0] != 5 or data[1] > 1 or data[2] not in _TYPES or data[4:8] != b"\x10\0\0\0" or length < 16:
        return UNSURE
    name, says = _TYPES[data[2]]
    due = says is Says.REQUEST and data[2] not in _UNANSWERED
    return Reading(Fit.YES, says, due, f"DCE/RPC {name}")


PROTOCOL = Protocol(
    name="rpc",
    title="Windows RPC",
    ports=ports("tcp", 135),
    recognise=recognise,
    distinctive=True,
    openings={"tcp": frozenset({5})},
)
