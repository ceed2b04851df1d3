import gzip
import json
import subprocess
import sys
import threading

import click
import pytest
from click.testing import CliRunner
from judging import GATEWAY, NODE
from traffic import Traffic

from analyzer import processors
from analyzer.capture import begun
from analyzer.capture import capture as captures
from analyzer.cli import options, run
from analyzer.cli.job import taken
from analyzer.errors import UsageError
from analyzer.pipeline import Options


def job_of(*arguments):
    """The job of a command with all options that commands share, and one of its own."""
    got = []

    @click.command()
    @options.captures
    @options.site
    @click.option("--own")
    @options.judgement
    @options.output("report")
    @options.pseudonyms
    @options.engine
    @options.talk("No progress.")
    @taken("report")
    def command(job, *, own):
        """What it does."""
        got.extend((job, own))
        return 0

    assert command.help == "What it does."
    result = CliRunner().invoke(command, arguments)
    if result.exception is not None:
        raise result.exception
    return got


def test_every_shared_option_reaches_the_pipeline_and_the_others_their_command():
    given = "a b --site s --host x=1 --rules r --activity all --strict --engine dpkt --own o"
    job, own = job_of(*given.split())
    assert job.options() == Options(("a", "b"), "s", ("x=1",), ("r",), ("all",), True, "dpkt", sha256=False)
    assert own == "o"


@pytest.mark.parametrize(
    ("given", "name"),
    [("", "text"), ("-o x.json", "json"), ("-o x.json --format csv", "csv"), ("-o x", "text")],
)
def test_the_format_is_settled_before_anything_is_read(given, name):
    job, _ = job_of("a", *given.split())
    assert job.chosen.name == name


@pytest.mark.parametrize(("name", "wanted"), [("json", True), ("csv", False), ("text", False)])
def test_the_hash_is_asked_for_where_the_format_shows_it(name, wanted):
    job, _ = job_of("a", "--format", name)
    assert job.options().sha256 is wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("-o x.docx", "-o x.docx: no format for .docx"),
        ("--format docx", "--format docx: not available"),
        ("--map m", "--map: only with --pseudonymise"),
    ],
)
def test_options_that_make_no_sense_are_refused(given, said):
    with pytest.raises(UsageError, match=said):
        job_of("a", *given.split())


@pytest.mark.parametrize("option", ["--site", "--rules"])
def test_the_result_never_overwrites_an_input(tmp_path, option):
    path = tmp_path / "a.pcap"
    path.write_text("x")
    for given in ([str(path)], ["other", option, str(path)]):
        with pytest.raises(UsageError, match="is an input of this very command"):
            job_of(*given, "-o", str(path))


def test_captures_of_a_directory_are_inputs_too(tmp_path):
    class Found:
        class Info:
            path = str(tmp_path / "a.json")

        captures = (Info,)

    (tmp_path / "a.json").write_text("x")
    job, _ = job_of(str(tmp_path), "-o", str(tmp_path / "a.json"))
    with pytest.raises(UsageError, match="is an input of this very command"):
        job.run(lambda *_: Found)
    job, _ = job_of(str(tmp_path), "-o", str(tmp_path / "b.json"))
    assert job.run(lambda *_: Found) is Found


@pytest.mark.parametrize(
    ("given", "said"),
    [("-o x.json", "portmatrix: 3 flows; x.json written (json)\n"), ("-o x -q", ""), ("-o -", ""), ("", "")],
)
def test_the_closing_line_is_for_files(given, said, capsys):
    job, _ = job_of("a", *given.split())
    job.close("3 flows")
    assert capsys.readouterr().err == said


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A packed capture that counts as large, on two processors, and what of it was begun."""
    traffic = Traffic()
    for number in range(300):
        traffic.udp(number, NODE, 40000 + number % 9, GATEWAY, 5683, b"ping %d" % number)
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(traffic.write(tmp_path / "a.pcap").read_bytes()))
    some = []
    real = begun.begin

    def begin(*given, **wish):
        some.append(real(*given, **wish))
        return some[-1]

    for module in (begun, captures):
        monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(begun, "begin", begin)
    before = threading.active_count()
    with processors.limited(2):
        yield path, some
    assert threading.active_count() == before


@pytest.mark.parametrize("command", ["flows", "check", "firmware"])
def test_what_is_begun_gives_the_same_report(packed, command, capsys, monkeypatch):
    path, some = packed
    assert run([command, str(path), "--format", "json", "--no-progress"]) == 0
    (one,) = some
    assert one is not None
    with_it = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(begun, "begin", lambda *_, **__: None)
    assert run([command, str(path), "--format", "json", "--no-progress"]) == 0
    assert json.loads(capsys.readouterr().out) == with_it
    assert with_it["captures"][0]["packets"] == 300


def test_what_is_begun_ends_also_where_the_job_cannot_be_done(packed, monkeypatch):
    path, some = packed
    assert run(["flows", str(path), "--site", "gone.yaml"]) == 2
    assert [one is None for one in some] == [False]

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("analyzer.pipeline.flows", interrupted)
    assert run(["flows", str(path)]) == 130
    assert [one is None for one in some] == [False, False]


STARTED = """
import sys
from analyzer.capture import begun
def begin(*_, **__):
    print("numpy" in sys.modules)
    raise SystemExit
begun.begin = begin
from analyzer.cli import run
run(sys.argv[1:])
"""


@pytest.mark.parametrize("command", ["flows", "check", "firmware", "learn", "survey"])
def test_nothing_that_takes_long_is_imported_before_decompression_begins(command):
    command_line = [sys.executable, "-c", STARTED, command, "a.pcap"]
    done = subprocess.run(command_line, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
