"""Guesses, MACs and names → the lines of a site file, each with what it rests on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from analyzer.addresses import Address, mac, parse, text
from analyzer.census import vendors
from analyzer.census.fold import fold
from analyzer.census.links import Links
from analyzer.census.names import Names
from analyzer.infer.editions import Use
from analyzer.infer.roles import Guess
from analyzer.model import Direction, Edition, Ruleset, SurveyHost, SurveyLine

REASONS: Final = 6
"""Services that a line names as its evidence."""
_HOST_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,39}", re.ASCII)
_ORDER: Final = ("certain", "likely", "unsure")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the capture shows of hosts: MACs, names, what they used, and what their sheets make of it."""

    links: Links
    names: Names
    uses: Mapping[Address, set[Use]] = field(default_factory=dict)
    tallies: Mapping[Address, tuple[int, int]] = field(default_factory=dict)
    """Relations that the role's sheet lists, of all that it judges."""
    modes: Mapping[Address, str] = field(default_factory=dict)
    senders: frozenset[Address] = frozenset()
    """Every address that sent something."""


def lines(
    guesses: Sequence[Guess], doubts: Mapping[Address, str], seen: Seen, rulesets: Sequence[Ruleset]
) -> tuple[SurveyLine, ...]:
    """The hosts of a site, one line for those that are alike, the surest first.

    ``doubts`` say why a guess must not be in force although it is likely.
    """
    editions = {
        guess.address: _edition(guess.role, seen.uses.get(guess.address, set()), rulesets)
        for guess in guesses
    }
    groups: dict[tuple[str, ...], list[Guess]] = defaultdict(list)
    for guess in guesses:
        sure = guess.level != "unsure" and guess.address not in doubts
        mode = seen.modes.get(guess.address, "")
        edition, _ = editions[guess.address]
        alone = "" if sure and _many(guess.role, rulesets) else _one(guess, seen.links)
        groups[guess.role, mode, edition, "" if sure else doubts.get(guess.address, " "), alone].append(guess)
    known = {guess.address for guess in guesses if guess.level != "unsure" and guess.address not in doubts}
    strangers = seen.senders - known
    found = [
        _line(members, mode, doubt, strangers, seen, editions[members[0].address])
        for (_, mode, _, doubt, _), members in groups.items()
    ]
    return tuple(_named(sorted(found, key=_place), rulesets))


def _place(line: SurveyLine) -> tuple[int, str, Address]:
    address = parse(line.hosts[0].address)
    return int(line.level == "unsure"), line.role, address


def _one(guess: Guess, links: Links) -> str:
    """What keeps a host apart from others of its role: its MAC where it is its own, else its address."""
    number = next(iter(links.claimed.get(guess.address, ())), None)
    return text(*guess.address) if number is None else mac(number)


def _many(role: str, rulesets: Iterable[Ruleset]) -> bool:
    """Whether a site has many hosts of a role: those whose sheet names another as their only peer."""
    return any(
        edition.subject == role and all(len(peers) == 1 for peers in edition.peers.values()) and edition.peers
        for ruleset in rulesets
        for edition in ruleset.editions
    ) or role.endswith("-device")


def _line(
    members: Sequence[Guess],
    mode: str,
    doubt: str,
    strangers: frozenset[Address],
    seen: Seen,
    edition: tuple[str, str],
) -> SurveyLine:
    first = members[0]
    level = max((guess.level for guess in members), key=_ORDER.index)
    tallies = [seen.tallies.get(guess.address, (0, 0)) for guess in members]
    addresses = (guess.address for guess in members)
    return SurveyLine(
        name="",
        addresses=fold(addresses, strangers if level != "unsure" else seen.senders),
        role=first.role,
        level="unsure" if doubt else level,
        hosts=tuple(host(guess.address, seen, guess.reasons[:REASONS], guess.frames) for guess in members),
        mode=mode,
        edition=edition[0],
        edition_evidence=edition[1],
        explained=(sum(listed for listed, _ in tallies), sum(whole for _, whole in tallies)),
        rivals=tuple(dict.fromkeys(rival for guess in members for rival in guess.rivals)),
        doubt=doubt.strip(),
    )


# ---------------------------------------------------------------- one host


def host(
    address: Address, seen: Seen, evidence: Iterable[str] = (), frames: Iterable[int] = ()
) -> SurveyHost:
    """What the capture tells of one address."""
    number = seen.links.mac(address)
    own = tuple(seen.links.claimed.get(address, ()))
    routed = number is not None and number in seen.links.routers() and number not in own
    names = () if address[0] == 0 else seen.names.of(address, own)
    return SurveyHost(
        address=text(*address),
        mac=None if number is None else mac(number),
        vendor="" if number is None else vendors.vendor(number),
        link=_link(address, number, routed, seen.links),
        names=names,
        evidence=tuple(evidence),
        frames=tuple(frames),
    )


def _link(address: Address, number: int | None, routed: bool, links: Links) -> str:
    if number is None:
        return ""
    if routed:
        return "the MAC is a router's: the host is behind it"
    others = [text(*other) for other in links.shared().get(number, ()) if other != address]
    if others:
        return f"one host with {', '.join(others[:3])}, by its MAC (or proxy ARP)"
    return ""


# ---------------------------------------------------------------- editions


def _edition(role: str, uses: Iterable[Use], rulesets: Iterable[Ruleset]) -> tuple[str, str]:
    """The edition that was used, by rows that no other one has, and which rows; none where they disagree."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    used = sorted(uses)
    for ruleset in rulesets:
        editions = [edition for edition in ruleset.editions if edition.subject == role and edition.versions]
        for use in used:
            listing = [edition for edition in editions if _lists(edition, use)]
            if len(listing) == 1 and len(editions) > 1:
                told[listing[0].id][_spell(use)] = None
    if not told:
        return "", ""
    said = "; ".join(f"{name} by {', '.join(rows)}" for name, rows in sorted(told.items()))
    return (next(iter(told)), said) if len(told) == 1 else ("", said)


def _lists(edition: Edition, use: Use) -> bool:
    direction, transport, port = use
    return (transport, port) in (edition.incoming if direction == "incoming" else edition.outgoing)


_VERBS: Final[Mapping[Direction, str]] = {"incoming": "accepts", "outgoing": "opens"}


def _spell(use: Use) -> str:
    return f"{_VERBS[use[0]]} {use[1].upper()} {use[2]}"


# ---------------------------------------------------------------- names of lines


def _named(found: Iterable[SurveyLine], rulesets: Iterable[Ruleset]) -> Iterable[SurveyLine]:
    """The lines with a name each: a host's own where it is a plain one, else its role's.

    A name is what allow entries call a host by, so a stranger's word becomes one only if it is a simple host
    name, nobody else's, and no role.
    """
    taken = {"any", *(role for ruleset in rulesets for role in ruleset.subjects)}
    for line in found:
        own = [heard.text.partition(".")[0] for heard in line.hosts[0].names if heard.kind != "bacnet"]
        plain = next((name for name in own if _HOST_NAME.fullmatch(name)), "")
        role = line.role.replace("-", " ") or "host"
        several = len(line.hosts) > 1
        wanted = plain if plain and not several else f"{role}s" if several else role
        if wanted.lower() in taken:
            wanted = f"{role} {line.addresses[0]}"
        taken.add(wanted.lower())
        yield replace(line, name=wanted)
