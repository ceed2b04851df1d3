"""``survey`` end to end: a file that ``check --site`` takes as it is."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from judging import SAMPLES

import analyzer
from analyzer.cli import run

CAPTURE = str(SAMPLES / "healthy-current" / "capture.pcap")


def test_the_file_goes_into_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site.yaml"
    assert run(["survey", CAPTURE, "-o", str(site)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert f"5 hosts in force, 0 unsure; {site} written (yaml)" in said.err
    assert run(["check", CAPTURE, "--site", str(site), "-q"]) == 0


def test_yaml_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["survey", CAPTURE, "-q"]) == 0
    assert "\nhosts:\n" in capsys.readouterr().out


def test_json_by_name_and_by_suffix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "survey.schema.json").read_text())
    target = tmp_path / "survey.json"
    assert run(["survey", CAPTURE, "-o", str(target), "-q"]) == 0
    document = json.loads(target.read_text())
    jsonschema.validate(document, schema)
    assert run(["survey", CAPTURE, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == document


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere.pcap"], "/nowhere.pcap"),
        ([CAPTURE, "--format", "csv"], "--format csv: not available here, choose from json, yaml"),
        ([CAPTURE, "-o", CAPTURE], "is an input of this very command"),
        ([CAPTURE, "--rules", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["survey", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
