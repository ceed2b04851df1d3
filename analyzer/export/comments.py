"""What stands at the head of every export, and with every rule, as harmless lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from analyzer.export.firewall import Term
from analyzer.export.plain import plain
from analyzer.export.rules import Policy
from analyzer.version import VERSION

LONGEST: Final = 600
"""Characters of one remark before it is cut: far above what sheets and site files have."""
STATELESS: Final = (
    "this target keeps no state: answers pass by the established flag of TCP and the source ports of UDP, "
    "so a host can send from a listed port what nobody asked for"
)


def head(policy: Policy, target: str, notes: Sequence[str]) -> list[str]:
    """Who made the file from what, then what the reader has to know. No time, so that exports compare."""
    site = f" of {plain(policy.site.name, 60)}" if policy.site.name else ""
    lines = [f"portmatrix {VERSION}: expected traffic{site} for {target}"]
    lines += [f"sheet {plain(sheet)}" for sheet in _sheets(policy)]
    return [*lines, *(plain(note, LONGEST) for note in (*policy.notes, *policy.remarks, *notes))]


def _sheets(policy: Policy) -> list[str]:
    found = {f"{subject.ruleset.name}: {subject.ruleset.document}" for subject in policy.matrix.subjects}
    return sorted(found)


def of_term(term: Term, limit: int = LONGEST) -> list[str]:
    """What a term is for: who to whom, then each row with its document and section."""
    verb = "permit" if term.rule.permits else "deny"
    ends = f"{verb} {term.source.label} to {term.target.label}"
    lines = [f"{ends}: {term.leg}"] if term.leg else [ends]
    return [piece for line in (*lines, *term.rule.sources) for piece in _wrapped(line, limit)]


def in_short(term: Term, limit: int = 120) -> str:
    """A term's rows, or what it is for, within what a kernel keeps with a rule (nftables: 128 bytes)."""
    permit = term.rule.permit
    return plain(", ".join(row.id for row in permit.rows) or permit.note, limit)


def _wrapped(text: str, limit: int) -> list[str]:
    return textwrap.wrap(plain(text, LONGEST), limit, break_on_hyphens=False) or [""]


def tftp_note(policy: Policy, found: Iterable[Term]) -> list[str]:
    """The port range that stands in for following a TFTP transfer, where a target cannot."""
    if not any("TFTP" in term.leg for term in found):
        return []
    low, high = policy.wishes.tftp_ports
    return [
        f"TFTP data goes between ports of their own choice: UDP {low} to {high} is open between hosts whose "
        "sheets list TFTP, less the ports of the sheets (--tftp-ports narrows it)"
    ]
