"""An access list of Cisco ASA: stateful, and its TFTP inspection opens the data's ports."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, of_term
from analyzer.export.firewall import Abilities, fits, generate, terms
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=True)
LIST: Final = "PORTMATRIX"
REMARK: Final = 100
INSPECT: Final = ("policy-map global_policy", " class inspection_default", "  inspect tftp")
"""On in the factory configuration; stated because TFTP depends on it."""


def write(policy: Policy) -> Written:
    """One list of IPv4; bind it with ``access-group``."""
    found = terms(policy, ABLE)
    notes = [f"bind the list: access-group {LIST} in interface NAME, or access-group {LIST} global"]
    if 6 in policy.versions:
        notes.append("IPv6 is not written: aerleon has no IPv6 for this target, so IPv6 is left alone")
    lines = [f"! {line}" for line in head(policy, "Cisco ASA", notes)]
    names = {term.name: term for term in found if fits(term, 4)}
    for line in generate(found, {"ciscoasa": LIST}, 4).split("\n"):
        word = line.removeprefix(f"access-list {LIST} remark ")
        if word == "portmatrix" or not line.strip():
            continue
        lines.append(line)
        if word in names:
            lines += [f"access-list {LIST} remark {said}" for said in of_term(names[word], REMARK)]
    if policy.wishes.default == "none":
        lines.append(f"access-list {LIST} extended permit ip any any")
    elif 6 in policy.versions:
        lines.append(f"access-list {LIST} extended permit ip any6 any6")
    if any(term.rule.permit.helper for term in found):
        lines += INSPECT
    return Written({"portmatrix.asa": "\n".join(lines) + "\n"}, tuple(notes))


TARGET = Target("ciscoasa", "Cisco ASA access list", write)
