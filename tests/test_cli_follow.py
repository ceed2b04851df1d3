"""``check --follow`` as a process: lines as they come, signals, pipes, and the programs that write rings."""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import captures
import jsonschema
import pytest
import rings
from exporting import needs
from judging import CURRENT, GATEWAY, LAPTOP, NODE
from traffic import Traffic

import analyzer
from analyzer.cli import follow, run
from analyzer.cli.job import Job
from analyzer.cli.pseudonyms import Wish
from analyzer.errors import UsageError
from analyzer.model import CaptureLost

HOSTS = [word for host in CURRENT for word in ("--host", host)]
PROGRAM = [sys.executable, "-m", "analyzer", "check", "--follow", "--interval", "0.1", *HOSTS]
NOW = datetime.datetime(2026, 11, 21, 11, 12, tzinfo=datetime.UTC)


def traffic() -> Traffic:
    """An unexpected flow, then five minutes of what is right."""
    made = Traffic().connect(1, LAPTOP, 50000, GATEWAY, 22, b"SSH-2.0-x\r\n")
    for at in range(0, 300, 10):
        made.coap(at, NODE, GATEWAY, sport=41000, mid=at)
    return made


@pytest.fixture
def ring(tmp_path) -> Path:
    folder = tmp_path / "ring"
    folder.mkdir()
    rings.write(folder, rings.parts(rings.frames(traffic()), 5))
    return folder


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def start(processes, *arguments: str | Path, **more) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
    processes.append(process)
    return process


def checked(*arguments: str | Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "check", *HOSTS, "--format", "json", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return json.loads(done.stdout)


def without_command(document: dict) -> dict:
    del document["tool"]["command"]
    return document


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_report(ring, started, number) -> None:
    process = start(started, ring)
    line = process.stdout.readline()
    assert re.fullmatch(
        r"\S+Z violation: undeclared host \S+ opens TCP 22 .*\[unexpected-flow-\w{8}\]\n", line
    )
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out.startswith("NOT COMPLIANT: 1 violation")
    assert "missing" not in out.split("\n")[0]
    assert err == f"portmatrix: following {ring}; Ctrl-C ends it and gives the report\n"


def test_a_file_keeps_the_report_whole_and_lines_go_on_without_a_reader(ring, started, tmp_path) -> None:
    target = tmp_path / "report.json"
    here, there = os.pipe()
    process = start(started, ring, "-o", target, stdout=there)
    os.close(there)
    os.close(here)  # nobody ever reads a line
    assert process.stderr.readline().startswith("portmatrix: following")
    time.sleep(0.5)
    assert process.poll() is None
    (ring / "ring.pcap9").write_bytes(captures.pcap(rings.frames(Traffic().coap(400, NODE, GATEWAY))))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err == f"portmatrix: not compliant: 2 violations; {target} written (json)\n"
    assert without_command(json.loads(target.read_text())) == without_command(checked(ring))


def test_without_a_reader_and_a_file_there_is_nothing_to_do(ring, started) -> None:
    here, there = os.pipe()
    process = start(started, ring, stdout=there)
    os.close(there)
    os.close(here)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err


def test_a_pipe_that_grows(started, tmp_path) -> None:
    frames = rings.frames(traffic())
    process = start(started, "-", stdin=subprocess.PIPE)
    raw = process.stdin.buffer
    raw.write(captures.pcap(frames[: len(frames) // 2])[:-7])
    raw.flush()
    assert "violation: undeclared host" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    raw.close()
    process.stdin = None
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out.startswith("NOT COMPLIANT: 1 violation")


def test_events_as_json_lines(ring, capsys) -> None:
    (ring / rings.dumpcap_name(7)).write_bytes(
        captures.pcap(rings.frames(Traffic().coap(500, NODE, GATEWAY)))
    )
    (ring / rings.dumpcap_name(9)).write_bytes(
        captures.pcap(rings.frames(Traffic().coap(501, NODE, GATEWAY)))
    )
    begun = time.monotonic()
    arguments = ["check", "--follow", str(ring), *HOSTS, "--interval", "0.01", "--until", "1s"]
    assert run([*arguments, "--format", "jsonl", "-q"]) == 1
    assert 0.9 <= time.monotonic() - begun < 8
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events].count("file") == 7
    assert {event["event"] for event in events} == {"file", "finding", "gap", "report"}
    report = events[-1]["report"]
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    told = [event["finding"]["id"] for event in events if event["event"] == "finding"]
    assert sorted(told) == sorted(finding["id"] for finding in report["findings"])
    assert {name.rpartition("-")[0] for name in told} == {
        "unexpected-flow",
        "missing-flow",
        "capture-problem",
    }


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--interval", "1"], "--interval: only with --follow"),
        (["--until", "8h"], "--until: only with --follow"),
        (["--follow", "--until", "tomorrow"], "--until tomorrow: give a time such as 17:30"),
        (["--follow", "--until", "2001-01-01T00:00"], "--until 2001-01-01T00:00: has passed"),
        (["--follow", "--until", "0s", "--pseudonymise"], "--pseudonymise: not with --follow"),
        (["--follow", "--until", "0s", "nowhere"], "--follow: give one directory, one file, or '-'"),
        (["--follow", "--until", "0s", "--format", "excel"], "excel"),
    ],
)
def test_what_cannot_be_meant(ring, capsys, more, line) -> None:
    assert run(["check", str(ring), *more]) == 2
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "then"),
    [
        ("90s", datetime.timedelta(seconds=90)),
        ("2d", datetime.timedelta(days=2)),
        ("11:13", datetime.timedelta(minutes=1)),
        ("11:11:00", datetime.timedelta(days=1, minutes=-1)),
        ("2026-11-22T11:12", datetime.timedelta(days=1)),
        ("2026-11-21T12:12:30+01:00", datetime.timedelta(seconds=30)),
    ],
)
def test_until_when(written, then) -> None:
    assert follow.moment(written, NOW) == NOW + then


