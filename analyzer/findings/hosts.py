"""Findings about hosts: versions no sheet covers, versions that do not go together, temporary modes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from analyzer.addresses import text
from analyzer.compliance import Judgement
from analyzer.conversation import Conversation
from analyzer.conversations import Selection
from analyzer.findings.case import Case
from analyzer.kinds import Array, among
from analyzer.matrix import Subject
from analyzer.model import FindingKind, Host, Severity, Verdict

if TYPE_CHECKING:
    from analyzer.findings.collect import Evidence


Versions = tuple[str, str, str, str]
"""Role and version of a subject, role and version of who it talks with."""
SHOWN: Final = 8
"""Flows that a finding about a host shows."""


def cases(evidence: Evidence) -> Iterable[Case]:
    """Every case about a host of the site."""
    yield from _unsupported(evidence)
    yield from _incompatible(evidence)
    yield from _direct(evidence)


def _names(hosts: Iterable[Host]) -> str:
    found = list(dict.fromkeys(host.name or ", ".join(host.networks) for host in hosts))
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _flows_of(evidence: Evidence, hosts: Iterable[Host]) -> Selection:
    """The first few flows in which one of the hosts takes part, as evidence."""
    wanted = {id(host) for host in hosts}
    rows = _heads(evidence, lambda told: any(id(host) in wanted for end in told.ends for host in end.hosts))
    return Selection(evidence.found, rows[:SHOWN])


def _heads(evidence: Evidence, told: Callable[[Judgement], bool]) -> Array:
    """The rows, but for legs, whose judgement ``told`` holds of."""
    legs = evidence.found.parents
    rows = evidence.judgements.where(told)
    return rows[~among(rows, list(legs))] if legs else rows


def _unsupported(evidence: Evidence) -> Iterable[Case]:
    groups: dict[tuple[str, str], list[Subject]] = defaultdict(list)
    for subject in evidence.matrix.subjects:
        if subject.unsupported:
            groups[subject.role, subject.host.version].append(subject)
    for (role, version), subjects in groups.items():
        ruleset = subjects[0].ruleset
        ranges = ", ".join(edition.id for edition in ruleset.editions if edition.subject == role)
        case = Case(FindingKind.UNSUPPORTED_VERSION, Severity.WARNING, (role, version))
        case.title = f"{role} {version} is in no edition of the sheet"
        case.detail = (
            f"{ruleset.document} covers {role} {ranges}. "
            f"Hosts: {_names(subject.host for subject in subjects)}. Their rows are not judged."
        )
        case.advice = (
            f"Check the version of these hosts. If {version} is right, ask {ruleset.vendor} for the ports of "
            "this version, or plan the upgrade to a version that the sheet covers."
        )
        case.flows = _flows_of(evidence, (subject.host for subject in subjects))
        yield case


def _incompatible(evidence: Evidence) -> Iterable[Case]:
    """Editions that are stated for other versions of their counterpart only, where the two talk."""
    why: dict[Versions, dict[int, tuple[Subject, Subject, str]]] = defaultdict(dict)
    for judgement in evidence.judgements.kinds:
        # An ARP request or a ping is not the products' talk.
        if judgement.verdict is Verdict.INFRASTRUCTURE or any(end.everyone for end in judgement.ends):
            continue
        for near, far in (judgement.ends, judgement.ends[::-1]):
            for subject in near.subjects:
                for other in far.subjects:
                    if stated := _stated(subject, other):
                        key = (subject.role, subject.host.version, other.role, other.host.version)
                        why[key][id(judgement)] = subject, other, stated
    rows = {key: _heads(evidence, lambda told, of=of: id(told) in of) for key, of in why.items()}  # type: ignore[misc]
    for key in sorted(filter(lambda key: len(rows[key]), rows), key=lambda key: int(rows[key][0])):
        flows = Selection(evidence.found, rows[key])
        subject, other, stated = why[key][id(evidence.judgements[int(rows[key][-1])])]
        edition = subject.editions[0]
        certain = subject.certain and other.certain
        case = Case(
            FindingKind.INCOMPATIBLE_VERSIONS, Severity.VIOLATION if certain else Severity.WARNING, key
        )
        case.title = f"{key[0]} {key[1] or edition.id} is not stated to work with {key[2]} {key[3]}"
        case.detail = (
            f"{subject.ruleset.document}, {edition.section}: for use with {other.role} {stated}. "
            f"{len(flows)} flows between such hosts are in this capture."
        )
        case.advice = (
            f"Bring both to versions that belong together: {other.role} {stated} for {key[0]} {edition.id}, "
            f"or upgrade {key[0]}. Correct the versions in the site file if they are wrong."
        )
        case.flows = flows
        yield case


def _stated(subject: Subject, other: Subject) -> str:
    """The specifier that the other's version breaks, empty if none or nothing is known."""
    if not other.host.version or len(subject.editions) != 1:
        return ""
    from analyzer import versions  # noqa: PLC0415 - only who states versions has a use for it

    stated = subject.editions[0].works_with.get(other.role, "")
    return stated if stated and not versions.matches(other.host.version, stated) else ""


def _direct(evidence: Evidence) -> Iterable[Case]:
    """Use of a mode that the vendor calls temporary: by declaration, or by the traffic that only it has."""
    for ruleset in evidence.matrix.rulesets:
        for mode, words in ruleset.temporary_modes.items():
            flows, certain = _in_mode(evidence, ruleset.name, mode)
            if not flows:
                continue
            case = Case(FindingKind.DIRECT_MODE, Severity.WARNING, (ruleset.name, mode))
            case.title = f"{ruleset.product or ruleset.name} is used in {mode} mode"
            case.detail = f"{words} {len(flows)} flows of this mode are in the capture." + (
                "" if certain else " The mode is read from the traffic."
            )
            case.advice = f"Use {mode} mode for set-up and service only; run the devices in the other mode."
            case.near_miss = _against_its_word(evidence, flows, mode)
            case.flows = flows
            yield case


def _against_its_word(evidence: Evidence, flows: Iterable[Conversation], mode: str) -> str:
    """Who opens connections of ``mode`` although the site file says another; empty if nobody does."""
    stated: dict[str, list[str]] = defaultdict(list)
    for flow in flows:
        hosts = [host for end in evidence.judgements[flow.row].ends for host in end.hosts]
        others = {host.mode for host in hosts if host.basis == "declared" and host.mode not in ("", mode)}
        for other in sorted(others):
            stated[other].append(text(*flow.originator))
    return "; ".join(
        f"the site file says {other} mode, and yet {', '.join(sorted(set(openers))[:3])} opens the connection"
        for other, openers in stated.items()
    )


def _in_mode(evidence: Evidence, ruleset: str, mode: str) -> tuple[Selection, bool]:
    """Flows that a row marks as belonging to ``mode`` alone."""

    def marked(told: Judgement, *, certain: bool = False) -> bool:
        rows = [row for row in told.rows if row.ruleset == ruleset]
        return any(row.service.mode == mode for row in rows) and (
            not certain or any(row.edition == mode for row in rows)
        )

    rows = _heads(evidence, marked)
    return Selection(evidence.found, rows), len(_heads(evidence, partial(marked, certain=True))) > 0
