"""``--pseudonymise`` on every command that has it."""

from __future__ import annotations

import json
import os
import stat
import struct
from pathlib import Path

import captures
import pytest

from analyzer.cli import run

SAMPLES = Path(__file__).parents[1] / "samples"
CAPTURE = str(SAMPLES / "coap-blocked/capture.pcap")
SITE = ["--site", str(SAMPLES / "coap-blocked/site.yaml")]


@pytest.mark.parametrize(
    ("command", "code"), [("check", 1), ("flows", 0), ("firmware", 0)], ids=["check", "flows", "firmware"]
)
def test_reports(command: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, book = tmp_path / "report.json", tmp_path / "map.json"
    wish = ["--pseudonymise", "--map", str(book)]
    assert run([command, CAPTURE, *SITE, *wish, "-o", str(target)]) == code
    text = target.read_text()
    assert "10.20.0.10" not in text
    assert "coap-blocked" not in text
    document = json.loads(book.read_text())
    assert document["schema"] == "portmatrix.pseudonyms/1"
    assert "keep it to yourself" in capsys.readouterr().err
    if os.name == "posix":
        assert stat.S_IMODE(book.stat().st_mode) == 0o600
    first = text
    assert run([command, CAPTURE, *SITE, *wish, "-o", str(target)]) == code
    assert target.read_text() == first


def test_evidence_check_and_site_belong_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, book, site = (str(tmp_path / name) for name in ("made.pcapng", "map.json", "site.yaml"))
    wish = ["--pseudonymise", "--map", book]
    assert run(["evidence", CAPTURE, *SITE, "--all", *wish, "--site-output", site, "-o", made]) == 0
    err = capsys.readouterr().err
    assert "names of hosts and files, and the contents of transfers, stay as they are" in err
    assert run(["check", made, "--site", site, "-q"]) == 1
    other = capsys.readouterr().out
    assert run(["check", CAPTURE, *SITE, *wish, "-q"]) == 1
    assert capsys.readouterr().out == other
    assert run(["check", CAPTURE, *SITE, "-q"]) == 1
    assert capsys.readouterr().out != other


def test_the_finding_in_the_comment_has_pseudonyms(tmp_path: Path) -> None:
    made = tmp_path / "made.pcapng"
    wish = ["--pseudonymise", "--key", "words"]
    assert run(["evidence", CAPTURE, *SITE, "--finding", "failing", *wish, "-o", str(made), "-q"]) == 0
    data = made.read_bytes()
    assert b"failing-flow-" in data
    assert b"10.20.0.10" not in data
    assert bytes([10, 20, 0, 10]) not in data
    rows, _ = captures.read(data)
    assert len(rows) == 6


def test_several_captures_do_not_tell_their_names(tmp_path: Path) -> None:
    for name in ("Main-Street-1.pcap", "Main-Street-2.pcap"):
        (tmp_path / name).write_bytes(Path(CAPTURE).read_bytes()[: None if "1" in name else 400])
    made = tmp_path / "made.pcapng"
    arguments = ["--all", "--pseudonymise", "--key", "k", "-o", str(made), "-q"]
    assert run(["evidence", *(str(path) for path in tmp_path.glob("*.pcap")), *arguments]) == 0
    assert b"Main-Street" not in made.read_bytes()
    assert b"capture-1" in made.read_bytes()


def test_interfaces_keep_plain_names_only(tmp_path: Path) -> None:
    frames = captures.read(Path(CAPTURE).read_bytes())[0]
    path, made = tmp_path / "c.pcapng", tmp_path / "made.pcapng"
    names = (b"eth0", b"Wi-Fi of Jones")
    data = captures.shb()
    for name in names:
        options = captures.option(2, name) + captures.option(3, b"desk of Jones") + captures.option(0, b"")
        data += captures.block(captures.IDB, struct.pack("<HHI", 1, 0, 0) + options)
    comment = captures.option(1, b"seen by Jones") + captures.option(0, b"")
    for at, row in enumerate(frames):
        data += captures.epb((row.time // 1000, row.data), at % 2, options=comment)
    path.write_bytes(data)
    arguments = ["evidence", str(path), "--all", "-o", str(made), "-q"]
    assert run(arguments) == 0
    assert made.read_bytes().count(b"Jones") == 3 + len(frames)
    assert run([*arguments, "--pseudonymise", "--key", "k"]) == 0
    assert b"Jones" not in made.read_bytes()
    assert b"eth0" in made.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "m"], "--map: only with --pseudonymise"),
        (["--key", "k"], "--key: only with --pseudonymise"),
        (["--pseudonymise", "--key", ""], "--key: is empty"),
        (["--pseudonymise", "--map", CAPTURE], "exists and is no map"),
        (["--pseudonymise", "--map", "nowhere/m.json"], "nowhere/m.json"),
    ],
)
def test_bad_options_are_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", CAPTURE, *SITE, *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_site_output_needs_pseudonyms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = str(tmp_path / "m")
    assert run(["evidence", CAPTURE, "--all", "--site-output", "s", "-o", made]) == 2
    assert "only with --pseudonymise" in capsys.readouterr().err


def test_a_map_is_never_an_input_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evidence", CAPTURE, "--all", "--pseudonymise", "--map", CAPTURE, "-o", "x"]) == 2
    assert "is an input" in capsys.readouterr().err


def test_without_a_map_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", CAPTURE, *SITE, "--pseudonymise"]) == 1
    assert "--map FILE would tell which is which" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("check", []),
        ("flows", []),
        ("firmware", []),
        ("evidence", ["--all"]),
        ("evidence", ["--all", "--site"]),
    ],
)
def test_two_results_are_two_files(
    command: str, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The map there is may be the only one, and the report would be written over it."""
    book, target = tmp_path / "map.json", tmp_path / "there.json"
    wish = ["--pseudonymise", "--map", str(book)]
    assert run(["flows", CAPTURE, *wish, "-q", "-o", str(target)]) == 0
    kept, written = book.read_bytes(), str(tmp_path / "." / "map.json")
    if "--site" in more:
        more = ["--all", "--site-output", written, "-o", str(target)]
    else:
        more = [*more, "-o", written]
    capsys.readouterr()
    assert run([command, CAPTURE, *SITE, *wish, *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "map.json: is the file of -" in line
    assert book.read_bytes() == kept
