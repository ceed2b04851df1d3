"""Whose silence it is: a request that the network or the responder did not answer, or an answer that only the
capture lacks.

A mirror port or a capturing machine that is too slow drops packets, and a flow that loses its one answer
looks like a fault. Three things tell them apart: who hears nothing asks again (TCP by RFC 6298, a confirmable
CoAP message by RFC 7252 section 4.2), the same hosts answer each other on this port before and after, and a
capture that drops answers drops requests and handshakes as well, of which it then holds the other half.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from analyzer.conversations import Conversations
from analyzer.flowtable.table import HEADS
from analyzer.kinds import Array, kinds
from analyzer.protocol import Fit
from analyzer.tables import TCP, UDP
from analyzer.visibility import Visibility

SECOND: Final = 1_000_000_000
REPEATS: Final[Mapping[str, int]] = {"tcp": 4 * SECOND, "coap": 4 * SECOND, "tftp": 90 * SECOND}
"""By when whoever is not answered has asked again, ns: a SYN after 1 s, or 3 s (RFC 6298 sections 2 and 5.7),
a confirmable message after 3 s at the latest (RFC 7252 section 4.8), a TFTP client after 90 s."""
SOME_TIME: Final = 30 * SECOND
"""The same for protocols that leave it to the program, such as BACnet: 3 s are common, 10 s are long."""
HABIT: Final = 3
"""Answered requests from which on one silence at the end is out of the ordinary between two hosts."""
LAST: Final = 2
"""Silences in a row that may yet be lost answers: a capture that loses one packet in ten loses three answers
in a row of one host in a thousand, and a service that died or was restarted looks just so."""
RARE: Final = 0.001
"""How seldom a capture that loses even more has to lose as many in a row by chance."""
DROPS: Final = 0.1
"""The share of packets up to which a capture is believed to lose them unless it shows that it loses more."""
LIKELY: Final = 0.01
"""How likely so many silences have to be, if the capture loses DROPS, to be laid at its door."""
PROVEN: Final = 3
"""Halves without their other half that prove that a capture loses packets. One may be an accident of
clocks."""
MOST: Final = 0.5
"""The largest share that is believed: a mirror of one cable of two."""
BEGUN: Final = 10 * SECOND
"""After so long an exchange did not begin before the capture did."""


class Silence(enum.IntEnum):
    """What the silence after a request is taken for."""

    PLAIN = 0
    """It is what it looks like."""
    RECOVERED = 1
    """The same relation was seen to work later."""
    LOST = 2
    """The answer was there, or may well have been: this capture lacks it."""


class _Try(NamedTuple):
    answered: bool
    once: bool
    """It was sent once, and this capture shows no repetition that would have been due."""


def silences(
    found: Conversations, heads: Array, answered: Array, unanswered: Array, seen: Visibility | None
) -> Array:
    """A :class:`Silence` for each of ``heads``, of which some are ``answered`` and some ``unanswered``.

    Relations are the two ends, the transport and the port that is asked.
    """
    result = np.zeros(len(heads), np.int8)
    if not len(heads) or answered.all():
        return result
    share, once = 0.0, unanswered
    if unanswered.any():
        share = _share_lost(found, heads, answered, seen)
        once = _once(found, heads, seen, share > DROPS) & unanswered
    if not answered.any() and not share:
        return result
    _, relation = kinds([column[heads] for column in _ends(found)])
    end = found.end.copy()
    for row, legs in found.legs.items():
        end[row] = max(end[row], *(leg.end for leg in legs))
    last = np.full(int(relation.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, relation[answered], end[heads[answered]])
    result[last[relation] > found.end[heads]] = Silence.RECOVERED
    mixed = np.zeros(len(last), bool)
    mixed[relation[unanswered]] = True
    mixed &= last > np.iinfo(np.int64).min
    some = np.flatnonzero(mixed[relation] & (answered | unanswered))
    some = some[np.lexsort((found.start[heads[some]], relation[some]))]
    tries = map(_Try, answered[some].tolist(), once[some].tolist())
    told = zip(some.tolist(), relation[some].tolist(), tries, strict=True)
    for _, group in groupby(told, key=lambda one: one[1]):
        places, _, held = zip(*group, strict=True)
        for place in _lost(held, max(DROPS, share)):
            result[places[place]] = Silence.LOST
    if share:
        plain = unanswered & (result == Silence.PLAIN)
        seldom = np.bincount(relation[plain], minlength=len(last)) <= _in_a_row(share)
        repeats = _known_to_repeat(found, heads) | (share > DROPS)
        alone = np.flatnonzero(once & plain & seldom[relation] & repeats)
        if _likely(len(alone), len(alone) + int(answered.sum()), share):
            result[alone] = Silence.LOST
    return result


def _ends(found: Conversations) -> tuple[Array, ...]:
    """What tells relations apart, in columns."""
    ends = found.oriented(found.places.a, found.places.b)
    return (*ends, found.columns["transport"], found.pair("port")[1])


def _lost(tries: Sequence[_Try], share: float) -> Sequence[int]:
    """Which of one relation's requests, in order of time, were lost by a capture that may lose ``share`` of
    all packets."""
    heard = [place for place, one in enumerate(tries) if one.answered]
    last = _in_a_row(share)
    single: list[int] = []
    for answered, run in groupby(range(len(tries)), key=lambda place: tries[place].answered):
        places = list(run)
        outside = places[0] < heard[0] or places[-1] > heard[-1]
        if not answered and len(places) <= last and (len(heard) >= HABIT or not outside):
            single += [place for place in places if tries[place].once]
    return single if _likely(len(single), len(heard) + len(single), share) else ()


def _in_a_row(share: float) -> int:
    """How many answers in a row a capture may lose that loses ``share`` of all packets."""
    return LAST if share <= DROPS else max(LAST, math.ceil(math.log(RARE) / math.log(share)))


def _likely(silent: int, tries: int, share: float) -> bool:
    """Whether a capture that loses ``share`` of all packets would lose so many answers, or more, now and
    then."""
    if not silent:
        return True
    if tries > 1000:  # the binomial is as good as normal, and its terms are out of reach
        return silent <= tries * share + 3 * math.sqrt(tries * share * (1 - share))
    fewer: float = sum(
        math.comb(tries, one) * share**one * (1 - share) ** (tries - one) for one in range(silent)
    )
    return 1 - fewer >= LIKELY


def _once(found: Conversations, heads: Array, seen: Visibility | None, holey: bool) -> Array:
    """Which of ``heads`` were not answered and not sent again, one packet or several different ones: because
    the sender went on with other things, or because the capture ended about when the repetition was due. Of a
    ``holey`` capture nobody can say that a sender fell silent."""
    if seen is None:
        return np.zeros(len(heads), bool)
    sent, back = found.pair("packets")
    copies, _ = found.pair("duplicates")
    origin, _ = found.oriented(found.places.a, found.places.b)
    due = found.end[heads] + _patience(found, heads)
    # Who says something every few seconds only may say nothing more until the end.
    went_on = (seen.last_sent[origin[heads]] >= due) | (due + SOME_TIME > seen.end) | holey
    # Of several requests from one port each is another one, as far as their first bytes are kept.
    asked = sent[heads] - copies[heads]
    said = np.bincount(found.flows.heads.slot, minlength=2 * len(found))
    different = said[2 * heads + ~found.forward[heads]]
    udp = found.columns["transport"][heads] == UDP
    result: Array = ((asked == 1) | (udp & (different >= np.minimum(asked, HEADS)))) & (back[heads] == 0)
    return result & went_on


def _patience(found: Conversations, heads: Array) -> Array:
    """By when the sender of each of ``heads`` would have asked again, ns."""
    patience = np.full(len(heads), SOME_TIME)
    for name, time in REPEATS.items():
        patience[_speaks(found, heads, name)] = time
    return patience


def _speaks(found: Conversations, heads: Array, name: str) -> Array:
    result: Array = (
        found.columns["transport"][heads] == TCP
        if name == "tcp"
        else found.facts["protocol"].among(name, rows=heads) & found.facts["fit"].among(Fit.YES, rows=heads)
    )
    return result


def _known_to_repeat(found: Conversations, heads: Array) -> Array:
    """Which of ``heads`` are of protocols that repeat what is not answered."""
    known: Array = np.logical_or.reduce([_speaks(found, heads, name) for name in REPEATS])
    return known


def _share_lost(found: Conversations, heads: Array, answered: Array, seen: Visibility | None) -> float:
    """The share of packets that this capture shows to have lost, 0 where it proves none.

    Proof is an answer whose request is missing, and a handshake of which one half is: both were on the
    network. What began before the capture, or between hosts of which it shows one direction only, proves
    nothing.
    """
    if seen is None:
        return 0.0
    tcp = found.columns["transport"][heads] == TCP
    begun = found.start[heads] - seen.begin >= BEGUN
    sent, back = (column[heads] for column in found.pair("packets"))
    asks, answers = found.pair("syn")[0][heads] > 0, found.pair("synack")[1][heads] > 0
    recognised = found.facts["fit"].among(Fit.YES, rows=heads)
    half = np.where(tcp, asks ^ answers, (sent == 0) & recognised) & (back > 0)
    half &= begun & ~found.group[heads] & ~seen.half_shown()[heads]
    # A refusal is an answer without a handshake.
    half &= ~tcp | answered
    proven = int(half.sum())
    whole = int((answered & (np.where(tcp, asks & answers, sent > 0))).sum())
    return min(MOST, proven / (proven + whole)) if proven >= PROVEN else 0.0
