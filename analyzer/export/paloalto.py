"""A configuration fragment of PAN-OS: stateful; App-ID follows TFTP to the data's ports."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, of_term
from analyzer.export.firewall import FAMILIES, Abilities, fits, generate, terms
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=True)
DESCRIPTION: Final = 1000
"""Characters of a rule's description, of the 1,023 that PAN-OS takes."""


def write(policy: Policy) -> Written:
    """One XML fragment a family, for ``load config partial``; rules between any zones."""
    found = terms(policy, ABLE)
    notes = (
        "zones are any: put those of the site in before loading",
        "TFTP data passes by the TFTP decoder of the firewall (App-ID), which has to be on",
    )
    files = {}
    for version in policy.versions:
        text = generate(found, {"paloalto": f"from-zone any to-zone any {FAMILIES[version]}"}, version)
        root = ET.fromstring(text[text.index("<config") :])
        said = {term.name: of_term(term) for term in found if fits(term, version)}
        for rule in root.iter("entry"):
            lines = said.get(rule.get("name", ""))
            if lines and rule.find("action") is not None:
                for old in rule.findall("description"):
                    rule.remove(old)
                description = ET.Element("description")
                description.text = "\n".join(lines)[:DESCRIPTION]
                rule.insert(0, description)
        for comments in root.iter("comments"):
            comments.text = "portmatrix"
        ET.indent(root)
        intro = "\n".join(line.replace("--", "-") for line in head(policy, "PAN-OS", notes))
        name = "portmatrix.xml" if version == 4 else "portmatrix-6.xml"
        body = ET.tostring(root, encoding="unicode")
        files[name] = f'<?xml version="1.0"?>\n<!--\n{intro}\n-->\n{body}\n'
    return Written(files, notes)


TARGET = Target("paloalto", "PAN-OS security rules", write)
