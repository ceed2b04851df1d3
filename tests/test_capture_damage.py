"""Captures of every kind, damaged in every way, held to laws. ``tests/fuzz_damage.py`` tries more of them."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import captures
import pytest

from tests import fuzz_damage


@pytest.mark.parametrize("batch", range(4))
def test_laws_of_damage(batch: int) -> None:
    """What is whole is read, little is made up, all ways of reading agree, and all bytes are told."""
    for number in range(40):
        seed = f"suite/{batch}/{number}"
        what, law = fuzz_damage.case(seed, 60)
        assert not law, f"{seed}: {what}: {law}"


@pytest.mark.parametrize("law", ["lost", "made up"])
def test_the_laws_can_be_broken(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold because reading does, not because they hold anything."""
    draw = random.Random("broken")
    one = fuzz_damage.any_pcap(draw, 40)
    bad = fuzz_damage.Hurt(one.data[: one.records[9][0]], [(one.records[9][0], one.records[9][0])], "cut")
    if law == "made up":
        rows = b"".join(one.data[begin:end] for begin, end in one.records[:20])
        bad = fuzz_damage.Hurt(one.data + rows, [(len(one.data), len(one.data))], "twice")
    assert law in fuzz_damage.broken(draw, one, bad)


@pytest.mark.parametrize("seed", range(6))
def test_as_many_as_pcapfix_recovers(seed: int, tmp_path: Path) -> None:
    """``pcapfix`` repairs captures; it keeps what it takes for packets."""
    if shutil.which("pcapfix") is None:
        pytest.skip("RECOVERY NOT COMPARED: pcapfix is not installed")
    draw = random.Random(f"pcapfix/{seed}")
    frames = [(10**18 + 10**6 * k, draw.randbytes(draw.choice((60, 90, 600)))) for k in range(300)]
    data = bytearray(captures.pcap(frames))
    for _ in range(3):
        at = draw.randrange(1000, len(data) - 1000)
        match draw.randrange(3):
            case 0:
                data[at : at + 100] = b"\xff" * 100
            case 1:
                del data[at : at + 33]
            case 2:
                data[at:at] = draw.randbytes(50)
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    command = [shutil.which("pcapfix") or "", "-o", str(tmp_path / "fixed.pcap"), str(path)]
    subprocess.run(command, capture_output=True, check=False)
    whole = {data for _, data in frames}
    theirs = {row.data for row in captures.read((tmp_path / "fixed.pcap").read_bytes())[0]} & whole
    ours = {row.data for row in captures.read(bytes(data))[0]} & whole
    assert len(theirs) > 200
    assert theirs <= ours
