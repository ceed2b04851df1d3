"""The CoAP messages that a batch's faults and transfers are in; what was asked and answered as it should
is not.

Telemetry is most of the traffic of a site. A message that was acknowledged, or a request that was answered,
without an error and in one piece is dropped here, thousands at a time; the rest is looked at one by one.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

import numpy as np

from analyzer.kinds import among
from analyzer.picking import Want, sifted
from analyzer.protocols.coap import ACK, CON, NON, RST
from analyzer.tables import UDP, Packets
from analyzer.transfers.coap.fields import COMPILED, OPTION_BYTES, Fields, candidates, ports, read

Array = np.ndarray[Any, Any]
GET, FETCH = 1, 5
FACTOR: Final = int.from_bytes(os.urandom(8)) | 1
"""Of a hash. New in every process: nobody can prepare a capture whose messages all share a chain."""
_MIX: Final = tuple(
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
)


class Sifted(NamedTuple):
    """Rows of the messages that have to be looked at one by one; ``seen`` is what the compiled part read of
    each, for ``Ledger.take``, and None without it."""

    rows: Array
    seen: Any = None


def sift(packets: Packets, *, compiled: bool = True) -> Sifted:
    """The messages of a batch that are not plainly healthy; by the compiled part where it was built and is
    not unwanted."""
    rows = candidates(packets)
    if compiled and COMPILED is not None:
        kept = np.empty(len(rows), np.int64)
        octets = np.frombuffer(packets.buffer, np.uint8)
        seen = COMPILED.sift(octets, packets.columns, rows, FACTOR, kept)
        return Sifted(kept[: len(seen)], seen)
    return Sifted(rows[_wanted(packets, read(packets, rows, compiled=compiled))])


def wants(packets: Packets) -> Want:
    """The messages that are not plainly healthy, with their options, and the ICMP errors about CoAP."""
    rows = sifted(packets, sift).rows
    quotes = packets.quotes
    of_coap = np.zeros(len(quotes["row"]), bool)
    if len(of_coap):
        for port in ports():
            of_coap |= (quotes["src_port"] == port) | (quotes["dst_port"] == port)
        of_coap &= quotes["transport"] == UDP
    return Want(rows, np.full(len(rows), OPTION_BYTES), np.flatnonzero(of_coap))


def _wanted(packets: Packets, fields: Fields) -> Array:
    """Which messages have to be looked at one by one."""
    kind, code = fields.kind, fields.code
    request, response = (code > 0) & (code < 32), code >= 64
    error = code >= 128
    blocks = (fields.block1 >= 0) | (fields.block2 >= 0) | (fields.q_block >= 0)
    there, back = _ways(packets, fields)
    by_mid, to_mid = _keyed(there, fields.mid), _keyed(back, fields.mid)
    tag = (fields.token * _MIX[3]) ^ fields.token_length.astype(np.uint64)
    by_token, to_token = there ^ tag, back ^ tag
    acknowledges = (kind == ACK) | (kind == RST)
    loud = error | blocks
    answers = among(by_token, to_token[response])
    confirmed = among(by_mid, to_mid[acknowledges]) | (request & answers)
    keep = loud | (request & among(by_token, to_token[response & loud]))
    keep |= (kind == CON) & ~confirmed
    # A request whose answer may come in a later batch; posts that need none are most of what is sent NON.
    keep |= request & ~answers & ((kind != NON) | (code == GET) | (code == FETCH))
    # The answer to an earlier batch's request confirms it; a notification answers none.
    keep |= response & (kind != ACK) & (fields.observe < 0) & ~among(to_token, by_token[request])
    confirms = among(to_mid, by_mid[(kind == CON) & keep])
    strange = ~among(to_mid, by_mid[kind == CON])
    keep |= acknowledges & (confirms | strange)
    return keep & fields.sound


def _ways(packets: Packets, fields: Fields) -> tuple[Array, Array]:
    """Numbers that stand for the two ends in the order of the message, and in that of its answer."""
    columns = packets.columns
    ends = []
    for side in ("src", "dst"):
        hi, lo = columns[f"{side}_hi"][fields.rows], columns[f"{side}_lo"][fields.rows]
        port = columns[f"{side}_port"][fields.rows].astype(np.uint64)
        value = ((hi * _MIX[0]) ^ lo) * _MIX[1] ^ (port + np.uint64(1)) * _MIX[2]
        ends.append(value ^ value >> np.uint64(29))
    source, target = ends
    return source * _MIX[0] + target * _MIX[1], target * _MIX[0] + source * _MIX[1]


def _keyed(way: Array, mid: Array) -> Array:
    key: Array = way ^ (mid.astype(np.uint64) + np.uint64(1)) * _MIX[2]
    return key
