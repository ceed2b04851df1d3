"""``flows`` end to end, on captures built here."""

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest
import reports
from captures import pcap
from test_cli_check import HOSTS, NODE, coap, telnet

import analyzer
from analyzer import pipeline
from analyzer.cli import run


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "a.pcap"
    target.write_bytes(pcap(coap(reports.START) + telnet(reports.START + 10**9)))
    return str(target)


def test_text(path, capsys):
    assert run(["flows", path]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("2 flows, 4 packets, ")
    assert f"{NODE}:49152" in out
    assert err == ""


def test_json_is_valid_and_has_no_verdict(path, capsys):
    assert run(["flows", path, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "flows.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["summary"]["packets"] == 4
    assert [flow["verdict"] for flow in document["flows"]] == [None, None]
    assert document["flows"][0]["protocol"] == "coap"
    assert document["flows"][0]["frames"] == [1, 2]


def test_formats_agree(path, capsys):
    def shown(name):
        assert run(["flows", path, "--format", name]) == 0
        return capsys.readouterr().out

    flows = json.loads(shown("json"))["flows"]
    assert [json.loads(line) for line in shown("jsonl").splitlines()] == flows
    lines = list(csv.DictReader(io.StringIO(shown("csv"))))
    assert [line["responder_port"] for line in lines] == [str(flow["responder"]["port"]) for flow in flows]


def test_a_file_has_a_closing_line(path, tmp_path, capsys):
    target = tmp_path / "out.jsonl"
    assert run(["flows", path, "-o", str(target)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"portmatrix: 2 flows; {target} written (jsonl)\n")
    assert len(target.read_text().splitlines()) == 2


def test_a_flow_report_never_judges(path, capsys):
    assert run(["flows", path, *HOSTS]) == 0


def test_every_option_reaches_the_pipeline(monkeypatch):
    seen = []
    monkeypatch.setattr(pipeline, "flows", lambda options, progress: seen.append(options) or reports.FLOWS)
    assert run(["flows", "a", "b", "--site", "s", "--host", "h=1", "--rules", "r", "--engine", "dpkt"]) == 0
    assert seen == [
        pipeline.Options(
            sources=("a", "b"), site="s", hosts=("h=1",), rules=("r",), engine="dpkt", sha256=False
        )
    ]
