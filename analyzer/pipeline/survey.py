"""The order of the stages of a survey: captures → flows, MACs, names → guesses → lines of a site file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from analyzer import classify, infer, rulesets, sessions
from analyzer.addresses import mac, parse, text
from analyzer.census import Links, Names, Seen, hints, host, lines, systems
from analyzer.census.vendors import known
from analyzer.compliance import Bench
from analyzer.conversation import Address, Conversation
from analyzer.infer.editions import settled, uses_of
from analyzer.infer.hints import hints as heard
from analyzer.infer.roles import Guess, guess
from analyzer.matrix import build
from analyzer.model import Host, Progress, Ruleset, Site, Survey, SurveyHost, Verdict
from analyzer.pipeline.bench import bench_of
from analyzer.pipeline.options import Options
from analyzer.pipeline.reading import read
from analyzer.version import VERSION
from analyzer.visibility import Visibility

Relation = tuple[Address, Address, str, int]
OTHERS: Final = 64
"""Hosts without a role that a survey lists."""
JUDGED: Final = (Verdict.EXPECTED, Verdict.DISPUTED, Verdict.UNEXPECTED)


def survey(options: Options, progress: Progress | None = None) -> Survey:
    """The site as captures show it. Raises :class:`analyzer.errors.PortmatrixError` as ``check`` does.

    Guesses that their own sheets contradict, or that a surer one displaces, are unsure.
    """
    sheets = rulesets.load(options.rules)
    names, links = Names(), Links()
    captures, table = read(options, progress, (names,), links)
    found = classify.recognise(table)
    sessions.tie(found)
    proven = Visibility(found).one_sided_pairs
    guesses = guess(found, sheets, proven, (*heard(found), *hints(links)))
    guesses = [one for one in guesses if one.partners and (one.role or one.rivals)]
    hosts = settled(tuple(infer.stated(guesses)), found, sheets)
    bench = bench_of(build(sheets, hosts), sheets, Site(hosts=hosts), strict=False)
    classify.orient(found, bench.has_row, bench.knows_port, bench.relations)
    tallies, activities = _tallies(found, bench)
    doubts = {**_displaced(guesses, sheets), **_contradicted(guesses, tallies)}
    doubts |= _dependent(found, guesses, doubts, sheets)
    whole = sorted((*guesses, *systems(found, guesses)), key=lambda one: one.address)
    uses = uses_of(hosts, found)
    seen = Seen(
        links,
        names,
        {_address(entry): uses[id(entry)] for entry in hosts if entry.name in entry.networks},
        tallies,
        {_address(entry): entry.mode for entry in hosts},
        frozenset(_senders(found)),
    )
    proposed = lines(whole, doubts, seen, sheets)
    placed = {end.address for line in proposed for end in line.hosts}
    return Survey(
        version=VERSION,
        captures=captures,
        lines=proposed,
        activities=activities,
        others=tuple(_others(found, placed, seen)),
        routers={mac(number): len(behind) for number, behind in links.routers().items()},
        vendors_known=known(),
    )


def _address(entry: Host) -> Address:
    return parse(entry.networks[0])


def _senders(found: Sequence[Conversation]) -> Iterator[Address]:
    for conversation in found:
        for address, count in zip((conversation.a, conversation.b), conversation.packets, strict=True):
            if count and address[0]:
                yield address


# ---------------------------------------------------------------- what the sheets make of the guesses


def _tallies(
    found: Sequence[Conversation], bench: Bench
) -> tuple[dict[Address, tuple[int, int]], dict[str, tuple[str, ...]]]:
    """Relations of each host that its sheet lists, of all that it judges; and services seen by activity."""
    judged: dict[Address, dict[Relation, bool]] = defaultdict(dict)
    activities: dict[str, dict[str, None]] = defaultdict(dict)
    for conversation in found:
        if conversation.parent is not None or not conversation.ported:
            continue
        judgement = bench.judge(conversation)
        if judgement.verdict not in JUDGED:
            continue
        listed = judgement.verdict is not Verdict.UNEXPECTED
        ends = conversation.originator, conversation.responder
        relation = (*ends, conversation.transport, conversation.port)
        for row in judgement.rows:
            service = f"{row.transport.upper()} {row.port} ({row.service.name})"
            activities[row.service.activity][service] = None
        origin, target = judgement.ends
        if origin.roles:
            judged[ends[0]][relation] = listed
        if target.roles and (origin.roles or listed):  # what a stranger tries says nothing of the host
            judged[ends[1]][relation] = listed
    return (
        {address: (sum(held.values()), len(held)) for address, held in judged.items()},
        {activity: tuple(services) for activity, services in sorted(activities.items())},
    )


def _contradicted(
    guesses: Sequence[Guess], tallies: Mapping[Address, tuple[int, int]]
) -> Mapping[Address, str]:
    """Guesses whose sheet lists less of what the host does than it leaves out."""
    doubts = {}
    for one in guesses:
        listed, whole = tallies.get(one.address, (0, 0))
        if one.level != "unsure" and 2 * listed < whole:
            doubts[one.address] = f"its sheet lists only {listed} of {whole} things that it does"
    return doubts


def _dependent(
    found: Sequence[Conversation],
    guesses: Sequence[Guess],
    doubts: Mapping[Address, str],
    sheets: Sequence[Ruleset],
) -> Mapping[Address, str]:
    """Hosts that would be in force beside one that is not: their sheet would call its traffic unexpected.

    A violation would then rest on what the survey is unsure of, so they are unsure together.
    """
    open_ = {one.address for one in guesses if one.level == "unsure"}
    sure = {one.address for one in guesses if one.level != "unsure" and one.address not in doubts}
    caught: dict[Address, str] = {}
    while open_ and sure:
        alone, together = (
            _declared([one for one in guesses if one.address in held], sheets)
            for held in (sure, sure | open_)
        )
        fresh = {}
        for conversation in found:
            ends = conversation.originator, conversation.responder
            if conversation.parent is not None or open_.isdisjoint(ends) or sure.isdisjoint(ends):
                continue
            if (
                alone.judge(conversation).verdict is Verdict.UNEXPECTED
                and together.judge(conversation).verdict is not Verdict.UNEXPECTED
            ):
                near, far = ends if ends[0] in sure else ends[::-1]
                fresh[near] = f"it stands and falls with {text(*far)}, which is unsure"
        if not fresh:
            break
        caught |= fresh
        sure -= fresh.keys()
        open_ |= fresh.keys()
    return caught


def _declared(guesses: Sequence[Guess], sheets: Sequence[Ruleset]) -> Bench:
    hosts = tuple(
        Host(text(*one.address), (text(*one.address),), (one.role or one.rivals[0],)) for one in guesses
    )
    return bench_of(build(sheets, hosts), sheets, Site(hosts=hosts), strict=False)


def _displaced(guesses: Sequence[Guess], sheets: Sequence[Ruleset]) -> Mapping[Address, str]:
    """A second host in the middle of the same hosts: their sheet knows one, so the weaker is in doubt."""
    middle = {
        (edition.subject, peer)
        for sheet in sheets
        for edition in sheet.editions
        for peer in edition.peers.get("incoming", ())
        if len(edition.peers["incoming"]) == 1
    }
    roles = {one.address: one.role for one in guesses}
    claims: dict[tuple[Address, str], list[Guess]] = defaultdict(list)
    for one in guesses:
        for far in one.partners:
            if (roles.get(far, ""), one.role) in middle:
                claims[far, one.role].append(one)
    doubts = {}
    for rivals in claims.values():
        best = max(rivals, key=lambda one: (one.telling, len(one.partners)))
        for one in rivals:
            if one.telling < best.telling:
                where = text(*best.address)
                doubts[one.address] = f"talks with hosts of {where}, which is more likely their {one.role}"
    return doubts


def _others(found: Sequence[Conversation], placed: Collection[str], seen: Seen) -> Iterator[SurveyHost]:
    """Hosts without a line that talk with hosts that have one, with what they open and accept there."""
    known = {parse(address) for address in placed}
    evidence: dict[Address, dict[str, None]] = defaultdict(dict)
    frames: dict[Address, int] = {}
    for conversation in found:
        if not conversation.ported or conversation.parent is not None or conversation.group:
            continue
        ends = conversation.originator, conversation.responder
        for near, far, verb in ((*ends, "opens"), (*ends[::-1], "accepts")):
            if near not in known and far in known and (near in evidence or len(evidence) < OTHERS):
                what = f"{verb} {conversation.transport.upper()} {conversation.port} with {text(*far)}"
                evidence[near][what] = None
                frames.setdefault(near, min(frame for frame in conversation.first_frame if frame))
    for address in sorted(evidence):
        yield host(address, seen, list(evidence[address])[:4], (frames[address],))
