"""PAN-OS: a well-formed fragment whose rules carry the rows."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from exporting import HOSTILE, SIX, policy, written
from judging import CURRENT

from analyzer import export
from analyzer.export.firewall import Abilities, fits, terms


def rules(text: str) -> list[ET.Element]:
    return list(ET.fromstring(text).findall(".//rulebase/security/rules/entry"))


def test_a_rule_for_each_term_in_order() -> None:
    found = rules(written("paloalto", CURRENT))
    ours = [term.name for term in terms(policy(CURRENT), Abilities(True, True)) if fits(term, 4)]
    assert [rule.get("name") for rule in found] == ours
    assert all(rule.findtext("description") for rule in found)
    assert {rule.findtext("action") for rule in found[-2:]} == {"deny"}
    assert all(rule.findtext("log-end") == "yes" for rule in found[-2:])


def test_names_are_short_enough() -> None:
    root = ET.fromstring(written("paloalto", CURRENT))
    assert all(len(entry.get("name", "")) <= 63 for entry in root.iter("entry"))


def test_a_file_a_family() -> None:
    files = export.choose("paloalto").write(policy(SIX)).files
    assert sorted(files) == ["portmatrix-6.xml", "portmatrix.xml"]
    assert all(rules(text) for text in files.values())


def test_a_strangers_words_leave_it_well_formed(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(HOSTILE)
    assert rules(written("paloalto", site=site))
