"""``portmatrix rules``: what it can do, and new sheets on old captures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from judging import SAMPLES

from analyzer.cli import run

SHEET = Path(__file__).parents[1] / "rulesets" / "igor-node.yaml"


def test_the_group_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--help"]) == 0
    out = capsys.readouterr().out
    for command in ("list", "show", "lint", "diff", "import"):
        assert f"\n  {command} " in out


def test_a_new_sheet_on_an_old_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The node's next table allows what it may not do today: then only the gateway's sheet is against it."""
    case = SAMPLES / "wrong-direction"
    (capture,) = (path for path in case.iterdir() if path.suffix in (".pcap", ".pcapng"))
    check = ["check", str(capture), "--site", str(case / "site.yaml"), "--format", "json"]
    assert run(check) == 1
    before = json.loads(capsys.readouterr().out)
    new = tmp_path / "igor-node.yaml"
    text = SHEET.read_text()
    old = 'udp: [69, 1050, 5683, 50195, 50196, 50197, 50198, 50199, "--", 50202]'
    assert text.count(old) == 1
    new.write_text(text.replace(old, old.replace('"--"', "50201")))
    assert run([*check, "--rules", str(new)]) == 0
    after = json.loads(capsys.readouterr().out)
    told = [
        {
            flow["verdict"]
            for flow in report["flows"]
            if flow["responder"]["port"] == 50201 and flow["originator"]["roles"] == ["igor-node"]
        }
        for report in (before, after)
    ]
    assert told == [{"unexpected"}, {"disputed"}]
    assert run(["rules", "diff", "igor-node", str(new)]) == 1
    assert "To open, outgoing UDP: 50201 CoAP Emergency" in capsys.readouterr().out
