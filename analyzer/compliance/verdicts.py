"""What the sheets of two ends say together: expected, disputed, unexpected, or for review."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.compliance.judgement import End, Judgement, Says
from analyzer.conversation import Conversation
from analyzer.matrix import Subject
from analyzer.model import Direction, Retired, Row, Verdict


def says_of(end: End, rows: tuple[Row, ...]) -> Says:
    """What an end's sheets say of a conversation of which they list ``rows``."""
    if rows:
        return Says.LISTED
    if not end.subjects or end.everyone:
        return Says.NOTHING
    # A host may hold several roles: where the sheet of one is not known, its traffic may be that one's.
    return Says.UNKNOWN if any(not subject.editions for subject in end.subjects) else Says.UNLISTED


def together(
    ends: tuple[End, End],
    says: tuple[Says, Says],
    listed: tuple[tuple[Row, ...], tuple[Row, ...]],
    conversation: Conversation,
    port: int,
    declared: bool,
) -> Judgement:
    """The verdict on a conversation of which ``says`` is what the sheets of its two ends say.

    ``listed`` are the rows of each end that have it, ``port`` the addressed one; ``declared`` tells that the
    user named the hosts of the site. At least one end says something.
    """
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
            f"no edition of the sheet covers {names(unsupported)} {unsupported[0].host.version}",
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


def both(origin: End, target: End) -> tuple[tuple[End, Direction, End], tuple[End, Direction, End]]:
    """Each end with its direction as its sheet sees it, and the end at the other side."""
    return (origin, "outgoing", target), (target, "incoming", origin)


def may_be(peers: frozenset[str], end: End) -> bool:
    """Whether an end may be one of the ``peers`` that a row names."""
    if end.everyone:
        return True
    return any(role in peers for role in end.roles)


def names(subjects: Sequence[Subject]) -> str:
    """The roles of ``subjects``, each once, in a sentence."""
    return " and ".join(dict.fromkeys(subject.role for subject in subjects))


def _sheet(subject: Subject) -> str:
    editions = " or ".join(edition.id for edition in subject.editions)
    return f"{subject.ruleset.name} {editions}".strip()


def _verb(subjects: Sequence[Subject]) -> str:
    return "does" if len({_sheet(subject) for subject in subjects}) == 1 else "do"


def _certain(ends: tuple[End, End], says: tuple[Says, Says], transport: str, port: int) -> bool:
    """Whether every sheet that spoke spoke for a declared role and a known edition.

    A host whose edition is open, or read from the traffic, is still certain where all editions of its
    sheet agree.
    """
    for (end, direction, other), say in zip(both(*ends), says, strict=True):
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
            told.add((transport, port) in listed and (peers is None or may_be(peers, other)))
    return len(told) == 1


def _retired(subjects: Sequence[Subject], transport: str, port: int) -> Retired | None:
    for subject in subjects:
        for edition in subject.editions:
            for entry in edition.retired:
                if (entry.transport, entry.port) == (transport, port):
                    return entry
    return None
