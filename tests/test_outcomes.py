"""What the network did with a flow: every rule by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import ANSWER, ASK, ASK_FREE, BMS, GATEWAY, NODE, OTHER, TELL, error, head, talk

from analyzer.conversation import Conversation
from analyzer.model import Outcome
from analyzer.outcomes import explain, of_session, settle
from analyzer.protocol import Fit, Reading, Says
from analyzer.tables import ACK, RST, SYN
from analyzer.visibility import Visibility

DUE = {("udp", 69): True, ("udp", 7): False}


def settled(*found: Conversation) -> Conversation:
    settle(found, Visibility(found), DUE)
    return found[0]


def outcome(*found: Conversation) -> str:
    return str(settled(*found).outcome)


# ---------------------------------------------------------------- ICMP


@pytest.mark.parametrize(
    ("version", "kind", "code", "expected"),
    [
        *((4, 3, code, Outcome.BLOCKED) for code in (0, 1, 6, 7, 9, 10, 11, 12, 13)),
        *((4, 3, code, Outcome.REFUSED) for code in (2, 3)),
        *((4, 3, code, None) for code in (4, 5, 8, 14, 15, 99)),
        *((4, kind, 0, None) for kind in (0, 4, 5, 8, 11, 12)),
        (4, 1, 4, None),
        *((6, 1, code, Outcome.BLOCKED) for code in (0, 1, 2, 3, 5, 6)),
        (6, 1, 4, Outcome.REFUSED),
        (6, 1, 9, None),
        *((6, kind, 0, None) for kind in (2, 3, 4)),
        (6, 3, 3, None),
    ],
)
def test_what_an_icmp_error_stands_for(version: int, kind: int, code: int, expected: Outcome | None) -> None:
    told, name = explain(error(kind, code, version=version))
    assert told is expected
    assert bool(name) is (expected is not None)


def test_an_error_sets_the_outcome_of_the_end_it_answers_only() -> None:
    assert outcome(talk(packets=(1, 0), errors=(error(3, 3),))) == "refused"
    assert outcome(talk(packets=(1, 0), errors=(error(3, 3, from_a=False),))) == "one-way"
    assert outcome(talk(packets=(0, 1), forward=False, errors=(error(3, 1, from_a=False),))) == "blocked"


def test_a_prohibition_outweighs_a_refusal() -> None:
    one = settled(talk(packets=(2, 0), errors=(error(3, 3), error(3, 13))))
    assert (one.outcome, one.why) == (Outcome.BLOCKED, "ICMP communication administratively prohibited")


def test_an_error_about_the_path_ends_no_attempt() -> None:
    assert outcome(talk(packets=(1, 0), errors=(error(3, 4), error(11, 0)))) == "one-way"


def test_an_answer_beats_an_error() -> None:
    assert outcome(talk(packets=(2, 1), errors=(error(3, 3),))) == "answered"


# ---------------------------------------------------------------- UDP


@pytest.mark.parametrize(
    ("readings", "port", "expected"),
    [
        ((ASK,), 5683, "unanswered"),
        ((ASK_FREE,), 5683, "one-way"),
        ((ASK_FREE, ASK), 5683, "unanswered"),
        ((TELL,), 5683, "one-way"),
        ((), 5683, "one-way"),
        ((), 69, "unanswered"),
        ((Reading(Fit.UNSURE),), 69, "unanswered"),
        ((ASK_FREE,), 69, "one-way"),
        ((), 7, "one-way"),
    ],
)
def test_silence_counts_where_payload_or_sheet_makes_a_reply_due(
    readings: tuple[Reading, ...], port: int, expected: str
) -> None:
    assert outcome(talk(port=port, packets=(3, 0), readings=(readings, ()))) == expected


def test_the_sheet_says_nothing_about_bytes_that_contradict_it() -> None:
    assert outcome(talk(port=69, packets=(1, 0), fit=Fit.NO)) == "one-way"


def test_answers_alone_are_one_way() -> None:
    assert outcome(talk(packets=(0, 4), readings=((), (ANSWER,)))) == "one-way"


def test_a_group_owes_nothing() -> None:
    assert (
        outcome(talk(NODE, "239.255.255.250", 1900, packets=(3, 0), group=True, readings=((ASK,), ())))
        == "one-way"
    )


def test_one_sided_silence_is_the_captures() -> None:
    proof = talk(GATEWAY, NODE, 80, transport="tcp", packets=(2, 0), flags=(SYN | ACK, 0), syn=(1, 0))
    one = settled(talk(packets=(1, 0), readings=((ASK,), ())), proof)
    assert (one.outcome, one.why) == (Outcome.ONE_WAY, "the capture shows one direction only")


# ---------------------------------------------------------------- TCP


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"packets": (1, 1), "syn": (1, 0), "synack": (0, 1), "flags": (SYN, SYN | ACK)}, "answered"),
        ({"packets": (0, 1), "synack": (0, 1), "flags": (0, SYN | ACK)}, "answered"),
        ({"packets": (1, 1), "syn": (1, 0), "flags": (SYN, RST | ACK)}, "refused"),
        ({"packets": (3, 0), "syn": (3, 0), "flags": (SYN, 0)}, "unanswered"),
        ({"packets": (1, 0), "syn": (1, 0), "flags": (SYN, 0), "errors": (error(3, 13),)}, "blocked"),
        ({"packets": (1, 0), "syn": (1, 0), "flags": (SYN, 0), "errors": (error(3, 3),)}, "refused"),
        ({"packets": (2, 0), "syn": (1, 0), "flags": (SYN | ACK, 0), "payload": (9, 0)}, "answered"),
        ({"packets": (2, 2), "flags": (ACK, ACK)}, "answered"),
        ({"packets": (2, 2), "flags": (ACK, RST)}, "answered"),
        ({"packets": (2, 0), "flags": (ACK, 0)}, "one-way"),
        ({"packets": (0, 2), "flags": (0, ACK)}, "one-way"),
        ({"packets": (3, 1), "syn": (1, 0), "synack": (0, 1), "flags": (SYN, SYN | RST | ACK)}, "answered"),
    ],
)
def test_tcp(more: dict[str, object], expected: str) -> None:
    assert outcome(talk(port=80, transport="tcp", basis="syn", **more)) == expected


# ---------------------------------------------------------------- sessions


def leg(number: int = 1, packets: tuple[int, int] = (0, 3), **more: object) -> Conversation:
    data = (head(b"\0\3\0\1" + b"x" * 100),)
    defaults = {"heads": ((), data), "protocol": "tftp", "fit": Fit.YES, "basis": "session"}
    return talk(
        NODE, GATEWAY, 50000 + number, a_port=2000, packets=packets, row=number, **{**defaults, **more}
    )


def family(*legs: Conversation) -> Conversation:
    request = talk(
        NODE, GATEWAY, 69, a_port=2000, packets=(1, 0), protocol="tftp", fit=Fit.YES, readings=((ASK,), ())
    )
    for one in legs:
        one.parent = request
        request.legs.append(one)
    settled(request, *legs)
    return request


def asking(start: float, end: float = 0, sent: int = 1, port: int = 2000, name: bytes = b"a") -> Conversation:
    """A TFTP request of the node's that nobody answers; the last of ``sent`` at ``end``."""
    said = (head(b"\0\1" + name + b"\0octet\0"),)
    return talk(
        *(NODE, GATEWAY, 69),
        a_port=port,
        packets=(sent, 0),
        start=start,
        end=end or start,
        heads=(said, ()),
        protocol="tftp",
        fit=Fit.YES,
        readings=((ASK,), ()),
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((asking(1),), "one-way"),
        ((asking(1), asking(9, port=2001, name=b"b")), "one-way"),
        ((asking(1), asking(9, port=2001)), "unanswered"),
        ((asking(1), asking(200, port=2001)), "one-way"),
        ((asking(1, 11, 3),), "unanswered"),
        ((asking(1, 1.1, 2),), "one-way"),
        ((asking(1), talk(transport="arp", start=9)), "unanswered"),
        ((asking(1), talk(transport="icmp", start=9)), "one-way"),
        ((asking(1), talk(start=9)), "one-way"),
    ],
)
def test_a_request_alone_may_have_lost_its_answer_to_a_filter(
    found: tuple[Conversation, ...], expected: str
) -> None:
    assert outcome(*found) == expected


