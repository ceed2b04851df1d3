"""Which payloads tell the same, so that one flow of many can be asked what they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from analyzer import protocols
from analyzer.conversations import Conversations
from analyzer.kinds import Array, among, distinct, kinds, members
from analyzer.protocol import Payload, Protocol
from analyzer.tables import TCP, UDP, Heads

NAMES: Final = {TCP: "tcp", UDP: "udp"}
REMEMBERED: Final = 1 << 14
"""Distinct payloads remembered of one protocol: a few megabytes."""
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
    readers = _Readers(found)
    transport, ports = found.columns["transport"][rows], [found.columns[f"{end}_port"][rows] for end in "ab"]
    firsts, of = kinds((transport, *(claims(transport, port) for port in ports)))
    owner = np.searchsorted(rows, heads.slot >> 1)
    said = np.zeros(len(owner), np.int64)
    for first, mine in zip(firsts.tolist(), members(of[owner], len(firsts)), strict=True):
        name = NAMES.get(int(transport[first]), "")
        claiming = [protocol for port in ports for protocol in protocols.claims(name, int(port[first]))]
        said[mine] = readers.said(claiming, name, mine)
    # The same number means something else where other protocols were asked: so these count too.
    told = kinds((of, *_abreast(heads, owner, said, len(rows)), _order(heads, owner, len(rows))))
    numbers[rows] = 1 + told.of
    return numbers


def claims(transport: Array, port: Array) -> Array:
    """A number for each port of each transport: equal where the same protocols claim it, 0 where none
    does."""
    known: dict[tuple[Protocol, ...], int] = {}
    table = {number: np.zeros(1 << 16, np.int64) for number in NAMES}
    for number, name in NAMES.items():
        for one in protocols.claimed(name):
            table[number][one] = known.setdefault(protocols.claims(name, one), len(known) + 1)
    return np.where(transport == TCP, table[TCP][port], table[UDP][port])


def _abreast(heads: Heads, owner: Array, said: Array, rows: int) -> list[Array]:
    """What each head of a row says, as a column for each place that a head may have; 0 where there is
    none."""
    place = np.arange(len(owner)) - np.searchsorted(heads.slot, heads.slot)
    deepest = int(place.max()) + 1
    table = np.zeros((2 * deepest, rows), np.int64)
    table[2 * place + (heads.slot & 1), owner] = 1 + said
    return list(table)


def _order(heads: Heads, owner: Array, rows: int) -> Array:
    """How the heads from A and those from B of a row follow each other: a bit a head."""
    by_frame = np.lexsort((heads.frame, owner))
    mine = owner[by_frame]
    place = np.arange(len(mine)) - np.searchsorted(mine, mine)
    bits = np.zeros(rows, np.int64)
    np.add.at(bits, mine, (heads.slot[by_frame] & 1) << place)
    return bits


class _Readers:
    """The protocols at work on the heads of a capture."""

    def __init__(self, found: Conversations) -> None:
        self.heads = found.flows.heads
        self.octets = self.heads.octets.tobytes()
        row, from_b = self.heads.slot >> 1, (self.heads.slot & 1) == 1
        a_port, b_port = found.columns["a_port"][row], found.columns["b_port"][row]
        self.source, self.target = np.where(from_b, b_port, a_port), np.where(from_b, a_port, b_port)
        self.numbers: dict[object, int] = {}
        """What a payload can tell → its number."""

    def said(self, claiming: Iterable[Protocol], transport: str, which: Array) -> Array:
        """A number for each of the heads ``which``, of one transport; equal where the protocols ``claiming``
        and those that a payload can be on any port read the same."""
        first, second = self._octet(which, 0), self._octet(which, 1)
        columns = [(first == 0) & (second >= 3) & (second <= 6)]  # TFTP_OPCODES
        asked = dict.fromkeys(claiming)
        columns += [self._read(protocol, transport, which) for protocol in asked]
        openings: dict[Protocol, list[int]] = {}
        for octet in distinct(first[first >= 0]).tolist():
            for protocol in protocols.opened(transport, (octet,)):
                openings.setdefault(protocol, []).append(octet)
        for protocol, octets in openings.items():
            if protocol not in asked:
                some = np.flatnonzero(among(first, octets))
                column = np.zeros(len(which), np.int64)
                column[some] = 1 + self._read(protocol, transport, which[some])
                columns.append(column)
        return kinds(columns).of

    def _octet(self, which: Array, place: int) -> Array:
        """A byte of each head, -1 behind its end."""
        octets = np.full(len(which), -1, np.int64)
        longer = np.flatnonzero(self.heads.size[which] > place)
        octets[longer] = self.heads.octets[self.heads.begin[which[longer]] + place]
        return octets

    def _read(self, protocol: Protocol, transport: str, which: Array) -> Array:
        """A number for what ``protocol`` reads in each of the heads."""
        recognise = protocol.recognise
        numbers = np.zeros(len(which), np.int64)
        if recognise is None:
            return numbers
        claimed = [port for name, port in protocol.ports if name == transport]
        known: dict[tuple[bytes, int, int, int], int] = {}
        for place, (begin, size, wire, source, target) in enumerate(
            zip(
                self.heads.begin[which].tolist(),
                self.heads.size[which].tolist(),
                self.heads.wire[which].tolist(),
                *(
                    # A protocol looks at a port only to see whether it is its own.
                    np.where(among(port[which], claimed), port[which], 0).tolist()
                    for port in (self.source, self.target)
                ),
                strict=True,
            )
        ):
            payload = (self.octets[begin : begin + size], wire, source, target)
            number = known.get(payload)
            if number is None:
                data, *_ = payload
                reading = recognise(Payload(data, wire, transport, source, target))
                told = (reading.fit, reading.says, reading.reply_due, bool(reading.detail))
                number = self.numbers.setdefault(told, len(self.numbers))
                if len(known) >= REMEMBERED:
                    known.clear()
                known[payload] = number
            numbers[place] = number
        return numbers
