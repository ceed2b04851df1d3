"""Junos filters: balanced, commented, ended as asked."""

from __future__ import annotations

import re

from exporting import SIX, policy, written
from judging import CURRENT

from analyzer.export.firewall import Abilities, fits, terms


def test_braces_and_comments_balance() -> None:
    for hosts in (CURRENT, SIX):
        text = written("juniper", hosts)
        bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        assert "*/" not in bare
        assert "/*" not in bare
        depth = 0
        for char in bare:
            depth += (char == "{") - (char == "}")
            assert depth >= 0
        assert depth == 0


def test_a_term_for_each_of_ours() -> None:
    text = written("juniper", CURRENT)
    ours = [term.name for term in terms(policy(CURRENT), Abilities(False, False)) if fits(term, 4)]
    assert re.findall(r"term (\S+) \{", text) == [*ours, "others"]


def test_the_end() -> None:
    assert "term others" not in written("juniper", CURRENT, default="deny")
    assert written("juniper", CURRENT).count("syslog;") == 2
    assert "tcp-established" in written("juniper", CURRENT)