def test_a_request_answered_from_another_port_is_answered() -> None:
    request = family(leg(packets=(4, 4)))
    assert (request.outcome, request.why) == (Outcome.ANSWERED, "answered from another port")
    assert of_session(request)[0] is Outcome.ANSWERED


def test_a_server_that_only_repeats_itself_was_never_acknowledged() -> None:
    request = family(leg())
    assert request.outcome is Outcome.ANSWERED
    assert request.legs[0].outcome is Outcome.UNANSWERED
    assert of_session(request)[0] is Outcome.UNANSWERED


@pytest.mark.parametrize(("code", "expected"), [(13, "blocked"), (3, "refused")])
def test_an_error_about_the_servers_packets_is_the_legs(code: int, expected: str) -> None:
    request = family(leg(errors=(error(3, code, from_a=False),)))
    assert of_session(request)[0] == expected


def test_one_packet_of_the_server_proves_no_fault() -> None:
    assert of_session(family(leg(packets=(0, 1))))[0] is Outcome.ANSWERED


def test_a_server_that_goes_on_was_acknowledged_out_of_sight() -> None:
    going_on = (head(b"\0\3\0\1x"), head(b"\0\3\0\2x"))
    assert of_session(family(leg(heads=((), going_on))))[0] is Outcome.ANSWERED


