"""What the sheets say of each conversation.

Each end that is a subject either lists the conversation, or does not, or has no edition that could say.
A multicast or broadcast destination stands for every subject of the site that lists it as incoming.
The conversation's legs share its verdict: the request's row covers them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from analyzer import protocols, transports
from analyzer.compliance.judgement import End, Judgement, Judgements, Says
from analyzer.conversation import Address, Conversation
from analyzer.conversations import Conversations, Places
from analyzer.directory import Directory
from analyzer.kinds import Array
from analyzer.matrix import Matrix, Subject
from analyzer.model import Background, Direction, Host, Retired, Row, Verdict
from analyzer.payloads import equal
from analyzer.protocol import Fit
from analyzer.tables import ETHERTYPE, TCP

EXTENDED: Final = {"upnp": "ssdp"}
"""Protocols that are the same thing to a sheet."""


class Bench:
    """Judges conversations; equal relations are judged once.

    ``directory`` has the host entries at an address, ``host_background`` tells a conversation that an
    operating system started by itself (SSDP of a Windows host).
    """

    def __init__(
        self,
        matrix: Matrix,
        directory: Directory,
        background: Sequence[Background],
        *,
        strict: bool = False,
        declared: bool = True,
        host_background: Callable[[Conversation], bool] = lambda _: False,
    ) -> None:
        self.matrix, self.directory, self.strict, self.declared = matrix, directory, strict, declared
        self.background = {entry.protocol: entry for entry in background}
        self.host_background = host_background
        self._ends: dict[tuple[int, ...], End] = {}
        self._everyone: dict[tuple[int, ...], End] = {}
        self._known: dict[object, Judgement] = {}

    # ------------------------------------------------------------ ends

    def end(self, address: Address) -> End:
        """Who is at an address."""
        return self._end(self.directory.at(*address))

    def _end(self, hosts: tuple[Host, ...]) -> End:
        key = tuple(map(id, hosts))
        end = self._ends.get(key)
        if end is None:
            subjects = tuple(subject for host in hosts for subject in self.matrix.of_host(host))
            end = self._ends[key] = End(hosts, subjects)
        return end

    def ends(self, places: Places) -> tuple[Array, list[End]]:
        """Who is at each of ``places``: a number for each, and the end that each number stands for."""
        numbers, owners = self.directory.owners(places.version, places.hi, places.lo)
        return numbers, [self._end(hosts) for hosts in owners]

    def relations(self, found: Conversations) -> list[Array]:
        """Columns that tell apart what :meth:`has_row` and :meth:`knows_port` read of the ends."""
        places = found.places
        ends, _ = self.ends(places)
        ports = [self._told_apart(found.columns["transport"], found.columns[f"{end}_port"]) for end in "ab"]
        return [ends[places.a], ends[places.b], *ports]

    def _told_apart(self, transport: Array, port: Array) -> Array:
        """Ports of which some sheet speaks as they are, all others as 0."""
        spoken = np.zeros((2, 1 << 16), bool)
        for number, name in enumerate(("udp", "tcp")):
            spoken[number, [at for named, at in self.matrix.ports if named == name]] = True
        result: Array = np.where(spoken[(transport == TCP).astype(np.int64), port], port, 0)
        return result

    def _ends_of(self, conversation: Conversation, forward: bool) -> tuple[End, End]:
        source, target = conversation.a, conversation.b
        if not forward:
            source, target = target, source
        origin = self.end(source)
        if conversation.group and forward:
            return origin, self._everyone_but(origin)
        return origin, self.end(target)

    def _everyone_but(self, origin: End) -> End:
        """A group as the sender's ``origin`` addresses it: every other subject of the site could receive."""
        own = tuple(map(id, origin.subjects))
        everyone = self._everyone.get(own)
        if everyone is None:
            others = tuple(subject for subject in self.matrix.subjects if id(subject) not in own)
            everyone = self._everyone[own] = End(subjects=others, everyone=True)
        return everyone

    def has_row(self, conversation: Conversation, forward: bool) -> bool:
        """Whether any sheet lists the conversation when read in that direction."""
        if not conversation.ported:
            return False
        origin, target = self._ends_of(conversation, forward)
        port = conversation.b_port if forward else conversation.a_port
        return any(
            self._lists(end, direction, other, conversation, port)
            for end, direction, other in _both(origin, target)
        )

    def knows_port(self, conversation: Conversation, forward: bool) -> bool:
        """Whether a sheet of either end has the addressed port at all, in whatever direction."""
        if not conversation.ported:
            return False
        port = conversation.b_port if forward else conversation.a_port
        return any(
            self.matrix.find(subject, direction, conversation.transport, port)
            for end in self._ends_of(conversation, forward)
            for subject in end.subjects
            for direction in _DIRECTIONS
        )

    def _lists(
        self, end: End, direction: Direction, other: End, conversation: Conversation, port: int
    ) -> tuple[Row, ...]:
        rows: list[Row] = []
        for subject in end.subjects:
            for row in self.matrix.find(subject, direction, conversation.transport, port):
                if row.peers is not None and not _may_be(row.peers, other):
                    continue
                if self._foreign(row, conversation):
                    continue
                rows.append(row)
        return tuple(rows)

    def _foreign(self, row: Row, conversation: Conversation) -> bool:
        """A port of the sheet used by proven site infrastructure: Kerberos on 88 is not the vendor's."""
        return (
            conversation.fit is Fit.YES
            and conversation.protocol in self.background
            and row.service.protocol not in self.background
            and EXTENDED.get(row.service.protocol, row.service.protocol)
            != EXTENDED.get(conversation.protocol, conversation.protocol)
        )

    # ------------------------------------------------------------ verdicts

    def judge_all(self, found: Conversations) -> Judgements:
        """The verdicts on all conversations: one question for each relation."""
        columns, facts = found.columns, found.facts
        guess = facts["confidence"].among("guess")
        ports = [columns[f"{end}_port"] for end in "ab"]
        # A guess is read both ways, and its reason names no port that no sheet speaks of.
        both = guess | facts["asks_back"].among(True)
        ends, _ = self.ends(found.places)
        addressed = found.forward
        seen = [
            np.where(guess, self._told_apart(columns["transport"], port), np.where(both | mine, port, 0))
            for port, mine in zip(ports, (~addressed, addressed), strict=True)
        ]
        # What an operating system sent shows in the words of SSDP.
        wordy = np.zeros(len(found), np.int64)
        ssdp = np.flatnonzero(facts["protocol"].among("ssdp"))
        wordy[ssdp] = 1 + equal(found, ssdp)
        firsts, of_words = found.kinds(ssdp, (wordy,))
        wordy[ssdp] = (
            1 + np.array([self.host_background(found[row]) for row in firsts.tolist()], bool)[of_words]
        )
        kinds = found.kinds(
            found.heads,
            (
                columns["transport"],
                found.group,
                addressed,
                ends[found.places.a],
                ends[found.places.b],
                *seen,
                ports[0] == ports[1],
                found.pair("packets")[0] > 0,
                wordy,
                *(facts[name].codes for name in ("protocol", "fit", "confidence", "asks_back")),
            ),
        )
        of = np.zeros(len(found), np.int64)
        of[found.heads] = kinds.of
        for row, parent in found.parents.items():
            of[row] = of[parent.row]
        return Judgements(of, [self.judge(found[row]) for row in kinds.firsts.tolist()])

    def judge(self, conversation: Conversation) -> Judgement:
        """The verdict on a conversation; a leg has its parent's."""
        if conversation.parent is not None:
            return self.judge(conversation.parent)
        if conversation.confidence != "guess":
            judgement = self._both_ways(conversation)
            doubt = self._doubt(conversation) if judgement.verdict is Verdict.UNEXPECTED else ""
            if doubt:
                return replace(
                    judgement, verdict=Verdict.REVIEW, reason=doubt, certain=False, unlisted=(), retired=None
                )
            return judgement
        readings = [self._read(conversation, forward) for forward in (True, False)]
        safe = (Verdict.EXPECTED, Verdict.INFRASTRUCTURE, Verdict.OUT_OF_SCOPE)
        if readings[0].verdict is readings[1].verdict and readings[0].verdict in safe:
            return readings[0]
        return replace(
            readings[0],
            verdict=Verdict.REVIEW,
            reason="who opened it is a guess: no handshake, no telling payload, no known session",
            certain=False,
            rows=(),
            retired=None,
            undeclared=False,
        )

    def _doubt(self, conversation: Conversation) -> str:
        """Why an unlisted conversation may well be an answer, empty if it is a fault."""
        if _strays(conversation):
            return f"the answer to a search ({conversation.protocol}) that is not in this capture"
        speaks_as_server = (
            conversation.to_group
            and conversation.originator_port == conversation.port
            and _unreadable(conversation.protocol)
            and any(
                self.matrix.find(subject, "incoming", conversation.transport, conversation.port)
                for subject in self.end(conversation.originator).subjects
            )
        )
        if speaks_as_server:
            return "from the service's own port to everyone: perhaps the answer to a search"
        return ""

    def _both_ways(self, conversation: Conversation) -> Judgement:
        judgement = self._read(conversation, conversation.forward)
        if not conversation.asks_back:
            return judgement
        back = self._read(conversation, not conversation.forward)
        if back.verdict is not judgement.verdict:
            return judgement
        return replace(judgement, rows=tuple(dict.fromkeys((*judgement.rows, *back.rows))))

    def _read(self, conversation: Conversation, forward: bool) -> Judgement:
        ends = self._ends_of(conversation, forward)
        port = conversation.b_port if forward else conversation.a_port
        by_host = conversation.protocol == "ssdp" and self.host_background(conversation)
        key = (
            *(tuple(map(id, end.hosts)) or end.everyone for end in ends),
            conversation.transport,
            port,
            conversation.protocol,
            conversation.fit,
            by_host,
        )
        judgement = self._known.get(key)
        if judgement is None:
            judgement = self._known[key] = self._judge(conversation, port, ends, by_host)
        return judgement

    def _judge(
        self, conversation: Conversation, port: int, ends: tuple[End, End], by_host: bool
    ) -> Judgement:
        origin, target = ends
        if not conversation.ported:
            return self._portless(conversation, ends)
        listed = (
            self._lists(origin, "outgoing", target, conversation, port),
            self._lists(target, "incoming", origin, conversation, port),
        )
        says = _says(origin, listed[0]), _says(target, listed[1])
        rows = listed[0] + listed[1]
        if (not rows or by_host) and self._is_background(conversation, ends, by_host):
            return Judgement(Verdict.INFRASTRUCTURE, self._why_background(conversation), ends)
        if Says.LISTED not in says and not (origin.subjects or (target.subjects and not target.everyone)):
            return Judgement(Verdict.OUT_OF_SCOPE, "no host here is the subject of a sheet", ends)
        return _verdict(ends, says, listed, conversation, port, self.declared)

    def _portless(self, conversation: Conversation, ends: tuple[End, End]) -> Judgement:
        entry = self.background.get(conversation.protocol)
        beyond_sheets = transports.number(conversation.transport) >= ETHERTYPE
        if entry is not None and (beyond_sheets or not self.strict):
            return Judgement(Verdict.INFRASTRUCTURE, entry.reason, ends)
        subjects = [subject for end in ends if not end.everyone for subject in end.subjects]
        if beyond_sheets or not subjects:
            return Judgement(Verdict.OUT_OF_SCOPE, "no sheet speaks about this transport", ends)
        return Judgement(
            Verdict.UNEXPECTED,
            f"{_names(subjects)}: the sheet lists TCP and UDP ports only",
            ends,
            unlisted=tuple(subjects),
            certain=all(subject.certain for subject in subjects),
        )

    def _is_background(self, conversation: Conversation, ends: tuple[End, End], by_host: bool) -> bool:
        subject_here = bool(ends[0].subjects), bool(ends[1].subjects and not ends[1].everyone)
        entry = self.background.get(conversation.protocol)
        if self.strict and any(subject_here):
            return False
        if by_host:
            return True
        if entry is None or conversation.fit is Fit.NO:
            return False
        if entry.when == "always":
            return True
        if entry.when == "client":
            return not subject_here[1]
        return not any(subject_here)

    def _why_background(self, conversation: Conversation) -> str:
        entry = self.background.get(conversation.protocol)
        return (
            entry.reason if entry is not None else "sent by the host's operating system, not by the product"
        )


