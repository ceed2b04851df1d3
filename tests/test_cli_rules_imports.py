"""``portmatrix rules import``, and a MUD file as ``--rules``."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import SAMPLES

from analyzer.cli import run

SITE = ["--site", str(SAMPLES / "healthy-current" / "site.yaml")]


@pytest.fixture
def mud(tmp_path: Path) -> Path:
    assert (
        run(["export", "--to", "mud", *SITE, "--role", "igor-node", "-q", "-o", str(tmp_path / "node.json")])
        == 0
    )
    return tmp_path / "node.json"


def test_import_and_use(mud: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "node.yaml"
    assert run(["rules", "import", str(mud), "-o", str(sheet)]) == 0
    assert run(["rules", "diff", "igor-node@6.0.0", str(sheet)]) == 0
    capsys.readouterr()
    assert run(["rules", "lint", str(sheet)]) == 0
    assert "rulesets valid" in capsys.readouterr().out


def test_a_mud_file_is_a_ruleset_by_itself(mud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stored captures replayed against it give the verdicts that the sheet it was made of gives."""
    for case, code in (("healthy-current", 0), ("wrong-direction", 1)):
        (capture,) = (path for path in (SAMPLES / case).iterdir() if path.suffix in (".pcap", ".pcapng"))
        site = str(SAMPLES / case / "site.yaml")
        assert run(["check", str(capture), "--site", site, "--rules", str(mud), "-q"]) == code
    assert "UDP 50201" in capsys.readouterr().out


def test_to_standard_output_under_another_role(mud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "import", str(mud), "--role", "acme-lamp"]) == 0
    out = capsys.readouterr().out
    assert "\nruleset: acme-lamp\n" in out
    assert "\nsubject: acme-lamp\n" in out


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        ("{}", [], "not a MUD file"),
        ("ruleset: x", [], "no JSON"),
        ("{}", ["--role", "No!"], "--role No!: small letters, digits and -"),
    ],
)
def test_what_cannot_be_imported(
    content: str, arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    assert run(["rules", "import", str(file), *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1


def test_the_input_is_not_overwritten(mud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "import", str(mud), "-o", str(mud)]) == 2
    assert "is an input" in capsys.readouterr().err
