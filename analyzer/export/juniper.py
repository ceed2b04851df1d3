"""Firewall filters of Junos: without state, so answers pass by ``tcp-established`` and by ports."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import STATELESS, head, of_term, tftp_note
from analyzer.export.firewall import FAMILIES, Abilities, fits, generate, terms
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=False, tftp=False)
FILTER: Final = {4: "portmatrix", 6: "portmatrix-6"}


def write(policy: Policy) -> Written:
    """One filter a family, for ``load replace``."""
    found = terms(policy, ABLE)
    notes = (STATELESS, *tftp_note(policy, found))
    lines = ["/*", *(f" * {line}" for line in head(policy, "Junos", notes)), " */"]
    for version in policy.versions:
        names = {f"term {term.name} {{": term for term in found if fits(term, version)}
        text = generate(found, {"juniper": f"{FILTER[version]} {FAMILIES[version]}"}, version)
        for line in text.strip("\n").split("\n"):
            term = names.get(line.strip())
            if term is not None:
                pad = line[: len(line) - len(line.lstrip())]
                lines += [f"{pad}/* {comment} */" for comment in of_term(term)]
            lines.append(line)
        if policy.wishes.default == "none":
            at = len(lines) - 3  # before the ends of filter, family and firewall
            lines[at:at] = ["            term others {", "                then accept;", "            }"]
    return Written({"portmatrix.junos": "\n".join(lines) + "\n"}, notes)


TARGET = Target("juniper", "Junos firewall filters", write)