_DIRECTIONS: Final[tuple[Direction, Direction]] = ("incoming", "outgoing")


def _both(origin: End, target: End) -> tuple[tuple[End, Direction, End], tuple[End, Direction, End]]:
    """Each end with its direction as its sheet sees it, and the end at the other side."""
    return (origin, "outgoing", target), (target, "incoming", origin)


def _may_be(peers: frozenset[str], end: End) -> bool:
    if end.everyone:
        return True
    return any(role in peers for role in end.roles)


def _unreadable(name: str) -> bool:
    """Whether a protocol's payload tells nothing, so that a request and an answer look alike."""
    protocol = protocols.load().get(name)
    return protocol is not None and protocol.recognise is None


def _strays(conversation: Conversation) -> bool:
    """Whether only answers are here, from a port that is none of the protocol's.

    A search to a group may be answered from any port (UDA 1.1 section 1.3.3): the port then tells nothing,
    and the search that would is missing.
    """
    protocol = protocols.load().get(conversation.protocol)
    return (
        conversation.transport == "udp"
        and conversation.fit is Fit.YES
        and not conversation.oriented(conversation.packets)[0]
        and protocol is not None
        and bool(protocol.groups)
        and ("udp", conversation.port) not in protocol.ports
    )


def _says(end: End, rows: tuple[Row, ...]) -> Says:
    if rows:
        return Says.LISTED
    if not end.subjects or end.everyone:
        return Says.NOTHING
    # A host may hold several roles: where the sheet of one is not known, its traffic may be that one's.
    return Says.UNKNOWN if any(not subject.editions for subject in end.subjects) else Says.UNLISTED


