"""What the compiled part takes over comes out as when the reference sees every packet itself."""

from __future__ import annotations

import pickle
import random
from dataclasses import asdict

import numpy as np
import pytest
from everywhere import CORPUS, ROOT, decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from tftpwire import ack, data, error, oack, rrq, wrq

from analyzer.tables import PACKETS, QUOTES, UDP, Kind, Packets
from analyzer.transfers.tftp import pick, session
from analyzer.transfers.tftp.gather import COLUMNS, Sessions

fast = pytest.importorskip(
    "analyzer.transfers.tftp.fast", reason="the compiled part was not built (no C compiler)"
)

MS = 1_000_000
SERVER, OTHER = 0x0A00_0001, 0x0A00_0002


def test_numbers_are_those_of_the_reference() -> None:
    known = {**vars(pick), **vars(session)}
    assert {name: known[name] for name in fast.NUMBERS} == fast.NUMBERS


class Told:
    """Datagrams, one after the other, as batches of PACKETS."""

    def __init__(self) -> None:
        self.rows: list[dict[str, int]] = []
        self.payloads: list[bytes] = []
        self.time = 10**9

    def say(self, payload: bytes, source: tuple[int, int], target: tuple[int, int], **more: int) -> None:
        names = ("src_lo", "src_port", "dst_lo", "dst_port")
        row = dict(zip(names, (*source, *target), strict=True))
        wire = len(payload)
        row |= {"time": self.time, "digest": len(self.rows), "payload_wire": wire, "ip_id": 1}
        self.rows.append(row | more)
        self.payloads.append(payload[:64])

    def batches(self, size: int) -> list[Packets]:
        made = []
        for begin in range(0, len(self.rows), size):
            rows, payloads = self.rows[begin : begin + size], self.payloads[begin : begin + size]
            columns = PACKETS.empty(len(rows))
            columns["frame"] = np.arange(begin + 1, begin + 1 + len(rows))
            columns["version"][:], columns["kind"][:], columns["transport"][:] = 4, Kind.TRANSPORT, UDP
            buffer = b""
            for at, (row, payload) in enumerate(zip(rows, payloads, strict=True)):
                for name, value in row.items():
                    columns[name][at] = value
                columns["payload"][at], columns["payload_captured"][at] = len(buffer) + 8, len(payload)
                buffer += bytes(4) + (row["payload_wire"] + 8).to_bytes(2) + bytes(2) + payload
            made.append(Packets(columns, QUOTES.empty(), buffer))
        return made


def same(batches: list[Packets], travels: bool = False) -> Sessions:
    """Compares both on all batches; the compiled one, of which nothing was asked in between."""
    one, other = Sessions(), Sessions(compiled=False)
    assert one._runs is not None
    assert other._runs is None
    for batch in batches:
        for some, others in zip(
            *(pick.candidates(batch, compiled=compiled) for compiled in (True, False)), strict=True
        ):
            assert some.tolist() == others.tolist()
            assert some.dtype == others.dtype
        one.add(batch)
        other.add(batch)
        if travels:
            one = pickle.loads(pickle.dumps(one))
    assert [asdict(each) for each in one.sessions] == [asdict(each) for each in other.sessions]
    assert one.dropped == other.dropped
    assert [list(each.legs) for each in one._clients.values()] == [
        list(each.legs) for each in other._clients.values()
    ]
    return one


DEEDS = (
    *("data", "ack") * 8,
    *("data again", "ack again", "skip", "late", "short", "oack", "error", "ask", "other port", "other host"),
    *("to asked", "copy", "fragment", "swap", "as client", "wrap", "beyond"),
)


