"""What the network did with each flow: answered, refused, blocked, unanswered or one-way.

An attempt is answered by a packet of the other end; by RST or an ICMP port unreachable it is refused; by
an ICMP prohibition or an unreachable host or network it is blocked; silence is ``unanswered`` where the
protocol makes a reply due, and ``one-way`` where it does not or where this capture could not have shown it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from analyzer import transports
from analyzer.conversation import Conversation
from analyzer.conversations import Conversations
from analyzer.kinds import Array, kinds
from analyzer.model import Outcome
from analyzer.protocol import Fit, Says
from analyzer.tables import ACK, RST, QuotedError
from analyzer.visibility import Visibility

# ICMP type 3 codes (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1)
_BLOCKED_4: Final[Mapping[int, str]] = {
    0: "network unreachable",
    1: "host unreachable",
    6: "network unknown",
    7: "host unknown",
    9: "network administratively prohibited",
    10: "host administratively prohibited",
    11: "network unreachable for this type of service",
    12: "host unreachable for this type of service",
    13: "communication administratively prohibited",
}
_FILTERED_4: Final = frozenset({9, 10, 13})
_REFUSED_4: Final[Mapping[int, str]] = {2: "protocol unreachable", 3: "port unreachable"}
# ICMPv6 type 1 codes (RFC 4443 section 3.1)
_BLOCKED_6: Final[Mapping[int, str]] = {
    0: "no route to destination",
    1: "communication administratively prohibited",
    2: "beyond the scope of the source address",
    3: "address unreachable",
    5: "source address failed the ingress or egress policy",
    6: "route to destination rejected",
}
_FILTERED_6: Final = frozenset({1, 5, 6})
UNDELIVERED: Final = frozenset(
    f"ICMP {name}"
    for names, filtered in ((_BLOCKED_4, _FILTERED_4), (_BLOCKED_6, _FILTERED_6))
    for code, name in names.items()
    if code not in filtered
)
"""Reasons of ``blocked`` that no filter gives: there is no way, or nobody at its end."""
_REFUSED_6: Final[Mapping[int, str]] = {4: "port unreachable"}
REPLY_WITHIN: Final = 500_000_000
"""How long a capture has to go on after a request before its silence means anything, ns: on a site's network
answers take far less, and the first retransmission comes later (TCP 1 s, RFC 6298 section 2; CoAP 2 s, RFC
7252 section 4.8). A capture that is cut at a number of packets ends in the middle of some exchange."""
TIMER: Final = range(REPLY_WITHIN, 90_000_000_000)
"""How long after a TFTP request that was not heard its client repeats it, ns: timers are 1 to 5 s, boot
loaders begin again after up to a minute. What comes sooner is a copy, what comes later another transfer."""
BROADCAST_ANSWER: Final = 10_000_000_000
"""How long after a search an announcement counts as its answer, ns."""


def explain(error: QuotedError) -> tuple[Outcome | None, str]:
    """The outcome that an ICMP error stands for and its name; None for one that ends no attempt."""
    if error.version == 4 and error.type == 3:
        blocked, refused = _BLOCKED_4, _REFUSED_4
    elif error.version == 6 and error.type == 1:
        blocked, refused = _BLOCKED_6, _REFUSED_6
    else:
        return None, ""
    if error.code in blocked:
        return Outcome.BLOCKED, blocked[error.code]
    if error.code in refused:
        return Outcome.REFUSED, refused[error.code]
    return None, ""


def settle(found: Sequence[Conversation], seen: Visibility, due: Mapping[tuple[str, int], bool]) -> None:
    """Set ``outcome`` and ``why`` of every conversation.

    ``due`` says for ``(transport, port)`` whether the sheets call a reply due, where the payload does
    not tell.
    """
    found = Conversations.of(found)
    for one in found.alike(found.all, _signature(found, seen, due), ("outcome", "why")):
        one.outcome, one.why = _outcome(one, seen, due)
    _announced(found)
    _filtered(found, seen)
    for row in found.legs:
        _from_legs(found[row])


def _signature(found: Conversations, seen: Visibility, due: Mapping[tuple[str, int], bool]) -> list[Array]:
    """What the rules of an outcome read of each row, in columns."""
    columns, facts, ways = found.columns, found.facts, ("ab", "ba")
    # Legs are few, and their rules look at block numbers: they are asked one by one.
    leg = np.zeros(len(found), np.int64)
    leg[list(found.parents)] = np.array(list(found.parents), np.int64) + 1
    _, port = found.pair("port")
    reply = np.zeros(len(found), np.int8)
    for name in {transport for transport, _ in due}:
        said = np.zeros(1 << 16, np.int8)
        for (transport, number), is_due in due.items():
            if transport == name:
                said[number] = 1 + is_due
        reply = np.where(columns["transport"] == transports.number(name), said[port], reply)
    late = seen.end - found.start < REPLY_WITHIN
    begun = found.start - seen.begin >= REPLY_WITHIN
    return [
        columns["transport"],
        leg,
        found.group,
        found.forward,
        found.payloads,
        found.complaints,
        *(facts[name].codes for name in ("fit", "reader")),
        *(columns[f"{name}_{way}"] > 0 for name in ("packets", "syn", "synack", "payload") for way in ways),
        *(columns[f"flags_{way}"] & (RST | ACK) for way in ways),
        reply,
        late & begun,
        seen.one_sided_rows(),
    ]


def _outcome(
    conversation: Conversation, seen: Visibility, due: Mapping[tuple[str, int], bool]
) -> tuple[Outcome, str]:
    asked, replied = conversation.oriented(conversation.packets)
    if conversation.transport == "tcp":
        return _tcp(conversation, seen)
    if conversation.parent is not None and replied and not asked:
        return _leg(conversation)
    if replied and asked:
        return Outcome.ANSWERED, ""
    if not asked:
        return Outcome.ONE_WAY, "only answers are in this capture"
    error = _worst(conversation)
    if error is not None:
        return error
    if conversation.to_group:
        return Outcome.ONE_WAY, "sent to a group"
    if _reply_due(conversation, due):
        return _silence(conversation, seen, "a reply was due and none came")
    return Outcome.ONE_WAY, ""


def _silence(conversation: Conversation, seen: Visibility, why: str) -> tuple[Outcome, str]:
    """What it means that nothing followed a request: a fault only where this capture would show an answer.

    A capture that begins with the request was made of it, and is taken as it is.
    """
    if seen.one_sided(conversation.originator, conversation.responder):
        return Outcome.ONE_WAY, "the capture shows one direction only"
    if seen.end - conversation.start < REPLY_WITHIN <= conversation.start - seen.begin:
        return Outcome.ONE_WAY, "the capture ends before an answer can be missed"
    return Outcome.UNANSWERED, why


def _leg(leg: Conversation) -> tuple[Outcome, str]:
    """A leg in which only the server speaks.

    An answer to a search is just that. A TFTP server waits for an acknowledgement of every packet (RFC 1350
    section 2): if it repeats itself, the client never got it or its acknowledgement never came.
    """
    _, server = leg.oriented(leg.heads)
    numbers = {head.data[:4] for head in server}
    said = leg.oriented(leg.packets)[1] - leg.oriented(leg.duplicates)[1]
    if leg.protocol != "tftp" or said < 2 or len(numbers) > 1:
        return Outcome.ANSWERED, ""
    error = _worst(leg, of_originator=False)
    if error is not None:
        return error[0], f"the server's packets to the client met {error[1]}"
    return Outcome.UNANSWERED, "the server's packets leave and the client never acknowledges"


def _tcp(conversation: Conversation, seen: Visibility) -> tuple[Outcome, str]:
    asked, replied = conversation.oriented(conversation.packets)
    _, synack = conversation.oriented(conversation.synack)
    flags, answer = conversation.oriented(conversation.flags)
    syn, _ = conversation.oriented(conversation.syn)
    if synack:
        return Outcome.ANSWERED, ""
    if syn:
        if answer & RST:
            return Outcome.REFUSED, "RST to the SYN"
        if replied:
            return Outcome.ANSWERED, ""
        error = _worst(conversation)
        if error is not None:
            return error
        if flags & ACK and conversation.oriented(conversation.payload)[0]:
            return Outcome.ANSWERED, "the handshake was completed; the answers are not in this capture"
        return _silence(conversation, seen, "no answer to the SYN")
    if asked and replied:
        return Outcome.ANSWERED, ""
    error = _worst(conversation)
    if error is not None:
        return error
    return Outcome.ONE_WAY, "begun before the capture, one direction seen"


def _worst(conversation: Conversation, *, of_originator: bool = True) -> tuple[Outcome, str] | None:
    """What ICMP errors say of one end's packets: a prohibition before a refusal."""
    told = []
    for error in conversation.errors:
        if (error.from_a is conversation.forward) is of_originator:
            outcome, name = explain(error)
            if outcome is not None:
                told.append((outcome is Outcome.REFUSED, outcome, f"ICMP {name}"))
    if not told:
        return None
    _, outcome, why = min(told, key=lambda item: item[0])
    return outcome, why


