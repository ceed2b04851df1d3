"""netsh commands: allow rules only, since a block rule would beat them."""

from __future__ import annotations

import re

from exporting import SIX, policy, written
from judging import CURRENT, LEGACY

from analyzer import export

RULE = re.compile(
    r'netsh advfirewall firewall add rule name="portmatrix [io]_[a-z0-9-]+" enable=yes interfacetype=any '
    r"dir=(in|out) (?:(?:local|remote)(?:ip|port)=[0-9a-f.:/,any-]+ )+"
    r"protocol=(?:tcp|udp|any|2|icmpv4|icmpv6) action=allow"
)


def test_every_line_is_a_command_or_a_remark() -> None:
    for hosts in (CURRENT, LEGACY, SIX):
        for line in written("windows", hosts, default="deny").split("\r\n"):
            assert (
                not line
                or line == "@echo off"
                or re.fullmatch(r":: [A-Za-z0-9 .,:/+()=_-]*", line)
                or line.startswith(
                    (
                        "netsh advfirewall set allprofiles ",
                        'netsh advfirewall firewall delete rule name="portmatrix ',
                    )
                )
                or RULE.fullmatch(line)
            ), line


def test_outgoing_rules_come_with_the_default_deny() -> None:
    assert "dir=out" not in written("windows", CURRENT)
    assert "dir=out" in written("windows", CURRENT, default="deny")
    assert "blockinbound,allowoutbound" in written("windows", CURRENT)
    assert "blockinbound,blockoutbound" in written("windows", CURRENT, default="deny")


def test_a_search_reaches_the_host_itself() -> None:
    searches = [
        line
        for line in written("windows", LEGACY).split("\r\n")
        if "localport=1900" in line and "udp" in line
    ]
    assert searches
    assert not any("239.255.255.250" in line for line in searches)


def test_what_it_cannot_is_said() -> None:
    notes = export.choose("windows").write(policy(CURRENT, disputed="deny")).notes
    assert any("outgoing traffic is not restricted" in note for note in notes)
    assert any("cannot deny a part" in note for note in notes)
    assert any("TFTP data goes between ports" in note for note in notes)
