"""Exported rules in the kernel: in the lab's namespaces healthy traffic passes, the rest does not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from exporting import needs, written
from test_samples_lab import RECORD, lacking

ROUTER = (
    "igor-gateway=10.22.0.10@5.1.0",
    "igor-node=10.22.1.0/24@6.0.2",
    "biostar-server=10.22.2.50@server",
    "biostar-device=10.22.3.11",
)
HOST = ("igor-gateway=10.20.0.10@4.5.3", "igor-node=10.20.1.0/24@5.0.2", "bacnet-system=10.20.0.40")
HEALTHY = {
    "tftp pull", "tftp push", "coap from the node", "coap from the gateway", "samples", "emergency",
    "door to server", "ping",
}  # fmt: skip
UNEXPECTED = {
    "emergency the wrong way", "laptop to node", "gateway to laptop", "server to door", "laptop to server",
}  # fmt: skip
pytestmark = pytest.mark.slow


@pytest.fixture
def trial(tmp_path: Path) -> Callable[..., dict[str, bool]]:
    """What passes the rules in the lab."""
    if lacks := lacking():
        pytest.skip(f"the lab cannot run here: needs {', '.join(lacks)}")

    def run(scene: str, rules: str = "", suffix: str = "nft") -> dict[str, bool]:
        command = [sys.executable, str(RECORD.parent / "guard.py"), scene]
        if rules:
            file = tmp_path / f"rules.{suffix}"
            file.write_text(rules)
            command.append(str(file))
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, result.stderr
        passed: dict[str, bool] = json.loads(result.stdout)
        return passed

    return run


def test_without_rules_everything_passes(trial: Callable[..., dict[str, bool]]) -> None:
    """Else a stopped attempt would prove nothing."""
    assert trial("router") == dict.fromkeys(HEALTHY | UNEXPECTED, True)
    assert all(trial("host").values())


@pytest.mark.parametrize(
    ("target", "default"), [("nftables", "none"), ("nftables", "deny"), ("iptables", "deny")]
)
def test_on_a_router(target: str, default: str, trial: Callable[..., dict[str, bool]]) -> None:
    needs("iptables-restore" if target == "iptables" else "nft")
    rules = written(target, ROUTER, default=default, peers="declared" if default == "deny" else "any")
    passed = trial("router", rules, target)
    assert {name for name, done in passed.items() if done} == HEALTHY


def test_tftp_needs_its_helper(trial: Callable[..., dict[str, bool]]) -> None:
    rules = re.sub(r".* ct helper set \"tftp\"\n", "", written("nftables", ROUTER))
    passed = trial("router", rules)
    assert {name for name, done in passed.items() if done} == HEALTHY - {"tftp pull", "tftp push"}


@pytest.mark.parametrize("target", ["nftables", "iptables"])
def test_on_the_gateway_itself(target: str, trial: Callable[..., dict[str, bool]]) -> None:
    """Searches to a group, and their answers from hosts that nobody addressed."""
    needs("iptables-restore" if target == "iptables" else "nft")
    passed = trial("host", written(target, HOST), target)
    assert {name for name, done in passed.items() if not done} == {
        "node to another port",
        "gateway to another port",
    }