def _reply_due(conversation: Conversation, due: Mapping[tuple[str, int], bool]) -> bool:
    asked, _ = conversation.oriented(conversation.readings)
    told = [reading.reply_due for reading in asked if reading.reply_due is not None]
    if told:
        return any(told)
    if conversation.fit is Fit.NO:
        return False
    return due.get((conversation.transport, conversation.port), False)


def _announced(found: Conversations) -> None:
    """A BACnet Who-Is to everyone is answered by the I-Am of another host, itself often a broadcast."""
    bacnet = np.flatnonzero(found.facts["protocol"].among("bacnet"))
    announcements = sorted(
        (head.time, speaker)
        for conversation in found.at(_announcing(found, bacnet))
        for speaker, side, heads in zip(
            (conversation.a, conversation.b), conversation.readings, conversation.heads, strict=True
        )
        for reading, head in zip(side, heads, strict=False)
        if reading.says is Says.ANNOUNCE
    )
    if not announcements:
        return
    times = [time for time, _ in announcements]
    # Where the next announcement of another speaker stands: thousands may answer thousands of searches.
    other = [len(announcements)] * len(announcements)
    for place in range(len(announcements) - 2, -1, -1):
        same = announcements[place][1] == announcements[place + 1][1]
        other[place] = other[place + 1] if same else place + 1
    for conversation in found.at(bacnet[found.group[bacnet] & found.forward[bacnet]]):
        if not any(reading.says is Says.REQUEST for reading in conversation.readings[0]):
            continue
        first = bisect_left(times, conversation.start)
        last = bisect_right(times, conversation.end + BROADCAST_ANSWER)
        if first < last and announcements[first][1] == conversation.originator:
            first = other[first]
        if first < last:
            conversation.outcome, conversation.why = Outcome.ANSWERED, "answered by an I-Am"