def _names(subjects: Sequence[Subject]) -> str:
    return " and ".join(dict.fromkeys(subject.role for subject in subjects))


def _sheet(subject: Subject) -> str:
    editions = " or ".join(edition.id for edition in subject.editions)
    return f"{subject.ruleset.name} {editions}".strip()


def _verdict(
    ends: tuple[End, End],
    says: tuple[Says, Says],
    listed: tuple[tuple[Row, ...], tuple[Row, ...]],
    conversation: Conversation,
    port: int,
    declared: bool,
) -> Judgement:
    rows = listed[0] + listed[1]
    silent = [
        subject
        for end, say in zip(ends, says, strict=True)
        if say is Says.UNLISTED
        for subject in end.subjects
    ]
    what = f"{conversation.transport.upper()} {port}"
    if Says.UNLISTED not in says and Says.LISTED not in says:
        unsupported = [subject for end in ends for subject in end.subjects if not subject.editions]
        return Judgement(
            Verdict.REVIEW,
            f"no edition of the sheet covers {_names(unsupported)} {unsupported[0].host.version}",
            ends,
            certain=False,
        )
    certain = _certain(ends, says, conversation.transport, port)
    if Says.UNLISTED not in says:
        undeclared = declared and any(not end.hosts and not end.everyone for end in ends)
        where = " and ".join(dict.fromkeys(f"{row.ruleset} {row.edition} ({row.direction})" for row in rows))
        return Judgement(
            Verdict.EXPECTED,
            f"{what} is listed in {where}",
            ends,
            rows,
            undeclared=undeclared,
            certain=certain,
        )
    retired = _retired(silent, conversation.transport, port)
    missing = " and ".join(dict.fromkeys(_sheet(subject) for subject in silent))
    if Says.LISTED in says:
        lists = " and ".join(dict.fromkeys(f"{row.ruleset} {row.edition}" for row in rows))
        return Judgement(
            Verdict.DISPUTED,
            f"{lists} lists {what}, {missing} {_verb(silent)} not",
            ends,
            rows,
            tuple(silent),
            retired,
            certain=certain,
        )
    return Judgement(
        Verdict.UNEXPECTED,
        f"{missing} {_verb(silent)} not list {what} between these hosts in this direction",
        ends,
        (),
        tuple(silent),
        retired,
        certain=certain,
    )


