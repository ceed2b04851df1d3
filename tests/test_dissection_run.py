"""The worker process: bounded, and ended with everything it started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import captures
import pytest
from frames import eth, ip4, udp
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissection import run
from analyzer.dissection.run import dissect, nested

TSHARK = shutil.which("tshark")
wireshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
FRAMES = [(index, eth(ip4(udp(b"\x40\x01\x00\x07")))) for index in range(3)]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "frames.pcapng"
    path.write_bytes(captures.pcapng(FRAMES))
    return path


@wireshark
def test_every_frame_with_its_layers(capture: Path) -> None:
    made = dissect(capture, str(TSHARK), 3)
    assert made.trouble == ""
    assert [[layer.name for layer in layers] for layers, _ in made.frames] == [
        ["frame", "eth", "ip", "udp", "coap"]
    ] * 3
    layers, left = made.frames[0]
    assert left == 0
    texts = {field.name: field.text for layer in layers for field in layer.fields}
    assert texts["ip.src"].endswith("10.1.2.3")
    assert texts["coap.mid"] == "Message ID: 7"


def fake(folder: Path, script: str) -> str:
    """A tshark of our own making."""
    path = folder / "tshark"
    path.write_text(
        f"#!/bin/sh\nif [ \"$1\" = -v ]; then echo 'TShark (Wireshark) 4.0.0'; exit; fi\n{script}\n"
    )
    path.chmod(0o755)
    return str(path)


@wireshark
def test_a_tshark_that_hangs_is_ended(capture: Path, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    began = time.monotonic()
    made = dissect(capture, fake(tmp_path, f"echo $$ > {mark}; exec sleep 600"), 3, seconds=4)
    assert time.monotonic() - began < 30
    assert made.frames == ()
    assert "longer than 4 s" in made.trouble
    if mark.exists():
        command = ["ps", "-o", "stat=", "-p", mark.read_text().strip()]
        state = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        assert state.strip() == ""


@wireshark
def test_a_tshark_that_fails_is_one_line(capture: Path, tmp_path: Path) -> None:
    made = dissect(capture, fake(tmp_path, "echo boom >&2; exit 9"), 3)
    assert made.frames == ()
    assert made.trouble.startswith("pyshark failed: ")
    assert "\n" not in made.trouble


@wireshark
def test_a_config_file_that_lies_about_is_not_obeyed(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "work"
    there.mkdir()
    evil = fake(there, "touch evil-was-here; exit 9")
    (there / "config.ini").write_text(f"[tshark]\ntshark_path = {evil}\n")
    monkeypatch.chdir(there)
    assert len(dissect(capture, str(TSHARK), 3).frames) == 3
    assert not (there / "evil-was-here").exists()


def test_fields_lie_in_what_covers_them() -> None:
    given_ = [
        ["ip.version", "0100 .... = Version: 4", 0, 1],
        ["ip.flags.mf", "..0. .... = More fragments: Not set", 6, 1],
        ["ip.flags", "Flags: 0x2", 6, 1],
        ["ip.src", "Source: 10.0.0.1", 12, 4],
        ["computed", "Stream index: 0", 0, 0],
        ["ip.options", "Options", 20, 8],
        ["ip.opt", "Router alert", 20, 4],
        ["ip.opt.type", "Type: 148", 20, 1],
        ["ip.end", "End", 27, 1],
    ]
    assert [(field.depth, field.name) for field in nested(given_)] == [
        (0, "ip.version"),
        (0, "ip.flags"),
        (1, "ip.flags.mf"),
        (0, "ip.src"),
        (0, "ip.options"),
        (1, "ip.opt"),
        (2, "ip.opt.type"),
        (1, "ip.end"),
        (0, "computed"),
    ]


ENTRY = st.tuples(st.text(max_size=3), st.text(max_size=8), st.integers(0, 20), st.integers(0, 20))


@given(st.lists(ENTRY, max_size=20))
def test_no_field_is_lost(fields: list[tuple[str, str, int, int]]) -> None:
    made = list(nested(fields))
    assert sorted((field.name, field.text) for field in made) == sorted(field[:2] for field in fields)


def test_the_worker_is_where_it_is_looked_for() -> None:
    assert run.WORKER.is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a taskkill of its own")
def test_on_windows_the_worker_ends_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """taskkill is played by a script that notes what it was asked for, and ends the process."""
    kill = tmp_path / "taskkill"
    kill.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nkill -9 "$4"\n')
    kill.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(run, "WINDOWS", True)
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    run._end(process)
    assert process.wait(5) == -9
    assert (tmp_path / "asked").read_text() == f"/T /F /PID {process.pid}\n"
