"""Commands for the firewall of a Windows host, such as the gateway itself: ``netsh advfirewall``.

Its rules have no order, and a block rule beats every other: what is not permitted is stopped by the
profile's default, and logged there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, of_term, tftp_note
from analyzer.export.firewall import FAMILIES, Abilities, Term, fits, generate, terms
from analyzer.export.parties import ANYONE, Party
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=False)
NUMBERS: Final = {"igmp": "2", "icmpv6": "icmpv6"}
"""What netsh calls protocols that aerleon calls by IANA's keyword."""


def write(policy: Policy) -> Written:
    """A batch file. Incoming rules always; outgoing ones where the default is ``deny``."""
    found = [term for term in terms(policy, ABLE) if term.rule.permits]
    outbound = policy.wishes.default == "deny"
    notes = [*tftp_note(policy, found)]
    notes.append("rules are for the hosts of the site: load them on a host that is one of them")
    if any(not rule.permits and rule.permit.why == "disputed" for rule in policy.rules):
        notes.append(
            "Windows cannot deny a part of what it permits: disputed rows stay open where a wider rule is"
        )
    if not outbound:
        notes.append("outgoing traffic is not restricted, as Windows has it (--default deny restricts it)")
    lines = ["@echo off", *(f":: {line}" for line in head(policy, "Windows Firewall", notes))]
    policies = "blockinbound,blockoutbound" if outbound else "blockinbound,allowoutbound"
    lines += [
        f"netsh advfirewall set allprofiles firewallpolicy {policies}",
        "netsh advfirewall set allprofiles logging droppedconnections enable",
    ]
    local = policy.subjects
    for direction in ("in", "out") if outbound else ("in",):
        for version in policy.versions:
            lines += _rules(found, direction, version, local)
    return Written({"portmatrix.bat": "\r\n".join(lines) + "\r\n"}, tuple(notes))


def _rules(found: list[Term], direction: str, version: int, local: Party) -> list[str]:
    """The rules of one direction. A group stands for this host, which is one of its receivers."""
    mine = []
    for term in found:
        end = term.target if direction == "in" else term.source
        if direction == "in" and end.group:
            mine.append(replace(term, target=ANYONE))
        elif end.spans is None or end.subjects or _overlaps(end, local):
            mine.append(term)
    text = generate(mine, {"windows_advfirewall": f"{direction} {FAMILIES[version]}"}, version)
    said = {f"{direction[0]}_{term.name}": of_term(term) for term in mine if fits(term, version)}
    lines: list[str] = []
    told = ""
    for line in text.split("\n"):
        match = re.match(r"netsh advfirewall firewall add rule name=(\S+)", line)
        if match is None:
            continue
        if match[1] != told:
            told = match[1]
            suffix = "-6" if version == 6 else ""
            lines.append(f'netsh advfirewall firewall delete rule name="portmatrix {told}{suffix}" >nul')
            lines += [f":: {comment}" for comment in said[told]]
        lines.append(_renamed(line, told, suffix))
    return lines


def _renamed(line: str, name: str, suffix: str) -> str:
    """Names of our own, so that loading again replaces them, and protocols by netsh's names."""
    line = line.replace(f"name={name}", f'name="portmatrix {name}{suffix}"', 1)
    for protocol, number in NUMBERS.items():
        line = line.replace(f" protocol={protocol} ", f" protocol={number} ")
    return line


def _overlaps(one: Party, other: Party) -> bool:
    return any(
        a.version == b.version and a.first <= b.last and b.first <= a.last
        for a in one.spans or ()
        for b in other.spans or ()
    )


TARGET = Target("windows", "Windows Firewall (netsh)", write)
