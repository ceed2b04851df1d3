"""Who is addressed: the fixed order of questions, each answered by hand-made packets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import (
    BMS,
    FOUND,
    GATEWAY,
    GET,
    LAPTOP,
    NODE,
    NOTIFY,
    OTHER,
    SAMPLES,
    SEARCH,
    address,
    frames_table,
    pcap_frames,
    recognised,
    table,
    talk,
)
from traffic import ACK, PSH, RST, SYN, Traffic

from analyzer import classify, sessions
from analyzer.classify import orient, recognise
from analyzer.conversation import Conversation
from analyzer.protocol import Fit
from analyzer.tables import Flows, Heads

OPAQUE = b"\xff\xfe\xfd"


def only(traffic: Traffic) -> Conversation:
    found = recognised(traffic)
    assert len(found) == 1, found
    return found[0]


def opener(conversation: Conversation) -> tuple[tuple[int, int, int], int, str, str]:
    return (
        conversation.originator,
        conversation.originator_port,
        conversation.confidence,
        conversation.basis,
    )


# ---------------------------------------------------------------- 1. handshake


def test_who_sends_the_syn_opened_it() -> None:
    one = only(Traffic().tcp(0, NODE, 80, GATEWAY, 8081, SYN))
    assert opener(one) == (address(NODE), 80, "certain", "syn")


def test_who_sends_the_syn_ack_was_addressed_also_where_it_comes_first() -> None:
    one = only(
        Traffic().tcp(0, GATEWAY, 50201, NODE, 40000, SYN | ACK).tcp(1, NODE, 40000, GATEWAY, 50201, ACK)
    )
    assert opener(one) == (address(NODE), 40000, "certain", "syn")


def test_the_handshake_beats_the_payload() -> None:
    """A client on 40000 connects, and the server speaks an HTTP request first: it is still the server."""
    traffic = Traffic().tcp(0, NODE, 40000, GATEWAY, 80, SYN).tcp(1, GATEWAY, 80, NODE, 40000, SYN | ACK)
    traffic.tcp(2, GATEWAY, 80, NODE, 40000, PSH | ACK, GET)
    assert opener(only(traffic)) == (address(NODE), 40000, "certain", "syn")


def test_of_two_syns_the_first_counts() -> None:
    traffic = Traffic().tcp(0, NODE, 40000, GATEWAY, 40001, SYN).tcp(1, GATEWAY, 40001, NODE, 40000, SYN)
    assert opener(only(traffic)) == (address(NODE), 40000, "certain", "syn")


def test_a_reset_is_no_handshake() -> None:
    one = only(Traffic().tcp(0, NODE, 40000, GATEWAY, 40001, RST | ACK))
    assert one.basis == "first-packet"


# ---------------------------------------------------------------- 2. payload

READ = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x00\x00\x01\x19\x4d"
WHO_IS = b"\x81\x0b\x00\x08\x01\x00\x10\x08"
HELLO = bytes.fromhex("160301003501000031" + "0303" + "00" * 32 + "000002002f0100" + "000600000002" + "0000")


@pytest.mark.parametrize(
    ("port", "payload", "protocol"),
    [
        (5683, b"\x41\x01\x00\x01\x07\xb5light", "coap"),
        (50201, b"\x41\x02\x00\x01\x07\xb5alarm", "coap-emergency"),
        (69, b"\0\1node.bin\0octet\0", "tftp"),
        (69, b"\0\2node.bin\0octet\0tsize\x001000\0", "tftp"),
        (47808, READ, "bacnet"),
        (47815, READ, "bacnet"),
        (1900, SEARCH, "ssdp"),
    ],
)
@pytest.mark.parametrize("source", [40000, 50197, 1050, 51110])
def test_a_request_makes_its_sender_the_originator(
    port: int, payload: bytes, protocol: str, source: int
) -> None:
    """Also where the answer of a longer conversation was seen before it."""
    one = only(
        Traffic().udp(0, GATEWAY, port, NODE, source, OPAQUE * 9).udp(1, NODE, source, GATEWAY, port, payload)
    )
    assert opener(one) == (address(NODE), source, "certain", "payload")
    assert (one.protocol, one.fit) == (protocol, Fit.YES)


def test_a_response_makes_its_sender_the_responder() -> None:
    one = only(Traffic().udp(0, NODE, 5683, GATEWAY, 5683, b"\x61\x45\x00\x01\x07\xffon"))
    assert opener(one) == (address(GATEWAY), 5683, "certain", "payload")


def test_an_announcement_counts_only_where_nobody_asks_or_answers() -> None:
    i_am = b"\x81\x0a\x00\x14\x01\x00\x10\x00\xc4\x02\x00\x00\x01\x22\x01\xe0\x91\x00\x21\x01"
    assert opener(only(Traffic().udp(0, NODE, 47808, BMS, 47808, i_am)))[0] == address(NODE)
    traffic = Traffic().udp(0, NODE, 47808, BMS, 47808, i_am).udp(1, BMS, 47808, NODE, 47808, READ)
    assert opener(only(traffic))[0] == address(BMS)


def test_both_asking_on_the_same_ports_is_remembered() -> None:
    traffic = Traffic().udp(0, NODE, 5683, GATEWAY, 5683, b"\x41\x02\x00\x01\x07\xb5event")
    one = only(traffic.udp(1, GATEWAY, 5683, NODE, 5683, b"\x41\x01\x00\x02\x08\xb5light"))
    assert (one.originator, one.asks_back) == (address(NODE), True)


def test_an_http_request_is_believed_on_any_port() -> None:
    one = only(Traffic().tcp(0, GATEWAY, 40000, NODE, 40001, ACK | PSH, GET))
    assert (*opener(one), one.protocol) == (address(GATEWAY), 40000, "certain", "payload", "http")


@pytest.mark.parametrize(("source", "target"), [(5683, 40001), (40001, 40002)])
def test_a_coap_header_is_not_believed_away_from_its_port(source: int, target: int) -> None:
    """One random byte in four looks like one; a request has to go to a port that CoAP claims."""
    one = only(Traffic().udp(0, GATEWAY, source, NODE, target, b"\x41\x01\x00\x01\x07\xb5light"))
    assert one.protocol == ""
    assert one.basis == "first-packet"


# ---------------------------------------------------------------- 4. group


@pytest.mark.parametrize("group", ["239.1.2.3", "255.255.255.255", "10.20.1.255"])
def test_a_group_is_addressed(group: str) -> None:
    found = recognised(Traffic().udp(0, NODE, 50201, group, 40000, OPAQUE))
    orient(found)
    assert opener(found[0]) == (address(NODE), 50201, "certain", "multicast")
    assert found[0].to_group


def test_an_address_ending_in_255_that_speaks_is_a_host() -> None:
    traffic = Traffic().udp(0, NODE, 40000, "10.20.1.255", 40001, OPAQUE)
    found = recognised(traffic.udp(1, "10.20.1.255", 40002, NODE, 40003, OPAQUE))
    assert not any(one.group for one in found)


SUBNET = "10.1.2.127"
"""The broadcast address of 10.1.2.0/25."""


def test_a_subnet_s_broadcast_address_is_one_whatever_its_end() -> None:
    traffic = Traffic(SUBNET).udp(0, NODE, 50201, SUBNET, 40000, OPAQUE)
    found = recognised(traffic.udp(1, OTHER, 50201, SUBNET, 40000, OPAQUE))
    orient(found)
    assert opener(found[0]) == (address(NODE), 50201, "certain", "multicast")
    assert all(one.to_group for one in found)


@pytest.mark.parametrize(
    "more",
    [
        lambda traffic: traffic.udp(2, SUBNET, 40000, NODE, 50201, OPAQUE),
        lambda traffic: traffic.udp(2, SUBNET, 1, OTHER, 2, OPAQUE),
        lambda traffic: traffic.tcp(2, OTHER, 50000, SUBNET, 443, SYN),
        lambda traffic: traffic.arp(2, OTHER, SUBNET),
    ],
)
def test_one_sign_of_a_host_and_it_is_none(more: Callable[[Traffic], Traffic]) -> None:
    found = recognised(more(Traffic(SUBNET).udp(0, NODE, 50201, SUBNET, 40000, OPAQUE)))
    assert not any(one.group for one in found)


def test_a_datagram_to_its_own_mac_shows_a_host() -> None:
    traffic = Traffic(SUBNET).udp(0, NODE, 50201, SUBNET, 40000, OPAQUE)
    traffic.broadcast = ()
    traffic.udp(1, NODE, 50201, SUBNET, 40000, OPAQUE)
    assert not any(one.group for one in recognised(traffic))


# ---------------------------------------------------------------- 5. to 7. roles, ports, first packet


def rows(*ports: int, forward: bool | None = None) -> Callable[[Conversation, bool], bool]:
    def has(conversation: Conversation, ahead: bool) -> bool:
        if forward is not None and ahead is not forward:
            return False
        return (conversation.b_port if ahead else conversation.a_port) in ports

    return has


def decided(port: int, a_port: int, *looks: Callable[[Conversation, bool], bool]) -> Conversation:
    one = talk(GATEWAY, NODE, port, a_port=a_port, confidence="guess", basis="first-packet")
    orient([one], *looks)
    return one


def test_roles_decide_before_ports() -> None:
    one = decided(1433, 50202, rows(50202))
    assert opener(one) == (address(NODE), 1433, "likely", "roles")


def test_a_row_read_against_the_first_packet_wants_a_client_port_at_the_other_end() -> None:
    assert opener(decided(80, 50202, rows(50202))) == (address(GATEWAY), 50202, "likely", "ports")
    assert opener(decided(7777, 50202, rows(50202))) == (address(GATEWAY), 50202, "likely", "ports")
    assert opener(decided(40000, 50202, rows(50202))) == (address(NODE), 40000, "likely", "roles")


def test_rows_both_ways_tell_nothing_and_ports_decide() -> None:
    one = talk(GATEWAY, NODE, 40000, transport="tcp", a_port=80, confidence="guess", basis="first-packet")
    orient([one], rows(40000, 80))
    assert opener(one) == (address(NODE), 40000, "likely", "ports")


@pytest.mark.parametrize(
    ("port", "a_port", "expected"),
    [
        (69, 50197, "A"),
        (50197, 69, "B"),
        (53, 1050, "A"),  # both claimed, but 1050 is a port that clients get
        (1050, 53, ""),  # and read against the first packet that proves nothing
        (51110, 40000, ""),  # inside the dynamic range, a claim says nothing
        (40000, 40001, ""),
        (7, 40000, "A"),  # a system port that no protocol claims
        (40000, 7, "B"),
        (5683, 7, "A"),
    ],
)
def test_a_claimed_port_below_the_dynamic_range_beats_the_rest(port: int, a_port: int, expected: str) -> None:
    one = decided(port, a_port)
    if expected:
        assert (one.basis, one.confidence) == ("ports", "likely")
        assert one.forward is (expected == "A")
    else:
        assert (one.basis, one.confidence, one.forward) == ("first-packet", "guess", True)


def test_a_known_port_counts_only_where_the_first_packet_went_to_it() -> None:
    nothing = rows()
    assert decided(50202, 40000, nothing, rows(50202)).confidence == "likely"
    assert decided(40000, 50202, nothing, rows(50202)).confidence == "guess"


def test_without_ports_the_first_packet_is_likely() -> None:
    one = talk(transport="icmp", confidence="guess", basis="first-packet")
    orient([one])
    assert opener(one) == (address(GATEWAY), 0, "likely", "first-packet")


def test_what_is_settled_stays_settled() -> None:
    one = talk(GATEWAY, NODE, 40000, a_port=69, basis="session")
    orient([one], rows(69))
    assert opener(one) == (address(GATEWAY), 69, "certain", "session")


# ---------------------------------------------------------------- claims


def claimed(port: int, payload: bytes, *, transport: str = "udp", source: int = 40000) -> Conversation:
    traffic = Traffic()
    if transport == "udp":
        traffic.udp(0, GATEWAY, source, NODE, port, payload)
    else:
        traffic.connect(0, GATEWAY, source, NODE, port, payload)
    found = recognised(traffic)
    orient(found)
    return found[0]


def test_bytes_that_are_not_coap_on_5683_are_a_contradiction() -> None:
    one = claimed(5683, b"hello world, this is no CoAP")
    assert (one.protocol, one.claimed, one.fit) == ("", "coap", Fit.NO)


def test_another_protocol_on_5683_contradicts_and_is_named() -> None:
    one = claimed(5683, SEARCH)
    assert (one.protocol, one.claimed, one.fit) == ("ssdp", "coap", Fit.YES)


@pytest.mark.parametrize(
    ("port", "protocol"),
    [(50202, "igor-sampling"), (1050, "igor-firmware"), (50199, "igor-firmware"), (51110, "biostar-search")],
)
def test_an_opaque_protocol_cannot_be_contradicted(port: int, protocol: str) -> None:
    for payload in (OPAQUE, b"hello world", b""):
        one = only(Traffic().udp(0, GATEWAY, 40000, NODE, port, payload))
        orient([one], rows(port))
        assert (one.protocol, one.claimed) == (protocol, "")


def test_an_empty_payload_contradicts_nothing() -> None:
    one = claimed(80, b"", transport="tcp")
    assert (one.protocol, one.claimed, one.fit) == ("http", "", Fit.UNSURE)


def test_tls_on_the_vendors_opaque_port_is_the_vendors() -> None:
    one = claimed(1480, HELLO, transport="tcp")
    assert (one.protocol, one.claimed) == ("biostar-server", "")


def test_emergency_bytes_that_are_no_coap_contradict_nothing() -> None:
    one = only(Traffic().udp(0, GATEWAY, 40000, NODE, 50201, b"\xaa\xbb\xcc\xdd"))
    orient([one], rows(50201))
    assert (one.protocol, one.claimed) == ("coap-emergency", "")


# ---------------------------------------------------------------- without ports


def test_an_arp_reply_that_comes_first_was_asked_for() -> None:
    traffic = Traffic().arp(0, GATEWAY, NODE)
    asked = recognised(traffic)[0]
    assert opener(asked)[0] == address(GATEWAY)
    traffic.frames = traffic.frames[1:]
    answered = recognised(traffic)[0]
    assert opener(answered) == (address(GATEWAY), 0, "certain", "payload")


def test_transports_with_a_protocol_of_their_own_are_named() -> None:
    traffic = Traffic().unreachable(0, NODE, GATEWAY, 1, NODE, 2, 3)
    assert only(traffic).protocol == "icmp"


# ---------------------------------------------------------------- laws


def swapped(flows: Flows, rows_: set[int]) -> Flows:
    """The same flows where in ``rows_`` the other end is called A."""
    columns = {name: array.copy() for name, array in flows.columns.items()}
    pairs = [(name, f"{name[:-3]}_ba") for name in columns if name.endswith("_ab")]
    pairs += [("a_hi", "b_hi"), ("a_lo", "b_lo"), ("a_port", "b_port")]
    for row in rows_:
        for one, other in pairs:
            columns[one][row], columns[other][row] = flows.columns[other][row], flows.columns[one][row]
    heads = {row: pair[::-1] if row in rows_ else pair for row, pair in flows.heads.items()}
    errors = {
        row: tuple(replace(error, from_a=not error.from_a) for error in found) if row in rows_ else found
        for row, found in flows.errors.items()
    }
    return Flows(columns, Heads.of(heads), errors, flows.undecoded)


def settled(flows: Flows) -> list[Conversation]:
    found = recognise(flows)
    sessions.tie(found)
    orient(found)
    return found


WHOLE = [
    frames_table([(at / 1e6, data) for at, data in pcap_frames(SAMPLES / name / "capture.pcap")[1]])
    for name in ("healthy-legacy-upnp", "firmware-update-ok", "bacnet", "tricky-ports")
]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(WHOLE), st.randoms(use_true_random=False))
def test_which_end_is_called_a_changes_no_originator(flows: Flows, random) -> None:
    before = settled(flows)
    free = [
        one.row
        for one in before
        if one.basis in {"syn", "payload", "session"}
        and one.ported
        and all(one.packets)
        and not one.group
        and not one.asks_back
    ]
    chosen = {row for row in free if random.random() < 0.5}
    after = settled(swapped(flows, chosen))
    for old, new in zip(before, after, strict=True):
        if old.row in free:
            assert opener(new) == opener(old)
            assert (new.protocol, new.port) == (old.protocol, old.port)
            assert (new.parent and new.parent.row) == (old.parent and old.parent.row)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([GATEWAY, NODE, OTHER, LAPTOP]),
            st.sampled_from([69, 1900, 5683, 47808, 50201, 40000]),
            st.sampled_from([GATEWAY, NODE, OTHER, "239.255.255.250"]),
            st.sampled_from([69, 1900, 5683, 47808, 50201, 40001]),
            st.one_of(st.binary(max_size=40), st.sampled_from([SEARCH, FOUND, NOTIFY, READ, WHO_IS])),
        ),
        max_size=8,
    )
)
def test_a_guess_is_only_ever_the_first_packet(packets: list[tuple[str, int, str, int, bytes]]) -> None:
    traffic = Traffic()
    for number, (source, sport, target, dport, payload) in enumerate(packets):
        traffic.udp(number, source, sport, target, dport, payload)
    for one in settled(table(traffic)):
        assert (one.confidence == "guess") <= (one.basis == "first-packet" and one.forward)
        assert one.basis != "session" or one.parent is not None
        assert not one.claimed or one.confidence != "guess"
        assert set(one.oriented(one.packets)) == set(one.packets)


def test_conversations_keep_the_tables_order_and_sums() -> None:
    flows = table(Traffic().coap(0, GATEWAY, NODE).read_file(1, NODE, GATEWAY).arp(2, NODE, GATEWAY))
    found = recognise(flows)
    assert [one.row for one in found] == list(range(len(flows.columns["version"])))
    assert sum(sum(one.packets) for one in found) == 11
    assert [one.transport for one in found] == ["udp", "udp", "udp", "arp"]


@pytest.mark.parametrize(("number", "name"), [(6, "tcp"), (17, "udp"), (1, "icmp"), (0x10806, "arp")])
def test_all_ports_look_as_each_does(number: int, name: str) -> None:
    ports = np.arange(1 << 16, dtype="u2") if number in (6, 17) else np.zeros(1, "u2")
    looks = classify._look(np.full(len(ports), number, "u4"), ports).tolist()
    assert looks == [2 * classify._rank(name, port) + classify._ephemeral(port) for port in ports.tolist()]