def test_one_leg_that_works_is_enough() -> None:
    assert of_session(family(leg(1), leg(2, packets=(4, 4))))[0] is Outcome.ANSWERED


def test_a_search_is_answered_by_unicast() -> None:
    search = talk(GATEWAY, "239.255.255.250", 1900, packets=(1, 0), group=True, protocol="ssdp", fit=Fit.YES)
    answer = talk(GATEWAY, NODE, 1900, packets=(0, 3), row=1, protocol="ssdp", fit=Fit.YES, parent=search)
    search.legs.append(answer)
    settled(search, answer)
    assert (search.outcome, search.why, answer.outcome) == (
        Outcome.ANSWERED,
        "answered by unicast",
        Outcome.ANSWERED,
    )


# ---------------------------------------------------------------- BACnet


def spoken(address: str, says: Reading, at: float, row: int) -> Conversation:
    return talk(
        address, "10.20.0.255", 47808, a_port=47808, packets=(1, 0), group=True, start=at, end=at, row=row,
        protocol="bacnet", fit=Fit.YES, readings=((says,), ()), heads=((head(b"\x81", at=at),), ()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("speaker", "at", "expected"),
    [
        (GATEWAY, 1, "answered"),
        (GATEWAY, 10, "answered"),
        (GATEWAY, 11, "one-way"),
        (GATEWAY, -1, "one-way"),
        (BMS, 1, "one-way"),
    ],
)
def test_a_who_is_is_answered_by_the_i_am_of_another_host(speaker: str, at: float, expected: str) -> None:
    assert outcome(spoken(BMS, ASK_FREE, 0, 0), spoken(speaker, TELL, at, 1)) == expected


SPEAKERS = st.sampled_from([BMS, GATEWAY, OTHER])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(SPEAKERS, st.booleans(), st.integers(0, 30)), max_size=12))
def test_of_many_searches_and_announcements_each_is_compared(spoke: list[tuple[str, bool, int]]) -> None:
    """The looked-up answer is the one that a comparison of all pairs gives."""
    found = [
        spoken(speaker, ASK_FREE if asks else TELL, at, row) for row, (speaker, asks, at) in enumerate(spoke)
    ]
    settle(found, Visibility(found), {})
    for conversation, (speaker, asks, at) in zip(found, spoke, strict=True):
        if asks:
            heard = any(who != speaker and not ask and at <= when <= at + 10 for who, ask, when in spoke)
            assert (conversation.outcome == "answered") is heard


def test_other_protocols_are_not_answered_by_an_i_am() -> None:
    search = talk(
        OTHER,
        "239.255.255.250",
        1900,
        packets=(1, 0),
        group=True,
        protocol="ssdp",
        fit=Fit.YES,
        readings=((ASK_FREE,), ()),
    )
    assert outcome(search, spoken(GATEWAY, TELL, 0.5, 1)) == "one-way"


# ---------------------------------------------------------------- laws


@settings(deadline=None, max_examples=200)
@given(
    transport=st.sampled_from(["tcp", "udp", "icmp"]),
    packets=st.sampled_from([(1, 0), (0, 1), (1, 1), (9, 0), (4, 7)]),
    flags=st.tuples(st.integers(0, 63), st.integers(0, 63)),
    forward=st.booleans(),
    due=st.sampled_from([True, False, None]),
    codes=st.lists(st.integers(0, 15), max_size=3),
    group=st.booleans(),
)
def test_laws(transport, packets, flags, forward, due, codes, group) -> None:
    flags = tuple(flag if count else 0 for flag, count in zip(flags, packets, strict=True))
    syn = tuple(int(flag & SYN and not flag & ACK) for flag in flags)
    synack = tuple(int(bool(flag & SYN and flag & ACK)) for flag in flags)
    reading = (Reading(Fit.YES, Says.REQUEST, due),)
    one = talk(
        NODE, GATEWAY, 5683, transport=transport, packets=packets, forward=forward,
        group=group and not packets[1],
        flags=flags if transport == "tcp" else (0, 0), syn=syn if transport == "tcp" else (0, 0),
        synack=synack if transport == "tcp" else (0, 0),
        readings=(reading, ()) if forward else ((), reading),
        errors=tuple(error(3, code, from_a=forward) for code in codes),
    )  # fmt: skip
    settled(one)
    asked, replied = one.oriented(packets)
    if asked and replied:
        assert one.outcome in (Outcome.ANSWERED, Outcome.REFUSED)
    if one.outcome is Outcome.UNANSWERED:
        assert asked
        assert not replied
        assert not codes or all(explain(error(3, code))[0] is None for code in codes)
    if one.outcome is Outcome.BLOCKED:
        assert codes
    if transport == "udp" and due is not True:
        assert one.outcome is not Outcome.UNANSWERED
