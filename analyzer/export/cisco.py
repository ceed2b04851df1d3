"""Extended access lists of Cisco IOS: without state, so answers pass by ``established`` and by ports."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import STATELESS, head, of_term, tftp_note
from analyzer.export.firewall import Abilities, fits, generate, terms
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=False, tftp=False)
REMARK: Final = 100
"""Characters of one remark, the most that IOS takes."""
LIST: Final = {4: "PORTMATRIX", 6: "PORTMATRIX-6"}
KIND: Final = {4: "extended", 6: "inet6"}


def write(policy: Policy) -> Written:
    """One list a family, replaced as a whole."""
    found = terms(policy, ABLE)
    notes = (STATELESS, *tftp_note(policy, found))
    lines = [f"! {line}" for line in head(policy, "Cisco IOS", notes)]
    for version in policy.versions:
        names = {term.name: term for term in found if fits(term, version)}
        for line in generate(found, {"cisco": f"{LIST[version]} {KIND[version]}"}, version).split("\n"):
            word = line.strip().removeprefix("remark ")
            if word == "portmatrix" or not line.strip():
                continue
            lines.append(line)
            if word in names:
                lines += [f" remark {comment}" for comment in of_term(names[word], REMARK)]
        if policy.wishes.default == "none":
            anything = "permit ip any any" if version == 4 else "permit ipv6 any any"
            at = len(lines) - 1 - lines[::-1].index("exit")
            lines[at:at] = [" remark what is left is no traffic of the equipment", f" {anything}"]
    return Written({"portmatrix.ios": "\n".join(lines) + "\n"}, notes)


TARGET = Target("cisco", "Cisco IOS access lists", write)
