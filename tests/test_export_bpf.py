"""tcpdump takes the capture filter, and it lets through what ``check`` expects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from exporting import SIX, needs, written
from judging import CURRENT, LEGACY, SAMPLES


@pytest.mark.parametrize("hosts", [CURRENT, LEGACY, SIX], ids=["current", "legacy", "six"])
@pytest.mark.parametrize("unexpected", [False, True])
def test_tcpdump_accepts(hosts: tuple[str, ...], unexpected: bool, tmp_path: Path) -> None:
    needs("tcpdump")
    file = tmp_path / "filter"
    file.write_text(written("bpf", hosts, unexpected=unexpected))
    command = ["tcpdump", "-y", "EN10MB", "-d", "-F", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "ret" in result.stdout


def seen(case: str, tmp_path: Path, unexpected: bool) -> list[str]:
    """The packets of a sample that pass the filter of its site, a line each."""
    file = tmp_path / "filter"
    file.write_text(written("bpf", site=SAMPLES / case / "site.yaml", unexpected=unexpected))
    (capture,) = [path for path in (SAMPLES / case).iterdir() if path.suffix in (".pcap", ".pcapng")]
    command = ["tcpdump", "-nn", "-r", str(capture), "-F", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    "case", ["healthy-current", "healthy-legacy-upnp", "firmware-update-ok", "biostar-server-mode"]
)
def test_healthy_traffic_is_expected(case: str, tmp_path: Path) -> None:
    needs("tcpdump")
    assert len(seen(case, tmp_path, unexpected=False)) > 50
    assert seen(case, tmp_path, unexpected=True) == []


def test_the_unexpected_is_seen(tmp_path: Path) -> None:
    needs("tcpdump")
    lines = seen("unexpected-service", tmp_path, unexpected=True)
    ports = {"9999", "4444", "2323"}
    assert lines
    assert {port for line in lines for port in ports if f".{port}" in line} == ports
    assert all(any(f".{port}" in line for port in ports) for line in lines)