@pytest.mark.parametrize(
    "written", ["", "soon", "8", "25:00", "8 h", "-1h", "2026-11-21", "999999999d", "367d"]
)
def test_until_no_time(written) -> None:
    with pytest.raises(UsageError, match="--until"):
        follow.moment(written, NOW)


def test_another_format_has_standard_output_for_itself(ring, capsys) -> None:
    assert run(["check", "--follow", str(ring), *HOSTS, "--until", "0s", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["summary"]["findings"]["violation"] == 1
    assert "portmatrix: " in err
    assert "violation: undeclared host" in err


def a_run(target: str | None) -> follow.Run:
    job = Job(what="report", wish=Wish(False, None, None), target=target, following=True)
    return follow.Run(follow.Wish(True, None, None), job)


def test_the_file_is_made_anew_while_the_capture_grows(tmp_path, monkeypatch) -> None:
    from reports import COMPLIANT

    monkeypatch.setattr(follow, "RENEW", 0.0)
    monkeypatch.setattr(follow.options, "typed", lambda: "portmatrix check")
    target = tmp_path / "report.json"
    one = a_run(str(target))
    one.keep(COMPLIANT)
    assert json.loads(target.read_text())["summary"]["compliant"]
    a_run(None).keep(COMPLIANT)


def test_hostile_names_stay_on_their_line(capsys) -> None:
    a_run(None).tell(CaptureLost("ring/\x1b]0;x\x07\n.pcap", "vanished before it was read"))
    assert capsys.readouterr().out == "gap: ring/\\x1b]0;x\\x07\\n.pcap vanished before it was read\n"


# ------------------------------------------------------------ the programs that write rings

SENDER = """
import socket, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(180):
    out.sendto(b"\\x40\\x01" + number.to_bytes(2, "big") + b"x" * 96, ("127.0.0.1", 5683))
    time.sleep(0.012)
"""
WRITERS = {
    "dumpcap": ["dumpcap", "-q", "-i", "lo", "-b", "filesize:4", "-b", "files:100", "-w", "ring.pcapng"],
    "tcpdump": ["tcpdump", "-i", "lo", "-U", "-Z", "root", "-G", "2", "-w", "ring-%H%M%S.pcap"],
}


@pytest.mark.parametrize("writer", ["dumpcap", "tcpdump"])
def test_beside_the_program_that_writes(writer, tmp_path, started) -> None:
    needs(writer, "unshare", "ip", root=True)
    ring = tmp_path / "ring"
    ring.mkdir()
    script = tmp_path / "writer.sh"
    script.write_text(
        f"ip link set lo up\ncd {ring}\n{' '.join(WRITERS[writer])} 2>/dev/null &\nwriter=$!\n"
        f'until [ -n "$(ls {ring})" ]; do sleep 0.1; done\n'
        f"{sys.executable} {tmp_path / 'sender.py'}\nsleep 0.2\nkill -INT $writer\nwait $writer\n"
    )
    (tmp_path / "sender.py").write_text(SENDER)
    writing = subprocess.Popen(["unshare", "-n", "sh", str(script)])
    process = start(started, ring, "--format", "jsonl", "-q", "--until", "60s")
    assert writing.wait(timeout=30) == 0
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    events = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    files = [event["file"]["path"] for event in events if event["event"] == "file"]
    assert len(files) >= 2
    assert not [event for event in events if event["event"] == "gap"]
    report = without_command(events[-1]["report"])
    assert report == without_command(checked(ring))
    assert sum(sum(flow["packets"]) for flow in report["flows"] if flow["transport"] == "udp") > 100
