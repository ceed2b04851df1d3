"""CoAP headers and the options that matter here, read for a whole batch at once (RFC 7252 section 3).

The dissector of one message is :mod:`analyzer.protocols.coap`; this one reads the same of thousands, and only
what the message layer and block-wise transfers need.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer import protocols
from analyzer.picking import Claim, rows_of
from analyzer.protocols.coap import BLOCK1, BLOCK2, OBSERVE, SIZE1, SIZE2
from analyzer.tables import UDP, Packets

try:
    from analyzer.transfers.coap import fast as _fast
except ImportError:  # built without a compiler, or for another Python
    _fast = None  # type: ignore[assignment]

COMPILED: Final[ModuleType | None] = _fast
"""The compiled part, None where it was not built."""

Array = np.ndarray[Any, Any]

NAMES: Final = ("coap", "coap-emergency")
"""Protocols whose ports carry CoAP in clear text."""
HEADER: Final = 4
OPTION_BYTES: Final = 256
"""Bytes read of a datagram: header, token and options; the longest Uri-Path segment has 255 (RFC 7252
table 4)."""
OPTIONS: Final = 48
"""Options read of a message."""
Q_BLOCK1, Q_BLOCK2, ECHO = 19, 31, 252
"""RFC 9177 and RFC 9175."""
_KEPT: Final = {
    OBSERVE: "observe", BLOCK2: "block2", BLOCK1: "block1", SIZE2: "size2", SIZE1: "size1",
    Q_BLOCK1: "q_block", Q_BLOCK2: "q_block", ECHO: "echo",
}  # fmt: skip
_BLOCKS: Final = (BLOCK1, BLOCK2, Q_BLOCK1, Q_BLOCK2)
VALUE_BYTES: Final = 4
"""The longest of these values that is a number (Size1)."""


class Fields(NamedTuple):
    """Of each message, by row of ``rows``: what its header and options say; -1 for an absent option.

    ``token`` is the token as a number, ``token_length`` its bytes. ``options`` is where the options begin
    in the
    buffer, ``variable`` where the first Block option does (else where the options end), so that the bytes
    between are the same in all requests for one resource. ``length`` is the payload's, -1 where a cut hides
    it. ``sound`` is False for what is no CoAP message.
    """

    rows: Array
    kind: Array
    code: Array
    mid: Array
    token: Array
    token_length: Array
    observe: Array
    block1: Array
    block2: Array
    size1: Array
    size2: Array
    q_block: Array
    echo: Array
    options: Array
    variable: Array
    length: Array
    sound: Array


def ports() -> frozenset[int]:
    """The UDP ports whose traffic is read as CoAP."""
    claims = (claim for name in NAMES for claim in protocols.load()[name].ports)
    return frozenset(port for transport, port in claims if transport == "udp")


@functools.cache
def claim() -> Claim:
    """The datagrams that may be CoAP: a port of its own, and version 1 in the first byte."""
    return Claim(UDP, ports(), least=HEADER, opening=frozenset(range(0x40, 0x80)))


def candidates(packets: Packets) -> Array:
    """Rows of the datagrams that may be CoAP."""
    return rows_of(packets, claim())


def read(packets: Packets, rows: Array, *, compiled: bool = True) -> Fields:
    """The fields of the messages in ``rows``; by the compiled part where it was built and is not unwanted."""
    columns = packets.columns
    if compiled and COMPILED is not None:
        names = [name for name in Fields._fields if name not in ("rows", "token", "sound")]
        out = {name: np.empty(len(rows), np.int64) for name in names}
        out |= {"token": np.empty(len(rows), np.uint64), "sound": np.empty(len(rows), np.uint8)}
        COMPILED.fields(
            np.frombuffer(packets.buffer, np.uint8),
            columns,
            np.ascontiguousarray(rows, np.int64),
            out,
        )
        return Fields(rows=rows, **{**out, "sound": out["sound"].view(bool)})
    octets = np.frombuffer(packets.buffer, np.uint8)
    begins = columns["payload"][rows].astype(np.int64)
    wire = columns["payload_wire"][rows].astype(np.int64)
    ends = begins + np.minimum(columns["payload_captured"][rows], OPTION_BYTES)
    first, code = octets[begins], octets[begins + 1]
    kind, length = (first >> 4 & 3).astype(np.int64), (first & 15).astype(np.int64)
    mid = octets[begins + 2].astype(np.int64) << 8 | octets[begins + 3]
    classes = code >> 5
    sound = (length <= 8) & ((classes == 0) | (classes == 2) | (classes == 4) | (classes == 5))
    # RFC 7252 section 4.1: an empty message has nothing after its header; real stacks add the token.
    sound &= (code != 0) | ((kind != 1) & (wire == HEADER + length))
    sound &= ~((code != 0) & (kind == 3)) & ~((classes == 0) & (code != 0) & (kind == 2))
    starts = begins + HEADER + length
    sound &= (starts <= ends) | (wire > ends - begins)
    token = np.zeros(len(rows), np.uint64)
    for place in range(8):
        here = (length > place) & (starts <= ends)
        token[here] = token[here] << np.uint64(8) | octets[begins[here] + HEADER + place]
    found = {name: np.full(len(rows), -1, np.int64) for name in dict.fromkeys(_KEPT.values())}
    variable, payload = np.full(len(rows), -1, np.int64), np.full(len(rows), -1, np.int64)
    _walk(octets, starts, ends, sound & (code != 0), wire > ends - begins, found, variable, payload, sound)
    return Fields(
        rows, kind, code.astype(np.int64), mid, token, length,
        found["observe"], found["block1"], found["block2"], found["size1"], found["size2"],
        found["q_block"], found["echo"],
        starts, variable, np.where(payload < 0, -1, wire - (payload - begins)), sound,
    )  # fmt: skip


def _walk(
    octets: Array, starts: Array, ends: Array, wanted: Array, cut: Array,
    found: dict[str, Array], variable: Array, payload: Array, sound: Array,
) -> None:  # fmt: skip
    """Step through the options of all messages at once, one option of each a round."""
    last = len(octets) - 1
    at = starts.copy()
    number = np.zeros(len(starts), np.int64)
    active = np.flatnonzero(wanted)
    for _ in range(OPTIONS):
        over = at[active] >= ends[active]
        done = active[over]
        # The options reach the end of what is held: the end of the message, or of what was captured.
        whole = ~cut[done]
        payload[done[whole]] = at[done[whole]]
        active = active[~over]
        if not len(active):
            break
        begin = at[active]
        head = octets[begin]
        marker = head == 0xFF
        payload[active[marker]] = begin[marker] + 1
        active, begin, head = active[~marker], begin[~marker], head[~marker]
        delta, place = _extended(octets, head >> 4, begin + 1, last)
        size, place = _extended(octets, head & 15, place, last)
        bad = (head >> 4 == 15) | (head & 15 == 15)
        short = ~bad & (place + size > ends[active])
        sound[active[bad | (short & ~cut[active])]] = False
        good = ~bad & ~short
        variable[active[short & (variable[active] < 0)]] = begin[short & (variable[active] < 0)]
        active, begin, place = active[good], begin[good], place[good]
        delta, size = delta[good], size[good]
        number[active] += delta
        for option, name in _KEPT.items():
            hits = np.flatnonzero(number[active] == option)
            if not len(hits):
                continue
            rows = active[hits]
            found[name][rows] = _number(octets, place[hits], size[hits])
            if option in _BLOCKS:
                fresh = variable[rows] < 0
                variable[rows[fresh]] = begin[hits][fresh]
        at[active] = place + size
    unset = variable < 0
    variable[unset] = at[unset]


def _extended(octets: Array, nibble: Array, place: Array, last: int) -> tuple[Array, Array]:
    """Option delta or length, and where what follows it begins (RFC 7252 section 3.1)."""
    value = nibble.astype(np.int64)
    one, two = nibble == 13, nibble == 14
    high = octets[np.minimum(place, last)].astype(np.int64)
    low = octets[np.minimum(place + 1, last)].astype(np.int64)
    value = np.where(one, high + 13, np.where(two, (high << 8 | low) + 269, value))
    return value, place + one + 2 * two


def _number(octets: Array, place: Array, size: Array) -> Array:
    """Option values as numbers; 0 for those too long to be one."""
    value = np.zeros(len(place), np.int64)
    fits = size <= VALUE_BYTES
    for step in range(VALUE_BYTES):
        here = fits & (size > step)
        value[here] = value[here] << 8 | octets[place[here] + step]
    return value
