"""What the readers say of many payloads is what they say of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from judging import samples, table
from traffic import Traffic

from analyzer import classify, payloads, protocols
from analyzer.conversations import Conversations
from analyzer.payloads import Readers, details, equal
from analyzer.pipeline import Options
from analyzer.pipeline.reading import read
from analyzer.protocol import Payload, Reading


def whole(reading: Reading) -> Any:
    return reading


def test_each_payload_is_told_as_its_reader_reads_it() -> None:
    """With the compiled part and without, of every sample, by every protocol."""
    told = 0
    for path, _ in samples():
        found = Conversations(read(Options((str(path),)), None)[1])
        heads, columns = found.flows.heads, found.columns
        row, back = heads.slot >> 1, heads.slot & 1
        for number, transport in payloads.NAMES.items():
            which = np.flatnonzero(columns["transport"][row] == number)[::3]
            ports = [(int(columns["a_port"][row[at]]), int(columns["b_port"][row[at]])) for at in which]
            each = [
                Payload(
                    heads.octets[heads.begin[at] :][: heads.size[at]].tobytes(),
                    int(heads.wire[at]),
                    transport,
                    *(ends[::-1] if back[at] else ends),
                )
                for at, ends in zip(which.tolist(), ports, strict=True)
            ]
            for protocol in protocols.load().values():
                if protocol.recognise is None:
                    continue
                expected = [protocol.recognise(payload) for payload in each]
                for readers in (Readers(found), Readers(found, compiled=False)):
                    of, values = readers.told(protocol, transport, which, whole)
                    assert [values[one] for one in of] == expected, protocol.name
                told += len(expected)
    assert told > 10_000


def test_a_protocol_that_reads_nothing_tells_the_same_of_all() -> None:
    found = Conversations(table(Traffic().udp(0, "10.0.0.1", 1, "10.0.0.2", 2, b"x")))
    (opaque,) = (one for one in protocols.load().values() if one.name == "igor-sampling")
    assert opaque.recognise is None
    assert Readers(found).told(opaque, "udp", found.all, whole).of.tolist() == [0]


def test_what_is_remembered_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr("analyzer.payloads.readers.REMEMBERED", 2)
    traffic = Traffic()
    for at in range(12):
        traffic.udp(at, "10.0.0.1", 40000 + at, "10.0.0.2", 5683, b"\x40\x01\0%cA" % (at % 4))
    found = Conversations(table(traffic))
    coap = protocols.load()["coap"]
    told = [Readers(found, compiled=way).told(coap, "udp", found.all, whole) for way in (True, False)]
    assert [told[0].values[one] for one in told[0].of] == [told[1].values[one] for one in told[1].of]


def test_the_details_are_those_of_each_conversation() -> None:
    some = 0
    for path, _ in samples():
        found = classify.recognise(read(Options((str(path),)), None)[1])
        expected = [one.detail for one in found]
        told = details(found, found.all)
        assert told.each() == expected
        assert all(isinstance(line, str) for line in told.values)
        rows = found.all[::-2]
        assert details(found, rows).each() == [expected[row] for row in rows]
        some += len([detail for detail in expected if detail])
    assert some > 200
    assert details(Conversations(table(Traffic())), np.zeros(0, np.int64)).each() == []


def test_rows_are_equal_where_the_bytes_of_their_payloads_are() -> None:
    some = 0
    for path, _ in samples():
        found = Conversations(read(Options((str(path),)), None)[1])
        for rows in (found.all, found.all[::2]):
            data = [tuple(tuple(head.data for head in side) for side in one.heads) for one in found.at(rows)]
            known: dict[object, int] = {}
            assert equal(found, rows).tolist() == [known.setdefault(one, len(known)) for one in data]
            some += len(data) - len(known)
    assert some > 100
    assert equal(Conversations(table(Traffic())), np.zeros(0, np.int64)).tolist() == []


def test_bytes_are_compared_alike_with_the_compiled_part_and_without() -> None:
    path, _ = next(iter(samples()))
    found = Conversations(read(Options((str(path),)), None)[1])
    which = np.arange(len(found.flows.heads.slot))
    one, other = (Readers(found, compiled=compiled).same(which).tolist() for compiled in (True, False))
    assert one == other
    assert len(set(one)) > 1
