"""``portmatrix rules diff`` end to end."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import analyzer
from analyzer.cli import run

UPGRADE = ["rules", "diff", "igor-gateway/1.12.1-4.5.3", "igor-gateway/5.0.0+"]


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(UPGRADE) == 1
    assert capsys.readouterr().out.splitlines() == [
        "igor-gateway: from igor-gateway 1.12.1-4.5.3 to igor-gateway 5.0.0+",
        "  To open, incoming TCP: 443 HTTPS; 8080 HTTP; 8081 HTTPS (API)",
        "  To open, outgoing TCP: 8080 HTTP; 8081 HTTPS (API)",
        "  To close, incoming TCP: 1900 UPnP; 1901 UPnP",
        "  To close, incoming UDP: 1900 UPnP; 1901 UPnP",
        "  To close, outgoing TCP: 1900 UPnP; 1901 UPnP",
        "  To close, outgoing UDP: 1900 UPnP; 1901 UPnP",
        "  24 rows as before",
        "  Open before the step, close after it.",
    ]


def test_a_line_apart_between_tables_and_none_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    run(["rules", "diff", "igor-gateway@5.1.0", "igor-gateway"])
    text = capsys.readouterr().out
    assert not text.endswith("\n\n")
    assert text.count("\n\n") + 1 == text.count("igor-gateway: from ")


def test_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "diff", "igor-node@6.0.0", "igor-node@6.9"]) == 0
    assert "  no difference, 22 rows\n" in capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*UPGRADE, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["differs"]) == ("portmatrix.rules-diff/1", True)
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "rules-diff.schema.json").read_text())
    jsonschema.validate(document, schema)
    (step,) = document["steps"]
    assert step["new"]["source"]["document"] == "Igor Network Communication Port Requirements"
    assert {
        "change": "open", "direction": "incoming", "transport": "tcp", "port": 443, "service": "HTTPS",
        "peers": {"old": None, "new": None},
    } in step["changes"]  # fmt: skip
    assert len(step["changes"]) == 13


def test_markdown_by_the_suffix(tmp_path: Path) -> None:
    file = tmp_path / "upgrade.md"
    assert run(["rules", "diff", "biostar-1/server", "biostar-1/direct", "-o", str(file)]) == 1
    text = file.read_text()
    assert "| close | outgoing | tcp | 1480 | BioStar server | biostar-server |" in text
    peers = "biostar-client or biostar-device → biostar-client"
    assert f"| peers | incoming | tcp | 1480 | BioStar server | {peers} |" in text


def test_a_suffix_of_no_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "steps.xslx"
    assert run(["rules", "diff", "biostar-1/server", "biostar-1/direct", "-o", str(file)]) == 2
    assert "no format for .xslx" in capsys.readouterr().err
    assert not file.exists()


def test_a_strangers_words_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evil.yaml"
    file.write_text(
        "ruleset: evil\ntitle: t\nvendor: v\ndocument: d\nsubject: evil\nservices:\n"
        '  - {port: 1, transport: udp, name: "a|b <img src=x> \\u001b[31m", protocol: syslog}\n'
        'editions:\n  - {id: "1", section: s, versions: ">=1", incoming: {udp: [1]}}\n'
    )
    for form in ("text", "markdown"):
        assert run(["rules", "diff", "igor-node@6.0.0", str(file), "--format", form]) == 1
        out = capsys.readouterr().out
        assert "\x1b" not in out
    assert "a\\|b \\<img src=x\\> " in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["igor-node/1", "igor-node"], "igor-node/1: igor-node has no such edition"),
        (["igor-node", "nowhere.yaml"], "nowhere.yaml: "),
        (["igor-node", "igor-node", "--format", "xml"], "--format xml: not available here"),
    ],
)
def test_what_cannot_be_done(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "diff", *arguments]) == 2
    assert said in capsys.readouterr().err
