"""What a process writes to, and who ends it: encodings, terminals, closed and full streams, signals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import analyzer

ROOT = Path(analyzer.__file__).parents[1]

FAKE = """
import sys
from analyzer import cli, pipeline
sys.path.insert(0, "tests")
import reports
pipeline.check = lambda options, progress=None: reports.{report}
{more}
cli.main(sys.argv[1:])
"""


def launch(*arguments, report="REPORT", more="", env=None, **options):
    """A process whose analysis is replaced by a report built by hand."""
    command = [sys.executable, "-c", FAKE.format(report=report, more=more), *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize(("report", "code"), [("REPORT", 1), ("COMPLIANT", 0)])
def test_a_reader_that_goes_away_changes_neither_verdict_nor_peace(report, code):
    more = f"import dataclasses; big = dataclasses.replace(reports.{report}, flows=(reports.COAP,) * 20000)"
    more += "; pipeline.check = lambda options, progress=None: big"
    source = FAKE.format(report=report, more=more)
    with subprocess.Popen(
        [sys.executable, "-c", source, "check", "a.pcap", "--format", "json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_a_full_disk_is_one_line():
    source = FAKE.format(report="COMPLIANT", more="")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", source, "check", "a.pcap"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.decode() == "portmatrix: standard output: No space left on device\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_output_encoding(encoding):
    done = launch("check", "a.pcap", env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 1
    text = done.stdout.decode(encoding)
    assert ("5683 \u2713" if encoding == "utf-8" else "5683 +") in text


def test_no_colour_off_a_terminal():
    assert b"\x1b" not in launch("check", "a.pcap", env={"TERM": "xterm"}).stdout


def on_a_terminal(*arguments, env=None):
    pty = pytest.importorskip("pty", reason="pseudo-terminals need a POSIX system")
    parent, child = pty.openpty()
    source = FAKE.format(report="REPORT", more="")
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-c", source, *arguments],
        cwd=ROOT,
        stdout=child,
        stderr=subprocess.DEVNULL,
        env={**environment, "TERM": "xterm", "COLUMNS": "80", **(env or {})},
    ) as process:
        os.close(child)
        text = b""
        while True:
            try:
                chunk = os.read(parent, 65536)
            except OSError:  # Linux: the other side is closed
                break
            if not chunk:
                break
            text += chunk
        process.wait(30)
    os.close(parent)
    return text


def test_colour_on_a_terminal_unless_refused():
    assert b"\x1b[31m" in on_a_terminal("check", "a.pcap")
    assert b"\x1b" not in on_a_terminal("check", "a.pcap", env={"NO_COLOR": "1"})
    assert b"\x1b" not in on_a_terminal("check", "a.pcap", env={"TERM": "dumb"})


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM ends a Windows process at once")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_no_half_written_file(tmp_path, number, code):
    more = (
        "import itertools, dataclasses, signal, time\n"
        # A suite that runs in the background was told to ignore Ctrl-C, and what it starts inherits that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Slow(tuple):\n"
        "    def __iter__(self):\n"
        "        for n in itertools.count():\n"
        "            time.sleep(0.01)\n"
        "            yield reports.COAP\n"
        "slow = dataclasses.replace(reports.FLOWS, flows=Slow())\n"
        "pipeline.flows = lambda options, progress=None: slow\n"
        "from analyzer.report import document\n"
        "document.flows_summary = lambda report: {}\n"
    )
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            FAKE.format(report="REPORT", more=more),
            "flows",
            "a.pcap",
            "-o",
            str(tmp_path / "o.json"),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    ) as process:
        for _ in range(300):
            if list(tmp_path.iterdir()):
                break
            time.sleep(0.05)
        try:
            assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
            process.send_signal(number)
            assert process.wait(30) == code
            assert process.stderr.read().strip() == b""
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="a shell's >&- and <&- are POSIX")
@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("rules list >&-", "portmatrix: standard output is closed: use -o FILE\n"),
        ("rules lint >&-", "portmatrix: standard output is closed: use -o FILE\n"),
        ("flows - <&-", "portmatrix: standard input: is closed\n"),
    ],
)
def test_a_closed_stream_is_one_line(command, line):
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m analyzer {command}', sys.executable],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, line)


@pytest.mark.skipif(os.name == "nt", reason="a shell's >&- is POSIX")
def test_a_closed_standard_output_does_not_matter_beside_a_file(tmp_path):
    target = tmp_path / "rules.json"
    done = subprocess.run(
        ["sh", "-c", '"$0" -m analyzer rules list -o "$1" >&-', sys.executable, str(target)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert target.read_text().startswith("{")
