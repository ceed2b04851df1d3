"""``portmatrix diff`` end to end."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import analyzer
from analyzer.cli import run

SAMPLES = Path(__file__).parents[1] / "samples"
OLD = str(SAMPLES / "firmware-update-data-blocked/capture.pcap")
NEW = str(SAMPLES / "firmware-update-ok/capture.pcap")
SITE = ["--site", str(SAMPLES / "firmware-update-ok/site.yaml")]


def test_a_difference_is_exit_1_and_the_first_line_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", OLD, NEW, *SITE]) == 1
    assert capsys.readouterr().out.startswith("1 fault fixed, 0 new, 0 remain\n")
    assert run(["diff", NEW, OLD, *SITE]) == 1
    assert capsys.readouterr().out.startswith("0 faults fixed, 1 new, 0 remain\n")


def test_no_difference_is_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", OLD, OLD, *SITE, "-q"]) == 0
    assert capsys.readouterr().out.startswith("no difference: 0 faults fixed, 0 new, 1 remains\n")


def test_json_and_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "diff.json"
    assert run(["diff", OLD, NEW, *SITE, "-o", str(target)]) == 1
    schema = Path(analyzer.__file__).parent / "schemas" / "diff.schema.json"
    jsonschema.validate(json.loads(target.read_text()), json.loads(schema.read_text()))
    assert capsys.readouterr().err == f"portmatrix: 1 fault fixed, 0 new, 0 remain; {target} written (json)\n"


def test_a_saved_report_and_a_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "old.json"
    assert run(["check", OLD, *SITE, "-o", str(saved), "-q"]) == 1
    assert run(["diff", str(saved), OLD, *SITE, "-q"]) == 0
    assert run(["diff", str(saved), NEW, *SITE, "-q"]) == 1
    capsys.readouterr()
    assert run(["diff", str(saved), NEW, *SITE, "-o", str(saved)]) == 2
    assert "is an input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "-"], "only one of the two sides"),
        (["nowhere.pcap", NEW], "nowhere.pcap: cannot be read"),
        ([OLD], "Missing argument 'NEW'"),
        ([OLD, NEW, "--format", "csv"], "choose from text"),
        ([OLD, NEW, "--old-site", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
