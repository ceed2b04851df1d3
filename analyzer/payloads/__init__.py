"""Which payloads tell the same, so that one flow of many can be asked what they are."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping
from typing import Final

import numpy as np

from analyzer import protocols
from analyzer.conversations import Conversations
from analyzer.kinds import Array, kinds, members
from analyzer.payloads.readers import Readers, abreast, details, equal, places
from analyzer.protocol import Protocol, Reading
from analyzer.tables import TCP, UDP, Heads

__all__ = ["TFTP_OPCODES", "Readers", "alike", "claims", "details", "equal"]

NAMES: Final = {TCP: "tcp", UDP: "udp"}
TFTP_OPCODES: Final = frozenset((b"\0\3", b"\0\4", b"\0\5", b"\0\6"))
"""DATA, ACK, ERROR, OACK (RFC 1350 section 5, RFC 2347): what a leg begins with whose request is not here."""


def alike(found: Conversations) -> Array:
    """A number for each row; 0 without payloads. Rows that share one have payloads that tell the same.

    That is: their ports are claimed by the same protocols, and in each of their heads, in the order in which
    they came, every protocol that may be asked reads the same (but for the words of the detail).
    """
    heads = found.flows.heads
    rows = heads.rows
    numbers = np.zeros(len(found), np.int64)
    if not len(rows):
        return numbers
    readers = Readers(found)
    transport, ports = found.columns["transport"][rows], [found.columns[f"{end}_port"][rows] for end in "ab"]
    firsts, of = kinds((transport, *(claims(transport, port) for port in ports)))
    of_row = heads.slot >> 1
    owner = np.cumsum(np.concatenate(([False], of_row[1:] != of_row[:-1])))
    said = np.zeros(len(owner), np.int64)
    for first, mine in zip(firsts.tolist(), members(of[owner], len(firsts)), strict=True):
        name = NAMES.get(int(transport[first]), "")
        claiming = [protocol for port in ports for protocol in protocols.claims(name, int(port[first]))]
        said[mine] = _said(readers, claiming, name, mine)
    # The same number means something else where other protocols were asked: so these count too.
    told = kinds((of, *abreast(heads.slot, owner, said, len(rows)), _order(heads, owner, len(rows))))
    numbers[rows] = 1 + told.of
    return numbers


def claims(transport: Array, port: Array) -> Array:
    """A number for each port of each transport: equal where the same protocols claim it, 0 where none
    does."""
    table = _claims()
    return np.where(transport == TCP, table[TCP][port], table[UDP][port])


@functools.cache
def _claims() -> Mapping[int, Array]:
    known: dict[tuple[Protocol, ...], int] = {}
    table = {number: np.zeros(1 << 16, np.int64) for number in NAMES}
    for number, name in NAMES.items():
        for one in protocols.claimed(name):
            table[number][one] = known.setdefault(protocols.claims(name, one), len(known) + 1)
    return table


def _order(heads: Heads, owner: Array, rows: int) -> Array:
    """How the heads from A and those from B of a row follow each other: a bit a head."""
    place, from_b = places(heads.slot), heads.slot & 1 == 1
    bits = np.zeros(rows, np.int64)
    if not from_b.any():
        return bits
    theirs = np.full((int(place.max()) + 1, rows), np.iinfo(np.int64).max)
    theirs[place[~from_b], owner[~from_b]] = heads.frame[~from_b]
    mine, frame = owner[from_b], heads.frame[from_b]
    # A head from B comes after those from B before it, and those from A of earlier frames.
    before = place[from_b] + sum((frames[mine] < frame).astype(np.int64) for frames in theirs)
    np.add.at(bits, mine, 1 << before)
    return bits


def _said(readers: Readers, claiming: Iterable[Protocol], transport: str, which: Array) -> Array:
    """A number for each of the heads ``which``, of one transport; equal where the protocols ``claiming`` and
    those that a payload can be on any port read the same."""
    first, second = readers.opening(which)
    columns = [(first == 0) & (second >= 3) & (second <= 6)]  # TFTP_OPCODES
    asked = dict.fromkeys(claiming)
    columns += [readers.told(protocol, transport, which, _judged).of for protocol in asked]
    openings: dict[Protocol, list[int]] = {}
    for octet in np.flatnonzero(np.bincount(first[first >= 0])).tolist():
        for protocol in protocols.opened(transport, (octet,)):
            openings.setdefault(protocol, []).append(octet)
    for protocol, octets in openings.items():
        if protocol not in asked:
            wanted = np.zeros(257, bool)
            wanted[octets] = True  # its last place, which no octet has, is that of -1
            some = np.flatnonzero(wanted[first])
            column = np.zeros(len(which), np.int64)
            column[some] = 1 + readers.told(protocol, transport, which[some], _judged).of
            columns.append(column)
    return kinds(columns).of


def _judged(reading: Reading) -> Hashable:
    """What the judgements read of a reading."""
    return reading.fit, reading.says, reading.reply_due, bool(reading.detail)
