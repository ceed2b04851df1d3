"""``learn`` end to end: a ruleset that ``rules lint`` accepts and ``check --rules`` uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import SAMPLES

from analyzer.cli import run

CASE = SAMPLES / "healthy-current"
CAPTURE, SITE = str(CASE / "capture.pcap"), str(CASE / "site.yaml")


def test_the_sheet_is_valid_and_the_capture_complies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = str(tmp_path / "learned.yaml")
    assert run(["learn", CAPTURE, "--site", SITE, "-o", sheet, "--name", "cellar"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "rows of 4 roles" in said.err
    assert run(["rules", "lint", sheet]) == 0
    assert run(["rules", "show", "cellar", "--rules", sheet]) == 0
    assert "no document says it" in capsys.readouterr().out
    assert run(["check", CAPTURE, "--site", SITE, "--rules", sheet, "-q"]) == 0


def test_yaml_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["learn", CAPTURE, "-q"]) == 0
    assert "\nruleset: learned\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere.pcap"], "/nowhere.pcap"),
        ([CAPTURE, "--name", "Not A Name"], "--name Not A Name: may hold"),
        ([CAPTURE, "--format", "json"], "--format json: not available here, choose from yaml"),
        ([str(SAMPLES / "transfer-refused" / "capture.pcap")], "nothing to learn"),
        ([CAPTURE, "--site", SITE, "-o", SITE], "is an input of this very command"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["learn", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
