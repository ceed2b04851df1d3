"""``check`` end to end, on captures built here."""

import csv
import io
import json
import struct
from pathlib import Path

import frames
import jsonschema
import pytest
import reports
from captures import pcap
from judging import GATEWAY, NODE

import analyzer
from analyzer import pipeline
from analyzer.cli import run

SECOND = 10**9
HOSTS = ["--host", f"igor-gateway={GATEWAY}@5.1.0", "--host", "igor-node=10.20.1.0/24@6.0.2"]


def datagram(source, target, sport, dport, payload):
    return frames.eth(frames.ip4(frames.udp(payload, sport, dport), a=source, b=target))


def coap(at):
    """A confirmable GET of the node and its piggybacked answer."""
    return [
        (at, datagram(NODE, GATEWAY, 49152, 5683, b"\x40\x01\x00\x07\xb6lights")),
        (at + SECOND // 100, datagram(GATEWAY, NODE, 5683, 49152, b"\x60\x45\x00\x07\xffon")),
    ]


def segment(source, target, sport, dport, flags):
    header = struct.pack(">HHIIBBHHH", sport, dport, 1, 2, 5 << 4, flags, 1024, 0, 0)
    return frames.eth(frames.ip4(header, 6, a=source, b=target))


def telnet(at):
    """A refused connection that no sheet lists, between two hosts of the site."""
    syn, reset = 0x02, 0x14
    return [
        (at, segment(GATEWAY, NODE, 40000, 23, syn)),
        (at + 1000, segment(NODE, GATEWAY, 23, 40000, reset)),
    ]


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.pcap"
    path.write_bytes(pcap(coap(reports.START)))
    return str(path)


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.pcap"
    path.write_bytes(pcap(coap(reports.START) + telnet(reports.START + SECOND)))
    return str(path)


def test_compliant(good, capsys):
    assert run(["check", good, *HOSTS]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("COMPLIANT: no violation")
    assert err == ""


def test_violation(bad, capsys):
    assert run(["check", bad, *HOSTS]) == 1
    out = capsys.readouterr().out
    assert out.startswith("NOT COMPLIANT: 1 violation")
    assert "[unexpected-flow]" in out


def test_nothing_declared_is_never_a_violation(bad, capsys):
    assert run(["check", bad]) == 0
    assert "Say who is who" in capsys.readouterr().out


def test_json_is_valid_and_says_the_same(bad, capsys):
    assert run(["check", bad, *HOSTS, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["summary"]["compliant"] is False
    assert document["summary"]["flows"]["unexpected"] == 1
    assert document["captures"][0]["path"] == bad
    assert document["captures"][0]["first"] == "2026-01-02T03:03:05.000000Z"
    flow = next(entry for entry in document["flows"] if entry["verdict"] == "expected")
    assert flow["originator"] == {"address": NODE, "port": 49152, "roles": ["igor-node"]}
    assert flow["outcome"] == "answered"


def test_csv_says_on_stderr_what_it_cannot_hold(bad, capsys, monkeypatch):
    assert run(["check", bad, *HOSTS, "--format", "csv"]) == 1
    out, err = capsys.readouterr()
    assert [line["verdict"] for line in csv.DictReader(io.StringIO(out))] == ["expected", "unexpected"]
    assert err == ""
    monkeypatch.setattr(pipeline, "check", lambda options, progress: reports.REPORT)
    assert run(["check", bad, "--format", "csv"]) == 1
    assert "1 finding without a flow" in capsys.readouterr().err


def test_output_file_by_suffix_with_a_closing_line(bad, tmp_path, capsys):
    target = tmp_path / "out.json"
    assert run(["check", bad, *HOSTS, "-o", str(target)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"portmatrix: not compliant: 1 violation; {target} written (json)\n"
    assert json.loads(target.read_text())["schema"] == "portmatrix.report/1"
    assert run(["check", bad, *HOSTS, "-q", "-o", str(target)]) == 1
    assert capsys.readouterr() == ("", "")


def test_an_unknown_suffix_is_text(good, tmp_path):
    assert run(["check", good, *HOSTS, "-o", str(tmp_path / "out.log")]) == 0
    assert (tmp_path / "out.log").read_text().startswith("COMPLIANT")


def test_the_capture_is_never_overwritten(bad, tmp_path, capsys):
    before = Path(bad).read_bytes()
    for arguments in (["check", bad], ["check", str(tmp_path), "--format", "text"], ["flows", bad]):
        assert run([*arguments, "-o", bad]) == 2
        assert "is an input" in capsys.readouterr().err
    assert Path(bad).read_bytes() == before


def test_a_failed_run_leaves_no_file(tmp_path, capsys):
    for name, content in (("empty.pcap", b""), ("text.pcap", b"hello world, this is no capture\n")):
        (tmp_path / name).write_bytes(content)
        assert run(["check", str(tmp_path / name), "-o", str(tmp_path / "out.json")]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert name in err
    assert not (tmp_path / "out.json").exists()
    assert run(["check", str(tmp_path / "nowhere.pcap")]) == 2
    assert run(["check", "x.pcap", "-o", str(tmp_path / "no" / "out.json")]) == 2


def test_a_capture_without_packets_is_compliant(tmp_path, capsys):
    (tmp_path / "a.pcap").write_bytes(pcap([]))
    assert run(["check", str(tmp_path / "a.pcap"), *HOSTS]) == 0
    assert capsys.readouterr().out.startswith("NOTHING JUDGED: the capture holds no packets")


def test_a_cut_capture_is_analysed_and_reported(bad, tmp_path, capsys):
    whole = Path(bad).read_bytes()
    (tmp_path / "cut.pcap").write_bytes(whole[:-5])
    assert run(["check", str(tmp_path / "cut.pcap"), *HOSTS, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["captures"][0]["problems"]
    assert any(finding["kind"] == "capture-problem" for finding in document["findings"])


def test_damaged_anywhere_is_never_a_traceback(bad, tmp_path, capsys):
    whole = Path(bad).read_bytes()
    for at in range(0, len(whole), 23):
        (tmp_path / "cut.pcap").write_bytes(whole[:at])
        assert run(["check", str(tmp_path / "cut.pcap"), *HOSTS, "-q"]) in (0, 1, 2)
        assert "defect" not in capsys.readouterr().err


def test_progress_is_handed_to_the_pipeline_on_a_terminal_only(good, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(
        pipeline, "check", lambda options, progress: seen.append(progress) or reports.COMPLIANT
    )
    assert run(["check", good]) == 0
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    for extra in ([], ["-q"], ["--no-progress"]):
        assert run(["check", good, *extra]) == 0
    assert [progress is not None for progress in seen] == [False, True, False, False]


def test_every_option_reaches_the_pipeline(monkeypatch):
    seen = []
    monkeypatch.setattr(
        pipeline, "check", lambda options, progress: seen.append(options) or reports.COMPLIANT
    )
    arguments = ["a", "b", "--site", "s", "--host", "h=1", "--rules", "r", "--activity", "all", "--strict"]
    assert run(["check", *arguments, "--engine", "dpkt"]) == 0
    assert seen == [
        pipeline.Options(
            sources=("a", "b"),
            site="s",
            hosts=("h=1",),
            rules=("r",),
            activities=("all",),
            strict=True,
            engine="dpkt",
            sha256=False,
        )
    ]


def test_a_report_names_its_command_line(good, capsys):
    assert run(["check", good, *HOSTS, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tool"]["command"] == " ".join(["portmatrix check", good, *HOSTS, "--format json"])


def test_the_suffix_html_writes_a_page(bad, tmp_path, capsys):
    target = tmp_path / "report.html"
    assert run(["check", bad, *HOSTS, "-o", str(target)]) == 1
    assert "report.html written (html)" in capsys.readouterr().err
    page = target.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert len(page) < 1_500_000
