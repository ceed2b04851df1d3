"""tshark takes the display filter, and it agrees with the capture filter."""

from __future__ import annotations

import subprocess

import pytest
from exporting import SIX, needs, written
from judging import SAMPLES

from analyzer import export


def frames(case: str, text: str) -> list[str]:
    (capture,) = [path for path in (SAMPLES / case).iterdir() if path.suffix in (".pcap", ".pcapng")]
    command = ["tshark", "-r", str(capture), "-Y", text.strip(), "-T", "fields", "-e", "frame.number"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@pytest.mark.parametrize("unexpected", [False, True])
def test_tshark_accepts_and_agrees_with_tcpdump(unexpected: bool) -> None:
    needs("tshark", "tcpdump")
    case = "unexpected-service"
    site = SAMPLES / case / "site.yaml"
    shown = frames(case, written("wireshark", site=site, unexpected=unexpected))
    (capture,) = [path for path in (SAMPLES / case).iterdir() if path.suffix in (".pcap", ".pcapng")]
    bpf = written("bpf", site=site, unexpected=unexpected).strip()
    command = ["tcpdump", "-nn", "-r", str(capture), bpf]
    taken = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(shown) == len(taken) > 0


def test_tshark_accepts_both_families() -> None:
    needs("tshark")
    assert frames("coap-blocked", written("wireshark", SIX))


def test_one_line() -> None:
    assert written("wireshark", SIX).count("\n") == 1
    assert export.choose("wireshark").title == "display filter (Wireshark)"
