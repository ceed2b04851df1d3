"""``waive`` end to end: the site file gets its entry, or stays as it is and one line says why."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from judging import SAMPLES

from analyzer.cli import run

CASE = SAMPLES / "unexpected-service"
CAPTURE = str(CASE / "capture.pcapng")
GOOD = ["--reason", "maintenance", "--owner", "IT"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_bytes(b"# by hand\r\n" + (CASE / "site.yaml").read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o640)
    return path


@pytest.fixture
def finding(site: Path, tmp_path: Path) -> str:
    report = tmp_path / "report.txt"
    assert run(["check", CAPTURE, "--site", str(site), "-q", "-o", str(report)]) == 1
    lines = report.read_text("utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("    Id: "))


def test_a_finding_is_waived(site: Path, finding: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = site.read_bytes()
    assert run(["waive", finding, CAPTURE, "--site", str(site), *GOOD]) == 0
    after = site.read_bytes()
    added = after.removeprefix(before)
    assert added.startswith(b"allow:\r\n  - {from: ")
    assert added.endswith(b", reason: maintenance, owner: IT}\r\n")
    assert stat.S_IMODE(site.stat().st_mode) == 0o640
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{site}:7: 1 entry added for {finding}, 1 flow waived" in said.err
    assert run(["waive", finding, CAPTURE, "--site", str(site), *GOOD]) == 2
    assert site.read_bytes() == after


def test_a_dry_run_prints_the_entry_and_changes_nothing(
    site: Path, finding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = site.read_bytes()
    assert run(["waive", finding, CAPTURE, "--site", str(site), *GOOD, "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("- {from: ")
    assert site.read_bytes() == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--until", "tomorrow"], "--until 'tomorrow': is no date"),
        (["--until", "2020-01-01"], "is not in the future"),
        (["--until", "20300101"], "is no date"),
        (["--reason", ""], "--reason: must not be empty"),
        (["--rules", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    site: Path, finding: str, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = site.read_bytes()
    capsys.readouterr()
    assert run(["waive", finding, CAPTURE, "--site", str(site), *GOOD, *more]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
    assert site.read_bytes() == before


def test_the_site_the_reason_and_the_owner_are_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["waive", "x", CAPTURE, "--reason", "r", "--owner", "o"]) == 2
    assert "--site" in capsys.readouterr().err
    assert run(["waive", "x", CAPTURE, "--site", "s", "--owner", "o"]) == 2
    assert "--reason" in capsys.readouterr().err
    assert run(["waive", "x", CAPTURE, "--site", "/nowhere/site.yaml", *GOOD]) == 2
    assert "/nowhere/site.yaml" in capsys.readouterr().err


def test_a_file_that_changed_meanwhile_is_left_alone(
    site: Path, finding: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from analyzer.pipeline import waive as stage

    real = stage.waive

    def slow(*arguments: object, **more: object) -> object:
        made = real(*arguments, **more)
        site.write_text("hosts: []\n", "utf-8")
        return made

    monkeypatch.setattr(stage, "waive", slow)
    assert run(["waive", finding, CAPTURE, "--site", str(site), *GOOD]) == 2
    assert "changed by somebody else" in capsys.readouterr().err
    assert site.read_text("utf-8") == "hosts: []\n"
    assert [path.name for path in site.parent.iterdir() if path.name.endswith(".part")] == []
