"""``portmatrix evidence`` end to end."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import captures
import pytest
from traffic import Traffic

from analyzer.cli import run

SAMPLES = Path(__file__).parents[1] / "samples"
CAPTURE = str(SAMPLES / "coap-blocked/capture.pcap")
SITE = ["--site", str(SAMPLES / "coap-blocked/site.yaml")]
NAMED = ["--finding", "failing-flow"]

wireshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def tshark(path: Path, *fields: str, checks: bool = True) -> list[list[str]]:
    """Fields of every frame as Wireshark dissects it, checksums checked."""
    command = ["tshark", "-r", str(path), "-T", "fields", "-E", "separator=|"]
    for protocol in ("ip", "udp", "tcp") if checks else ():
        command += ["-o", f"{protocol}.check_checksum:TRUE"]
    for field in fields:
        command += ["-e", field]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split("|") for line in said.splitlines()]


def test_the_file_and_what_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.pcapng"
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(target)]) == 0
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err == f"portmatrix: 6 frames of 28 written to {target}\n"
    assert len(captures.read(target.read_bytes())[0]) == 6


@pytest.mark.parametrize("name", ["out.pcap", "OUT.CAP"])
def test_a_name_that_promises_pcap_is_one(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, usual = tmp_path / name, tmp_path / "usual"
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(target)]) == 0
    assert "a pcap file holds no comments" in capsys.readouterr().err
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(usual), "-q"]) == 0
    assert target.read_bytes()[:4] == bytes.fromhex("d4c3b2a1")
    mine, theirs = (captures.read(path.read_bytes())[0] for path in (target, usual))
    assert [row[:4] for row in mine] == [row[:4] for row in theirs]
    assert len(mine) == 6


def test_two_link_types_are_no_pcap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = (1_700_000_000_000_000_000, bytes(60))
    for number, link_type in ((0, 1), (1, 113)):
        data = captures.pcap([frame], link_type=link_type)
        (tmp_path / f"{number}.pcap").write_bytes(data)
    target = tmp_path / "o.pcap"
    inputs = [str(tmp_path / f"{number}.pcap") for number in (0, 1)]
    assert run(["evidence", *inputs, "--all", "-o", str(target)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "EN10MB and LINUX_SLL: name it .pcapng" in line
    assert not target.exists()
    assert run(["evidence", *inputs, "--all", "-o", f"{target}ng", "-q"]) == 0


def test_what_cannot_be_is_not_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "o.pcapng.gz"
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(target)]) == 2
    assert "is not written packed" in capsys.readouterr().err


@wireshark
def test_wireshark_has_no_complaint(tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(target), "-q"]) == 0
    rows = tshark(target, "_ws.malformed", "ip.checksum.status", "frame.time_epoch", "frame.comment")
    assert all((row[0], row[1][0]) == ("", "1") for row in rows)
    assert {row[2] for row in rows} <= {row[0] for row in tshark(Path(CAPTURE), "frame.time_epoch")}
    assert rows[0][3].startswith("failing-flow-")
    assert all(row[3] == "" for row in rows[1:])


def test_standard_input_and_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, piped, packed = (tmp_path / name for name in ("plain", "piped", "packed"))
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(plain)]) == 0
    data = Path(CAPTURE).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert run(["evidence", "-", *SITE, *NAMED, "-o", str(piped)]) == 0
    (tmp_path / "c.pcap.gz").write_bytes(gzip.compress(data))
    assert run(["evidence", str(tmp_path / "c.pcap.gz"), *SITE, *NAMED, "-o", str(packed)]) == 0
    assert plain.read_bytes() == piped.read_bytes() == packed.read_bytes()


def test_the_limit_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evidence", CAPTURE, *SITE, *NAMED, "-o", str(tmp_path / "o"), "--limit", "2"]) == 0
    assert "2 frames of 28 written" in (err := capsys.readouterr().err)
    assert "4 frames more left out by the limit" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which frames"),
        (["--finding", "none"], "finding none: not among"),
        (["--frames", "5-1"], "--frames 5-1: give numbers"),
        (["--frames", "\u0661"], "give numbers"),
        (["--frames", "29"], "the captures have 28 frames"),
        (["--flow", "f99"], "flow f99"),
    ],
)
def test_bad_input_is_one_line_and_no_file(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.pcapng"
    assert run(["evidence", CAPTURE, *SITE, *arguments, "-o", str(target)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not target.exists()


def test_the_capture_itself_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.pcap"
    shutil.copy(CAPTURE, path)
    assert run(["evidence", str(path), *SITE, *NAMED, "-o", str(path)]) == 2
    assert "is an input" in capsys.readouterr().err
    assert path.read_bytes() == Path(CAPTURE).read_bytes()


def test_a_stranger_in_the_comment_is_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tftpwire import Wire, error, rrq

    path = (
        Wire()
        .c(0, rrq("\x1b]0;pwned\x07\u202e.bin"), 69)
        .s(0.1, error(1, "\x1b[2Jno\n"))
        .write(tmp_path / "c.pcap")
    )
    assert run(["check", str(path), "--format", "json"]) in (0, 1)
    findings = json.loads(capsys.readouterr().out)["findings"]
    (failed,) = [finding["id"] for finding in findings if finding["kind"] == "transfer-failed"]
    target = tmp_path / "o.pcapng"
    assert run(["evidence", str(path), "--finding", failed, "-o", str(target)]) == 0
    data = target.read_bytes()
    # In the frames themselves the name stays what it is; nowhere else.
    assert data.count(b"\x1b]0;") == 1
    assert b"\\x1b]0;pwned" in data


def test_an_empty_capture_has_no_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Traffic().write(tmp_path / "empty.pcap")
    assert run(["evidence", str(path), "--finding", "x", "-o", str(tmp_path / "o")]) == 2
    assert "there is none" in capsys.readouterr().err
