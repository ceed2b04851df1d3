"""``portmatrix firmware`` end to end."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest
from test_transfers_tftp_endings import CASES
from tftpwire import Wire, data, error, rrq
from twopoints import Road

import analyzer
from analyzer import pipeline
from analyzer.cli import run
from analyzer.model import TransferOutcome

SAMPLES = Path(__file__).parents[1] / "samples"
BLOCKED = SAMPLES / "firmware-update-data-blocked"
SCHEMAS = Path(analyzer.__file__).parent / "schemas"


@pytest.mark.parametrize("name", CASES)
def test_exit_code_and_schema(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wire, outcome, _, _, _ = CASES[name]
    path = wire.write(tmp_path / "capture.pcap")
    code = run(["firmware", str(path), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads((SCHEMAS / "firmware.schema.json").read_text()))
    (transfer,) = document["transfers"]
    assert code == (transfer["outcome"] == "failed")
    if outcome is not TransferOutcome.UNKNOWN:
        assert transfer["outcome"] == outcome
    assert transfer["flows"]


def test_text_is_for_a_ladder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["firmware", str(BLOCKED / "capture.pcap"), "--site", str(BLOCKED / "site.yaml")]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAILED: 1 of 2 transfers (1 data-path-blocked)\n")
    headings = ["What to do", "Transfers (2)", "Evidence"]
    assert [out.index(heading) for heading in headings] == sorted(out.index(heading) for heading in headings)
    assert all(len(line) <= 80 for line in out.splitlines() if "Wireshark:" not in line)
    assert "\x1b" not in out


def test_quiet_has_verdict_and_advice_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["firmware", str(BLOCKED / "capture.pcap"), "--site", str(BLOCKED / "site.yaml"), "-q"]) == 1
    out = capsys.readouterr().out
    assert "What to do" in out
    assert "Transfers (2)" not in out


def test_csv_has_a_line_a_transfer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["firmware", str(BLOCKED / "capture.pcap"), "--format", "csv"]) == 1
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["outcome"], first["cause"], first["bytes"]) == ("complete", "", "48000")
    assert (second["outcome"], second["cause"], second["bytes"]) == ("failed", "data-path-blocked", "0")


def test_no_transfer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Wire().idle(0).write(tmp_path / "capture.pcap")
    assert run(["firmware", str(path)]) == 0
    assert capsys.readouterr().out.startswith("NO TRANSFER")


def test_a_file_name_from_a_stranger_is_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b]0;pwned\x07=cmd|calc\u202e"
    wire = Wire().c(0, rrq(name), 69).s(0.1, error(1, "\x1b[2Jno\n"))
    path = wire.write(tmp_path / "capture.pcap")
    for form in ("text", "csv", "json"):
        assert run(["firmware", str(path), "--format", form]) == 1
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_check_has_the_same_transfers(tmp_path: Path) -> None:
    wire = Wire().c(0, rrq(), 69).s(0.1, data(1)).s(1, data(1)).s(3, data(1)).idle(60)
    options = pipeline.Options((str(wire.write(tmp_path / "capture.pcap")),))
    assert pipeline.check(options).transfers == pipeline.firmware(options).transfers


def test_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.pcap").write_bytes(b"")
    assert run(["firmware", str(tmp_path / "a.pcap")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_output_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "firmware.json"
    assert run(["firmware", str(BLOCKED / "capture.pcap"), "-o", str(target)]) == 1
    assert json.loads(target.read_text())["schema"] == "portmatrix.firmware/1"
    assert "2 transfers, 1 failed" in capsys.readouterr().err


def test_a_pair_of_captures_in_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    road = Road(cut=(False, True), offset=12.0)
    road.background()
    road.transfer(cut_at=2)
    road.background()
    pair = ["--pair", *road.write(tmp_path), "--host", "igor-gateway=10.20.0.10@5.1.0"]
    assert run(["firmware", *pair]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[1] == "Path: t1: lost between the two points, to the node"
    assert "lost gateway frame" in out
    assert all(len(line) <= 80 for line in out.splitlines() if "Wireshark:" not in line)
    assert run(["firmware", *pair, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads((SCHEMAS / "firmware.schema.json").read_text()))
    assert document["pair"]["offset_s"] == pytest.approx(12, abs=0.01)
    assert document["transfers"][0]["path"]["place"] == "between"
    assert run(["firmware", *pair, "--format", "csv"]) == 1
    (line,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (line["path_place"], line["path_direction"]) == ("between", "to-node")
    assert int(line["to_node_sent"]) > int(line["to_node_arrived"]) == 1


def test_captures_or_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["firmware"]) == 2
    assert run(["firmware", "a.pcap", "--pair", "b.pcap", "c.pcap"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