def _filtered(found: Conversations, seen: Visibility) -> None:
    """A TFTP request not repeated, in a capture that may be one of some ports only, proves no silence.

    The answer comes from a new port (RFC 1350 section 4), so ``tcpdump port 69`` shows none of a healthy
    transfer. A client that was not heard asks again when its timer runs out.
    """
    tftp = found.facts["protocol"].among("tftp")
    if not seen.of_ports or tftp[list(found.parents)].any():
        return
    alike: dict[tuple[object, ...], list[Conversation]] = {}
    for one in found.at(np.flatnonzero(tftp)):
        asked, _ = one.oriented(one.heads)
        said = frozenset(head.data for head in asked)
        alike.setdefault((one.originator, one.responder, said), []).append(one)
    for requests in alike.values():
        for one in () if _repeated(requests) else requests:
            if one.outcome is Outcome.UNANSWERED:
                one.outcome, one.why = Outcome.ONE_WAY, "a filter of ports would leave its answer out"


def _repeated(requests: Sequence[Conversation]) -> bool:
    """Whether any of some equal requests follows another one as a client's timer would have it."""
    requests = sorted(requests, key=lambda one: one.start)
    for one in requests:
        sent = one.oriented(one.packets)[0] - one.oriented(one.duplicates)[0]
        if sent > 1 and (one.end - one.start) // (sent - 1) in TIMER:
            return True
    return any(later.start - one.end in TIMER for one, later in pairwise(requests))


def _announcing(found: Conversations, rows: Array) -> Array:
    """Those of ``rows`` whose payloads announce something."""
    firsts, of = found.kinds(rows, (found.facts["reader"].codes, found.columns["transport"], found.payloads))
    told = [
        any(reading.says is Says.ANNOUNCE for side in found[row].readings for reading in side)
        for row in firsts.tolist()
    ]
    some: Array = rows[np.array(told, bool)[of]]
    return some


def _from_legs(request: Conversation) -> None:
    """A request answered from another port, or a search answered by unicast, is answered."""
    if any(leg.oriented(leg.packets)[1] for leg in request.legs):
        request.outcome = Outcome.ANSWERED
        request.why = "answered by unicast" if request.to_group else "answered from another port"


def of_session(conversation: Conversation) -> tuple[Outcome, str]:
    """The outcome of a flow and its legs as one thing: a request whose every leg fails has failed."""
    failing = (Outcome.UNANSWERED, Outcome.REFUSED, Outcome.BLOCKED)
    failed = [leg for leg in conversation.legs if leg.outcome in failing]
    if failed and all(leg.outcome in failing or _unproven(leg) for leg in conversation.legs):
        last = max(failed, key=lambda leg: leg.start)
        return last.outcome, last.why
    return conversation.outcome, conversation.why


def of_sessions(found: Conversations, rows: Array) -> tuple[Array, list[tuple[Outcome, str]]]:
    """:func:`of_session` of each of ``rows``: its number, and what the numbers stand for, in order of
    rows."""
    outcome, why = found.facts["outcome"], found.facts["why"]
    plain = kinds((outcome.codes[rows], why.codes[rows]))
    told = [(outcome[row], why[row]) for row in rows[plain.firsts].tolist()]
    numbers = {result: number for number, result in enumerate(told)}
    of = plain.of
    if found.legs:
        place = np.full(len(found), -1)
        place[rows] = np.arange(len(rows))
        for row in found.legs:
            if place[row] >= 0:
                of[place[row]] = numbers.setdefault(of_session(found[row]), len(numbers))
    again = kinds((of,))
    results = list(numbers)
    return again.of, [results[number] for number in of[again.firsts].tolist()]


def _unproven(leg: Conversation) -> bool:
    """Whether a leg is one unacknowledged packet of a TFTP server, other than an ERROR.

    Beside legs that failed it proves no success: the server answered one more retry of the request, and the
    capture or the server's patience ended there. An ERROR is never acknowledged (RFC 1350 section 7).
    """
    asked, replied = leg.oriented(leg.packets)
    _, server = leg.oriented(leg.heads)
    return (
        leg.protocol == "tftp"
        and replied == 1
        and not asked
        and not any(head.data[:2] == b"\0\5" for head in server)
    )
