"""The access list of an ASA."""

from __future__ import annotations

import re

from exporting import SIX, policy, written
from judging import CURRENT

from analyzer import export


def test_ipv6_is_said_not_dropped() -> None:
    found = export.choose("ciscoasa").write(policy(SIX, default="deny"))
    assert any("IPv6 is not written" in note for note in found.notes)
    assert "fd00" not in found.files["portmatrix.asa"]
    assert "access-list PORTMATRIX extended permit ip any6 any6\n" in found.files["portmatrix.asa"]


def test_tftp_is_inspected() -> None:
    assert written("ciscoasa", CURRENT).endswith(
        "access-list PORTMATRIX extended permit ip any any\n"
        "policy-map global_policy\n class inspection_default\n  inspect tftp\n"
    )
    assert "inspect" not in written("ciscoasa", ("biostar-server=10.0.0.1@server", "biostar-device=10.0.0.2"))


def test_lines() -> None:
    for line in written("ciscoasa", CURRENT).splitlines():
        assert re.match(
            r"! |access-list PORTMATRIX (?:remark [ -~]{1,100}$|extended (?:permit|deny) )"
            r"|clear |policy-map| ",
            line,
        ), line


def test_denied_by_default() -> None:
    text = written("ciscoasa", CURRENT, default="deny")
    assert "extended permit ip any any\n" not in text
    assert "extended deny ip any any log" in text
