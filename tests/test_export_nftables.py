"""nftables takes what is written, and the kernel follows TFTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from exporting import HOSTILE, SIX, accepted, needs, written
from judging import CURRENT, LEGACY

CHECK = ("nft", "-c", "-f", "-")
BIOSTAR = ("biostar-server=10.20.0.50@server", "biostar-client=10.20.0.60", "biostar-device=10.20.3.11")


@pytest.mark.parametrize(
    "hosts", [CURRENT, LEGACY, SIX, BIOSTAR], ids=["current", "legacy", "six", "biostar"]
)
@pytest.mark.parametrize("place", ["any", "router", "host"])
@pytest.mark.parametrize("default", ["none", "deny"])
def test_nft_accepts(hosts: tuple[str, ...], place: str, default: str) -> None:
    needs("nft", "unshare", root=True)
    text = written("nftables", hosts, place=place, default=default, infrastructure="client", disputed="deny")
    accepted(CHECK, text)
    assert ("policy drop" in text) is (default == "deny")


def test_nft_accepts_a_strangers_words(tmp_path: Path) -> None:
    needs("nft", "unshare", root=True)
    site = tmp_path / "site.yaml"
    site.write_text(HOSTILE)
    accepted(CHECK, written("nftables", site=site))


def test_the_helper_is_set_for_requests_that_are_permitted() -> None:
    text = written("nftables", CURRENT, peers="declared")
    assert '        type "tftp" protocol udp\n' in text
    assert 'ip saddr { 10.20.1.0/24 } ip daddr { 10.20.0.10/32 } udp dport 69 ct helper set "tftp"' in text
    assert "ct helper" not in written("nftables", BIOSTAR)


def test_a_host_may_speak_to_itself() -> None:
    lines = [line.strip() for line in written("nftables", CURRENT, place="host", default="deny").splitlines()]
    assert lines[lines.index('iifname "lo" accept') - 1] == "ct state established,related accept"
    assert 'oifname "lo" accept' in lines
    assert '"lo"' not in written("nftables", CURRENT, place="router")


def test_a_router_that_drops_what_is_left_keeps_its_own_traffic() -> None:
    text = written("nftables", CURRENT, default="deny")
    assert re.findall(r"hook (forward|input|output) priority 0; policy (\w+);", text) == [
        ("forward", "drop"),
        ("input", "accept"),
        ("output", "accept"),
    ]
    last = re.search(r"chain (deny-any-all-\w+) \{\n +log prefix", text)
    assert last is not None
    assert text.count(f"jump {last[1]} ") == 1


def test_the_kernel_keeps_the_rows_with_the_rules() -> None:
    text = written("nftables", CURRENT)
    rows = "igor-gateway/5.0.0+/incoming/udp/50202, igor-node/6.0.0+/outgoing/udp/50202"
    assert len(re.findall(rf'jump udp-50202-\w+ comment "{re.escape(rows)}"\n', text)) == 3


def test_loading_replaces() -> None:
    lines = written("nftables", CURRENT).splitlines()
    at = lines.index("delete table ip portmatrix")
    assert lines[at - 1 : at + 2] == [
        "table ip portmatrix",
        "delete table ip portmatrix",
        "table ip portmatrix {",
    ]


def test_denials_are_logged() -> None:
    denials = [line for line in written("nftables", CURRENT).splitlines() if line.endswith(" drop")]
    assert len(denials) == 2
    assert all('log prefix "deny-any-all-' in line for line in denials)
