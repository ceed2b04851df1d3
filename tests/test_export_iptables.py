"""iptables-restore takes what is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from exporting import HOSTILE, SIX, TODAY, accepted, needs, policy, written
from judging import CURRENT, LEGACY

from analyzer import export

PROGRAM = {"portmatrix.iptables": "iptables-restore", "portmatrix.ip6tables": "ip6tables-restore"}


@pytest.mark.parametrize("hosts", [CURRENT, LEGACY, SIX], ids=["current", "legacy", "six"])
@pytest.mark.parametrize("place", ["any", "router", "host"])
def test_iptables_restore_accepts(hosts: tuple[str, ...], place: str) -> None:
    needs("iptables-restore", "unshare", root=True)
    files = export.choose("iptables").write(policy(hosts, place=place, default="deny")).files
    assert len(files) == (2 if hosts == SIX else 1)
    for name, text in files.items():
        accepted((PROGRAM[name], "--test"), text)


def test_iptables_restore_accepts_a_strangers_words(tmp_path: Path) -> None:
    needs("iptables-restore", "unshare", root=True)
    site = tmp_path / "site.yaml"
    site.write_text(HOSTILE)
    accepted(("iptables-restore", "--test"), written("iptables", site=site))


def test_the_helper_and_the_chains() -> None:
    lines = written("iptables", CURRENT).splitlines()
    assert "-A PREROUTING -d 10.20.0.10/32 -p udp --dport 69 -j CT --helper tftp" in lines
    assert "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT" in lines
    assert ":FORWARD ACCEPT [0:0]" in lines
    assert any('--comment "igor-gateway/5.0.0+/incoming/tcp/443" -j F_tcp-443-' in line for line in lines)
    host = written("iptables", CURRENT, place="host").splitlines()
    assert {"-A INPUT -i lo -j ACCEPT", "-A OUTPUT -o lo -j ACCEPT"} <= set(host)
    assert ":FORWARD DROP [0:0]" in written("iptables", CURRENT, default="deny").splitlines()
    assert TODAY.isoformat() not in "".join(lines)
