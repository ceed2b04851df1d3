"""``portmatrix inspect`` end to end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from analyzer.cli import run

SAMPLES = Path(__file__).parents[1] / "samples"
CAPTURE = str(SAMPLES / "coap-blocked/capture.pcap")
SITE = ["--site", str(SAMPLES / "coap-blocked/site.yaml")]

wireshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@wireshark
def test_text_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", CAPTURE, *SITE, "--finding", "failing"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("6 frames: failing-flow-2239fcb5: UDP 5683")
    assert "Code: 13 (Communication administratively filtered)" in out
    assert "\x1b" not in out
    target = tmp_path / "out.json"
    assert run(["inspect", CAPTURE, *SITE, "--frames", "7-8", "-o", str(target)]) == 0
    document = json.loads(target.read_text())
    assert [frame["number"] for frame in document["frames"]] == [7, 8]
    assert capsys.readouterr().err == f"portmatrix: 2 frames of 2; {target} written (json)\n"


@wireshark
def test_a_flow(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", CAPTURE, "--flow", "f4", "--limit", "1", "-q"]) == 0
    assert capsys.readouterr().out.startswith("1 frame of 6: flow f4\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which frames"),
        (["--frames", "99"], "have 28 frames"),
        (["--frames", "1", "--limit", "0"], "--limit"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", CAPTURE, *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_without_tshark(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("analyzer.dissection.tshark._usual", list)
    assert run(["inspect", CAPTURE, "--frames", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs Wireshark's tshark" in line