def _verb(subjects: Sequence[Subject]) -> str:
    return "does" if len({_sheet(subject) for subject in subjects}) == 1 else "do"


def _certain(ends: tuple[End, End], says: tuple[Says, Says], transport: str, port: int) -> bool:
    """Whether every sheet that spoke spoke for a declared role and a known edition.

    A host whose edition is open, or read from the traffic, is still certain where all editions of its
    sheet agree.
    """
    for (end, direction, other), say in zip(_both(*ends), says, strict=True):
        if end.everyone or say is Says.NOTHING:
            continue
        for subject in end.subjects:
            if subject.certain or not subject.editions:
                continue
            if subject.host.basis == "inferred" or not _agreed(subject, direction, other, transport, port):
                return False
    return True


def _agreed(subject: Subject, direction: Direction, other: End, transport: str, port: int) -> bool:
    """Whether all editions of a subject's sheet list the port here, or none does."""
    told = set()
    for edition in subject.ruleset.editions:
        if edition.subject == subject.role:
            listed = edition.incoming if direction == "incoming" else edition.outgoing
            peers = edition.peers_of(direction, transport, port)
            told.add((transport, port) in listed and (peers is None or _may_be(peers, other)))
    return len(told) == 1


def _retired(subjects: Sequence[Subject], transport: str, port: int) -> Retired | None:
    for subject in subjects:
        for edition in subject.editions:
            for entry in edition.retired:
                if (entry.transport, entry.port) == (transport, port):
                    return entry
    return None
