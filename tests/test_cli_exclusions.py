"""``portmatrix exclusions`` end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.cli import run


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exclusions", "--version", "5.1.0"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Antivirus exclusions for version 5.1.0 (>=5.0.0)\n")
    assert "\n  C:\\Igor\\Sampling\n" in out
    assert "Only where a bacnet-system is used" in out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exclusions", "--version", "4.5.3", "--format", "json", "--bacnet"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "portmatrix.exclusions/1"
    assert len(document["paths"]) == 3
    assert len(document["processes"]) == 8
    assert document["conditional"] == []
    assert "missing" not in document


def test_powershell(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exclusions", "--version", "5.1.0", "--format", "powershell"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert "Add-MpPreference -ExclusionPath 'C:\\Igor'" in out
    assert sum(line.startswith("Add-MpPreference -ExclusionProcess '") for line in out) == 7
    assert all(line.startswith(("#", "Add-MpPreference -Exclusion")) for line in out)


def test_a_bacnet_system_of_the_site_counts(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["exclusions", "--version", "5.1.0", "--host", "bacnet-system=10.0.0.9", "--format", "json"]
    assert run(arguments) == 0
    assert len(json.loads(capsys.readouterr().out)["processes"]) == 8


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exclusions", "--version", "5.1.0", "--format", "json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    held = tmp_path / "preferences.json"
    held.write_text(json.dumps({"ExclusionPath": whole["paths"], "ExclusionProcess": whole["processes"]}))
    assert run(["exclusions", "--version", "5.1.0", "--check", str(held)]) == 0
    assert capsys.readouterr().out.startswith("COMPLETE: all 10 exclusions")
    held.write_text(
        json.dumps({"ExclusionPath": whole["paths"][:2], "ExclusionProcess": whole["processes"][1:]})
    )
    assert run(["exclusions", "--version", "5.1.0", "--check", str(held)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("MISSING: 2 of 10")
    assert whole["paths"][2] in out
    assert whole["processes"][0] in out
    assert whole["processes"][1] not in out
    assert run(["exclusions", "--version", "5.1.0", "--check", str(held), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["missing"] == {"paths": whole["paths"][2:], "processes": whole["processes"][:1]}
    assert document["complete"] is False
    assert run(["exclusions", "--version", "5.1.0", "--check", str(held), "--format", "powershell"]) == 1
    assert capsys.readouterr().out.count("Add-MpPreference") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--version"),
        (["--version", "4.9"], "no sheet states exclusions for it"),
        (["--version", "x"], "--version x"),
        (["--version", "5.1.0", "--check", "absent.json"], "absent.json: No such file"),
        (["--version", "5.1.0", "--format", "xml"], "xml"),
    ],
)
def test_what_cannot_be_done(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exclusions", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "exclusions.ps1"
    assert run(["exclusions", "--version", "5.1.0", "--format", "powershell", "-o", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert target.read_text().startswith("# Antivirus exclusions")


@pytest.mark.parametrize(
    ("name", "begins"), [("a.ps1", "# Anti"), ("a.json", "{"), ("a.txt", "Anti"), ("a", "Anti")]
)
def test_the_suffix_chooses_the_format(tmp_path: Path, name: str, begins: str) -> None:
    assert run(["exclusions", "--version", "5.1.0", "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text().startswith(begins)