class Transfer:
    """Two ends that go on with a file, and do what is asked of them besides."""

    def __init__(self, told: Told, number: int, writes: bool, first: int) -> None:
        self.told, self.writes = told, writes
        self.client, self.server = (0x0A00_0100 + number, 3000), (SERVER, 50_000 + number)
        self.sent = self.acked = first
        self.ask()

    def ask(self) -> None:
        self.told.say((wrq if self.writes else rrq)("a.bin"), self.client, (SERVER, 69))

    def block(self, number: int, size: int = 512, **more: int) -> None:
        ends = (self.client, self.server) if self.writes else (self.server, self.client)
        self.told.say(data(number % 65536, size), *ends, **more)

    def answer(self, number: int, **more: int) -> None:
        ends = (self.server, self.client) if self.writes else (self.client, self.server)
        self.told.say(ack(number % 65536), *ends, **more)

    def do(self, deed: str, jump: int) -> None:  # noqa: C901 - a list of deeds
        self.told.time += jump
        match deed:
            case "data":
                self.sent += 1
                self.block(self.sent)
            case "ack":
                self.acked = self.sent
                self.answer(self.acked)
            case "data again":
                self.block(self.sent)
            case "ack again":
                self.answer(self.acked)
            case "skip":
                self.sent += 3
                self.block(self.sent)
            case "late":
                self.block(max(0, self.sent - 2))
            case "short":
                self.sent += 1
                self.block(self.sent, 100)
            case "oack":
                self.told.say(oack(blksize="1024", windowsize="4"), self.server, self.client)
            case "error":
                self.told.say(error(3, "full"), self.server, self.client)
            case "ask":
                self.ask()
            case "other port":
                self.told.say(data(1), (SERVER, 51_000), self.client)
            case "other host":
                self.told.say(ack(self.acked % 65536), (OTHER, 69), self.client)
            case "to asked":
                self.told.say(ack(self.acked % 65536), self.client, (SERVER, 69))
            case "copy" if self.told.rows:
                self.told.rows.append(self.told.rows[-1])
                self.told.payloads.append(self.told.payloads[-1])
            case "fragment":
                self.sent += 1
                self.block(self.sent, 512, fragmented=1)
            case "swap":
                self.block(self.sent + 2)
                self.block(self.sent + 1)
                self.sent += 2
            case "as client":
                self.told.say(rrq("b.bin"), self.server, self.client)
            case "wrap":
                self.sent = self.acked = max(self.sent, 65533)
                self.block(self.sent)
            case "beyond":
                self.answer(self.sent + 1)


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    transfers=st.integers(1, 4),
    batch=st.sampled_from([1, 3, 10, 1000]),
    travels=st.booleans(),
    calm=st.sampled_from([0, 0, 20, 200]),
)
def test_any_sequence_ends_the_same(seed: int, transfers: int, batch: int, travels: bool, calm: int) -> None:
    chance, told = random.Random(seed), Told()
    going = [
        Transfer(told, number, chance.random() < 0.5, chance.choice([0, 0, 65530]))
        for number in range(transfers)
    ]
    deeds = [*("data", "ack") * calm, *DEEDS]
    for _ in range(120):
        jump = chance.choice([1, 20, 150, 3000, 0, -5]) * MS
        chance.choice(going).do(chance.choice(deeds), jump)
    same(told.batches(batch), travels)


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("writes", [False, True])
def test_a_transfer_in_order_is_taken_over(
    window: int, writes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    going = Transfer(told, 0, writes, 0)
    for number in range(200):
        going.do("data", 5 * MS)
        if number % window == window - 1:
            going.do("ack", 5 * MS)
    going.do("short", 5 * MS)
    going.do("ack", 5 * MS)
    (batch,) = told.batches(1000)
    found = same([batch])
    (one,) = found._sessions
    (leg,) = one.legs.values()
    assert (leg.sent, leg.acked, leg.top) == (201, 201, 100)
    one_by_one: list[int] = []
    datagram = Sessions._datagram
    monkeypatch.setattr(
        Sessions, "_datagram", lambda self, *rest: (one_by_one.append(1), datagram(self, *rest))[1]
    )
    looked = Sessions()
    looked.add(batch)
    assert len(one_by_one) == 2  # the request and the first block
    assert looked._runs is not None
    assert len(looked._runs) == 1
    assert looked.sessions == found.sessions
    assert len(looked._runs) == 0
    runs = fast.Runs()
    rows, opcodes = pick.candidates(batch)
    octets = np.frombuffer(batch.buffer, np.uint8)
    whole = list(runs.take(batch.columns, octets, rows, opcodes, bytearray(len(rows))))
    # Of legs that nobody handed over it takes nothing.
    assert [(opcode, row[0]) for opcode, row in whole] == [
        (int(opcode), int(batch.columns["frame"][row])) for opcode, row in zip(opcodes, rows, strict=True)
    ]
    assert [row for _, row in whole] == [
        tuple(int(batch.columns[name][row]) for name in COLUMNS) for row in rows.tolist()
    ]
    assert list(runs.take(batch.columns, octets, rows, opcodes, bytearray([1]) * len(rows))) == []


def test_more_transfers_at_once_than_there_are_places() -> None:
    told = Told()
    going = [Transfer(told, number, number % 2 == 0, 0) for number in range(1500)]
    for _ in range(6):
        for one in going:
            one.do("data", 1000)
            one.do("ack", 1000)
    same(told.batches(700))


def test_times_that_no_clock_has() -> None:
    told = Told()
    going = Transfer(told, 0, False, 0)
    for time in (0, 1, 2, (1 << 63) - 5, -(1 << 63), 3, 4):
        told.time = time
        going.do("data", 0)
        going.do("ack", 1)
    same(told.batches(4))


def test_samples() -> None:
    paths = [
        path for name in ("firmware", "transfer", "same") for path in ROOT.glob(f"samples/{name}*/*.pcap*")
    ]
    sessions = [len(same(batches).sessions) for _, batches in decoded(paths)]
    assert sum(sessions) >= len(sessions) == len(paths) > 10


def test_public_captures() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"TFTP NOT COMPARED ON PUBLIC CAPTURES: they are not at {CORPUS}")
    assert sum(len(same(batches).sessions) for _, batches in decoded(CORPUS.glob("files/tftp-*/*"))) > 10
