"""nftables takes what is written, and the kernel follows TFTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from exporting import HOSTILE, SIX, accepted, needs, written
from judging import CURRENT, LEGACY

CHECK = ("nft", "-c", "-f", "-")
BIOSTAR = ("biostar-server=10.20.0.50@server", "biostar-client=10.20.0.60", "biostar-device=10.20.3.11")


@pytest.mark.parametrize(
    "hosts", [CURRENT, LEGACY, SIX, BIOSTAR], ids=["current", "legacy", "six", "biostar"]
)
@pytest.mark.parametrize("place", ["router", "host"])
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
