"""Conversations in columns: what is asked of one and given to all is what each would have answered itself."""

from __future__ import annotations

import ipaddress
import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import (
    CURRENT,
    DOOR,
    FOUND,
    GATEWAY,
    GET,
    LAPTOP,
    NODE,
    NOTIFY,
    OTHER,
    SEARCH,
    address,
    recognised,
    samples,
    table,
    talk,
)
from traffic import ACK, FIN, PSH, RST, SYN, Traffic

from analyzer import classify, payloads, pipeline, transports
from analyzer.conversations import Conversations, Facts
from analyzer.kinds import Kinds
from analyzer.pipeline import Options

# ---------------------------------------------------------------- one by one


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls a function as if no two conversations were alike."""

    def run(function: Any, *arguments: Any, **more: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(
                Conversations, "kinds", lambda _self, rows, _signature: Kinds(rows, np.arange(len(rows)))
            )
            patch.setattr(payloads, "alike", lambda found: found.all + 1)
            return function(*arguments, **more)

    return run


@pytest.mark.parametrize("path", [path for path, _ in samples()], ids=lambda path: path.parent.name)
def test_the_samples_read_the_same_one_by_one(path: Path, one_by_one: Any) -> None:
    declared = Options((str(path),), site=str(path.parent / "site.yaml"))
    for options in (declared, Options((str(path),))):
        assert one_by_one(pipeline.check, options) == pipeline.check(options)
    assert one_by_one(pipeline.flows, declared) == pipeline.flows(declared)


ENDS = (GATEWAY, NODE, OTHER, LAPTOP, DOOR, "239.255.255.250", "10.20.1.255", "2001:db8::1", "2001:db8::2")
PORTS = (69, 80, 443, 1900, 5683, 47808, 50195, 50201, 50202, 1480, 40000, 40001, 2000, 60000, 53)
PAYLOADS = (
    *(b"", SEARCH, FOUND, NOTIFY, GET, b"HTTP/1.1 200 OK\r\n\r\n", b"hello", b"\xaa\xbb"),
    *(b"\x41\1\0\1\7\xb5light", b"\x61\x45\0\1\7\xffon", b"\x51\2\0\x09\7\xb5event", b"\x70\0\0\1"),
    *(b"\0\1node.bin\0octet\0", b"\0\3\0\1" + b"x" * 512, b"\0\3\0\2y", b"\0\4\0\1", b"\0\4\0\2"),
    *(b"\0\5\0\1no such file\0", b"\0\6tsize\x005000\0"),
    b"\x81\x0b\0\x0c\1\x20\xff\xff\0\xff\x10\x08",
    b"\x81\x0a\0\x11\1\4\0\5\1\x0c\x0c\0\0\0\1\x19\x55",
    b"\x81\x0b\0\x18\1\x20\xff\xff\0\xff\x10\0\xc4\2\0\0\1\x22\1\xe0\x91\3\x21\5",
    b"\x17\3\3\0\x20" + b"t" * 32,
)


def made(draw: random.Random, count: int) -> Traffic:
    """Traffic of every sort between a few hosts, much of it nonsense."""
    traffic = Traffic()
    for _ in range(count):
        source, target = draw.choice(ENDS[:5]), draw.choice(ENDS[:7])
        if draw.random() < 0.1:
            source, target = draw.sample(ENDS[7:], 2)
        at, sport, dport = draw.random() * draw.choice((1, 400)), draw.choice(PORTS), draw.choice(PORTS)
        sort = draw.random()
        if sort < 0.5:
            traffic.udp(at, source, sport, target, dport, draw.choice(PAYLOADS))
            if draw.random() < 0.5:
                traffic.udp(at + draw.random(), target, dport, source, sport, draw.choice(PAYLOADS))
        elif sort < 0.65:
            flags = draw.choice((SYN, SYN | ACK, ACK, PSH | ACK, RST, RST | ACK, FIN | ACK))
            traffic.tcp(at, source, sport, target, dport, flags, draw.choice(PAYLOADS))
        elif sort < 0.75:
            traffic.connect(at, source, sport, target, dport, draw.choice(PAYLOADS))
        elif ipaddress.ip_address(source).version == 6:
            continue
        elif sort < 0.85:
            traffic.read_file(
                at, source, target, sport=draw.choice((2000, 69)), tid=draw.choice((50123, 60000))
            )
        elif sort < 0.92:
            traffic.arp(at, source, target)
        else:
            code, protocol = draw.choice((0, 1, 3, 4, 9, 13)), draw.choice((6, 17))
            traffic.unreachable(at, draw.choice(ENDS[:5]), source, sport, target, dport, code, protocol)
    return traffic


@pytest.mark.parametrize("seed", range(12))
def test_made_traffic_reads_the_same_one_by_one(seed: int, one_by_one: Any, tmp_path: Path) -> None:
    draw = random.Random(seed)
    path = str(made(draw, draw.choice((10, 60, 300))).write(tmp_path / "made.pcap"))
    for options in (Options((path,), hosts=CURRENT), Options((path,), hosts=CURRENT, strict=True)):
        assert one_by_one(pipeline.check, options) == pipeline.check(options)
    assert one_by_one(pipeline.flows, Options((path,))) == pipeline.flows(Options((path,)))


# ---------------------------------------------------------------- a sequence


def test_a_conversation_is_the_same_whenever_it_is_asked_for() -> None:
    found = recognised(Traffic().coap(0, GATEWAY, NODE).coap(1, NODE, GATEWAY))
    assert len(found) == 2
    assert [one.row for one in found] == [0, 1]
    assert found[0] == next(iter(found))
    assert found[-1] == found[1] != found[0]
    assert found[:1] == [found[0]]
    assert len({found[0], found[0], found[1]}) == 2
    found[0].protocol = "x"
    assert (found[0].protocol, found[1].protocol) == ("x", "coap")
    with pytest.raises(IndexError):
        found[2]


def test_columns_follow_the_direction() -> None:
    found = recognised(Traffic().udp(0, NODE, 5683, GATEWAY, 40000, b"\x61\x45\0\1\7"))
    assert not found.forward[0]
    assert [port.tolist() for port in found.pair("port")] == [[40000], [5683]]
    assert [count.tolist() for count in found.pair("packets")] == [[0], [1]]


def test_gathered_conversations_are_the_ones_given() -> None:
    one, other = talk(packets=(1, 0), start=3, end=4), talk(NODE, GATEWAY, transport="tcp")
    found = Conversations.of([one, other])
    assert list(found) == [one, other]
    assert (found.start.tolist(), found.ported.tolist()) == ([3 * 10**9, 0], [True, True])
    assert Conversations.of(found) is found


def test_facts_keep_each_value_once() -> None:
    facts = Facts(3, "")
    facts[1] = facts[2] = "x"
    assert (facts[0], facts[1], facts.values) == ("", "x", ["", "x"])
    assert facts.among("x", "y").tolist() == [False, True, True]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([*ENDS, "::ffff:0:1", "0.0.0.1"]), min_size=2, max_size=8))
def test_every_end_has_its_place(ends: list[str]) -> None:
    traffic = Traffic()
    for at, (source, target) in enumerate(itertools.pairwise(ends)):
        if (":" in source) == (":" in target):
            traffic.udp(at, source, 1, target, 2)
    found = classify.recognise(table(traffic))
    for row, one in enumerate(found):
        assert found.places.address(found.places.a[row]) == one.a
        assert found.places.find(one.b) == found.places.b[row]
    assert len({found.places.address(place) for place in range(len(found.places))}) == len(found.places)
    assert found.places.find(address("192.0.2.1")) == -1


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.sampled_from(ENDS), st.integers(1, 3)] * 2), min_size=1, max_size=12))
def test_the_row_between_two_ends(talks: list[tuple[str, int, str, int]]) -> None:
    traffic = Traffic()
    for at, (source, one, target, other) in enumerate(talks):
        if (":" in source) == (":" in target):
            traffic.udp(at, source, one, target, other)
            if at % 2:
                traffic.tcp(at, source, one, target, other, SYN)
    found = classify.recognise(table(traffic))
    for one in found:
        ends = (one.a, one.a_port), (one.b, one.b_port)
        same = [
            two.row
            for two in found
            if {(two.a, two.a_port), (two.b, two.b_port)} == set(ends) and two.transport == one.transport
        ]
        number = transports.number(one.transport)
        assert found.between(number, *ends) == found.between(number, *reversed(ends)) == max(same)
        assert found.between(number, ends[0], (ends[1][0], 9)) == -1
        assert found.between(number, ends[0], (address("192.0.2.1"), 1)) == -1


def test_ids_and_rows() -> None:
    found = recognised(Traffic().coap(0, GATEWAY, NODE).coap(1, GATEWAY, OTHER).coap(2, NODE, OTHER))
    assert isinstance(found, Conversations)
    assert found.numbered(found.all).each() == list(found.names(found.all)) == ["f1", "f2", "f3"]
    assert found.rows(["f3", "f1"]).tolist() == [2, 0]
    gathered = Conversations.of([talk(row=6), talk(row=2)])
    assert gathered.numbered(gathered.all).each() == ["f7", "f3"]
    assert gathered.rows(["f3", "f99", "f7"]).tolist() == [1, 0]
