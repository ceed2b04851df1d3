"""What the tests of the exporters share: policies of sites in a line, and who decides what about a packet."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from judging import CURRENT

from analyzer import export
from analyzer.export.firewall import Abilities, policy_of, terms
from analyzer.export.rules import Policy
from analyzer.pipeline import Options
from analyzer.pipeline.export import policy as build_policy

TODAY = datetime.date(2026, 11, 21)
FIREWALLS = ("nftables", "iptables", "windows", "cisco", "ciscoasa", "juniper", "paloalto")
SIX = ("igor-gateway=10.20.0.10,fd00:20::10@5.1.0", "igor-node=10.20.1.0/24,fd00:20:1::/64@6.0.2")
HOSTILE = """\
site: "Bad\\n} table ip evil {\\n'; rm -rf / #"
hosts:
  - {name: "gw\\"; accept; #", address: 10.20.0.10, role: igor-gateway, version: 5.1.0}
  - {name: "*/ then accept; /*", address: 10.20.1.0/24, role: igor-node, version: 6.0.2}
  - {name: "--> <x> & %PATH% ^ | $(id) `id` \\u202e", address: 10.20.0.40, role: bacnet-system}
allow:
  - {from: "gw\\"; accept; #", to: "*/ then accept; /*", transport: tcp, port: 22,
     reason: "x\\" drop\\n-A FORWARD -j ACCEPT\\r\\nnetsh advfirewall reset & calc */ permit ip any any -->",
     owner: "o'\\\\"}
"""


@functools.cache
def policy(hosts: tuple[str, ...] = CURRENT, site: Path | None = None, **wishes: Any) -> Policy:
    """The policy of ``--host`` options, or of a site file; made once for all tests."""
    options = Options((), site=str(site) if site else None, hosts=() if site else hosts)
    return build_policy(options, export.Wishes(**wishes), TODAY)


@functools.cache
def written(target: str, hosts: tuple[str, ...] = CURRENT, site: Path | None = None, **wishes: Any) -> str:
    """What an exporter writes, all files after each other."""
    return "".join(export.choose(target).write(policy(hosts, site, **wishes)).files.values())


class Check:
    """aerleon's own answer to what a policy does with a packet."""

    def __init__(self, found: Policy, able: Abilities, version: int = 4) -> None:
        from aerleon.lib import policy as policies
        from aerleon.lib import policy_builder

        builder = policy_builder.PolicyBuilder(
            *policy_of(terms(found, able), {"nftables": "mixed forward"}, version)
        )
        self.policy = policies.FromBuilder(builder)
        self.decide = functools.cache(self._decide)

    def _decide(self, source: str, target: str, transport: str, port: int, source_port: int) -> str:
        from aerleon.lib import aclcheck

        found = aclcheck.AclCheck(self.policy, source, target, source_port, port, transport).ExactMatches()
        return found[0].action if found else "none"


def holds(span: Any, address: str) -> bool:
    """Whether a span has an address in text."""
    number = ipaddress.ip_address(address)
    return span.version == number.version and span.first <= int(number) <= span.last


def needs(*programs: str, root: bool = False) -> None:
    """Skip where a program, or root, is missing."""
    lacks = [program for program in programs if shutil.which(program) is None]
    if root and os.name == "posix" and os.geteuid() != 0:
        lacks.append("root")
    if lacks:
        pytest.skip(f"needs {', '.join(lacks)}")


def accepted(command: Sequence[str], text: str) -> None:
    """A program of the target takes the text; in a network namespace of its own."""
    result = subprocess.run(
        ["unshare", "-n", *command], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr[:2000]
