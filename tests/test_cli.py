"""The command line as a whole: exit codes, streams, one line for whatever goes wrong."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import coapwire
import httpwire
import pytest
import reports
import tftpwire
from click.testing import CliRunner
from traffic import Traffic

import analyzer
from analyzer import cli, pipeline, prepared, report, rulesets
from analyzer.cli import run
from analyzer.errors import CaptureError, Mistake, RulesetError
from analyzer.observations import behaviour
from analyzer.transfers import registry

ROOT = Path(analyzer.__file__).parents[1]
COMMAND = [sys.executable, "-m", "analyzer"]


@pytest.fixture
def analysis(monkeypatch):
    """Stands in for the pipeline; gives the options it was called with."""
    calls = []

    def answer(what, result):
        def analyse(options, progress=None):
            calls.append(options)
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr(pipeline, what, analyse)
        return calls

    return answer


@pytest.mark.parametrize(
    ("report", "code", "word"),
    [
        (reports.REPORT, 1, "NOT COMPLIANT"),
        (reports.COMPLIANT, 0, "COMPLIANT"),
        (reports.EMPTY, 0, "NOTHING"),
    ],
)
def test_exit_code_is_the_verdict(analysis, report, code, word, capsys):
    analysis("check", report)
    assert run(["check", "a.pcap"]) == code
    assert capsys.readouterr().out.startswith(word)


def one_line(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("portmatrix: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["check"],
        ["check", "--nope", "a.pcap"],
        ["check", "--engine", "warp", "a.pcap"],
        ["check", "a.pcap", "--site"],
        ["check", "a.pcap", "--format", "docx"],
        ["check", "a.pcap", "--format", "jsonl"],
        ["flows", "a.pcap", "--strict"],
        ["rules", "burn"],
        ["--wat"],
    ],
)
def test_usage_errors_are_one_line(arguments, capsys):
    assert run(arguments) == 2
    one_line(capsys)


def test_a_format_of_another_command_lists_what_there_is(capsys):
    assert run(["check", "a.pcap", "--format", "parquet"]) == 2
    assert "choose from text, csv, " in one_line(capsys)


def test_a_command_that_nearly_is_one_is_named(capsys):
    assert run(["chek", "a.pcap"]) == 2
    assert one_line(capsys) == (
        "portmatrix: No such command 'chek'. Did you mean 'check'? (see portmatrix --help)\n"
    )
    assert run(["zzz"]) == 2
    assert one_line(capsys) == "portmatrix: No such command 'zzz'. (see portmatrix --help)\n"


def test_every_command_is_told_whole_in_the_list(capsys):
    assert run(["--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_input_that_cannot_be_read_is_one_line(analysis, capsys):
    analysis("check", CaptureError("a.pcap: not a capture: it looks like \x1b[31mtext"))
    assert run(["check", "a.pcap"]) == 2
    assert one_line(capsys) == "portmatrix: a.pcap: not a capture: it looks like \\x1b[31mtext\n"


def test_a_document_with_mistakes_prints_each_on_its_line(analysis, capsys):
    analysis(
        "check", RulesetError([Mistake("x.yaml", 3, 5, "bad port", "80"), Mistake("x.yaml", 9, 1, "no id")])
    )
    assert run(["check", "a.pcap"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "portmatrix: x.yaml:3:5: bad port (80)",
        "portmatrix: x.yaml:9:1: no id",
    ]


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("secret\nvalue"),
        RecursionError("deep"),
        KeyError("x"),
        MemoryError(),
        PermissionError(13, "Permission denied", "a.pcap"),
        OSError("odd"),
    ],
)
def test_the_unexpected_is_one_line_too(analysis, error, capsys):
    analysis("check", error)
    assert run(["check", "a.pcap"]) == 2
    one_line(capsys)


def test_a_defect_says_where_and_how_to_report_it(analysis, capsys, monkeypatch):
    analysis("check", ZeroDivisionError("by zero"))
    assert run(["check", "a.pcap"]) == 2
    said = one_line(capsys)
    assert "ZeroDivisionError" in said
    assert "test_cli.py:" in said
    assert "PORTMATRIX_DEBUG=1" in said
    monkeypatch.setenv("PORTMATRIX_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["check", "a.pcap"])


def test_interrupt_is_quiet(analysis, capsys):
    analysis("check", KeyboardInterrupt())
    assert run(["check", "a.pcap"]) == 130
    assert "".join(capsys.readouterr()).strip() == ""


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith(f"portmatrix {analyzer.__version__} (decoder: ")


def test_no_arguments_show_the_help(capsys):
    assert run([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_click_runner_sees_every_command():
    result = CliRunner().invoke(cli.portmatrix, ["--help"])
    assert result.exit_code == 0
    for name in ("check", "flows", "rules"):
        assert f"\n  {name} " in result.output


def test_a_command_file_without_a_command_fails_loudly(tmp_path, monkeypatch):
    (tmp_path / "zebra.py").write_text("")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    with pytest.raises(ImportError, match="zebra has no COMMAND"):
        CliRunner().invoke(cli.portmatrix, ["zebra"], catch_exceptions=False)
    sys.modules.pop("analyzer.cli.zebra", None)


IMPORTED = """
import io, sys
before = set(sys.modules)
from analyzer.cli import run
said, sys.stdout = sys.stdout, io.StringIO()
for line in sys.argv[1:]:
    run(line.split())
print(*sorted(set(sys.modules) - before), file=said)
"""
STAGES = set(
    """
    activity addresses ahead
    capture capturefilter classify cli compliance conversation conversations
    decode directory documents
    errors exclusions
    findings flowtable
    infer
    kinds
    late
    matrix model mudfile
    observation observations outcomes
    parallel parts payloads picking pipeline prepared processors protocol protocols
    registry report room rulefile rulesets
    sessions shipped site
    tables transfers transports
    updates
    version versions visibility
    """.split()  # noqa: SIM905 - a list of forty strings is forty lines
)
"""What a check is made of: a module or package of ``analyzer`` each."""

SLOW = set(
    """
    asyncio concurrent.futures email html http.client multiprocessing sqlite3 ssl unittest
    numpy.ma numpy.random numpy.fft numpy.polynomial numpy.testing
    """.split()  # noqa: SIM905
)
"""Modules of Python and numpy that take milliseconds and that neither help nor a small check needs."""

OTHERS = set(
    """
    json logging random shutil subprocess tempfile zipfile importlib.resources packaging.specifiers
    analyzer.model.attempt analyzer.model.diff analyzer.model.dissection analyzer.model.learned
    analyzer.model.pair analyzer.model.survey
    analyzer.report.changes analyzer.report.dissection analyzer.report.ladder
    """.split()  # noqa: SIM905
)
"""What a small check has no use for either: of other commands, or only of large captures and files."""


TABLE = STAGES - set(
    """
    activity capturefilter exclusions findings infer late mudfile observation observations
    rulefile transfers updates versions
    """.split()  # noqa: SIM905
)
"""What a list of flows is made of: nobody judges, nothing is watched, and the sheets are prepared."""

READING = {"packaging", "yaml"} if prepared.sheets(rulesets.shipped()) is None else set()
"""What the shipped sheets are read with where the build did not prepare them, or they have changed since."""


def imported(*lines: str) -> set[str]:
    """What running these command lines in one new process imports."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *lines], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.decode().split())


def foreign(names: set[str]) -> set[str]:
    """The packages among ``names`` that are neither ours nor Python's own."""
    tops = (
        {name.partition(".")[0] for name in names}
        - set(sys.stdlib_module_names)
        - {"analyzer", "cython_runtime"}
    )
    return {name for name in tops if not name.startswith("_")}


def test_help_imports_only_click_and_the_command_line():
    names = imported("--help", "check --help", "flows --help", "rules lint --help")
    assert foreign(names) == {"click"}
    ours = {name.split(".")[1] for name in names if name.startswith("analyzer.")}
    assert ours == {"cli", "errors", "model", "registry", "report", "version"}
    assert not {f"analyzer.report.{name}" for name in report.formats()} & names
    assert not names & SLOW


def test_the_version_and_the_rules_are_shown_without_numpy():
    assert foreign(imported("--version")) == {"click"}
    assert foreign(imported("rules list")) == {"click"} | READING


@pytest.mark.parametrize("name", ["text", "csv", "json", "jsonl"])
def test_a_list_of_flows_imports_only_what_it_uses(name):
    names = imported(f"flows samples/coap-blocked/capture.pcap --no-progress --format {name}")
    assert foreign(names) == {"click", "numpy"} | READING
    ours = {name.split(".")[1] for name in names if name.startswith("analyzer.")}
    assert ours <= TABLE | ({"rulefile", "versions"} if READING else set())
    assert not names & (SLOW | (OTHERS - {"json"}))
    # No value that is said of a judgement, a transfer or another report.
    made = {name.rpartition(".")[2] for name in names if name.startswith("analyzer.model.")}
    assert made == {"capture", "cells", "flow", "sheet", "site", "words"}


def test_a_small_check_imports_only_what_it_uses():
    case = "samples/coap-blocked"
    names = imported(f"check {case}/capture.pcap --site {case}/site.yaml --no-progress")
    assert foreign(names) == {"click", "numpy", "packaging", "yaml"}
    ours = {name.split(".")[1] for name in names if name.startswith("analyzer.")}
    assert ours <= STAGES, "a module that a plain check has no use for: import it where it is used"
    assert not names & (SLOW | OTHERS)
    renderers = {name for name in names if name.startswith("analyzer.report.")}
    assert not renderers & {f"analyzer.report.{name}" for name in report.formats() if name != "text"}
    assert not {name for name in names if name.startswith("analyzer.cli.")} - {
        *("analyzer.cli.check", "analyzer.cli.job", "analyzer.cli.options", "analyzer.cli.output"),
        *("analyzer.cli.progress", "analyzer.cli.pseudonyms"),
    }


CARRIERS = {name: f"analyzer.transfers.{name}.draw" for name in registry.load()}
OBSERVERS = {
    f"analyzer.observations.{name}.observer" for name, one in behaviour.load().items() if one.observer
}
GATEWAY, NODE = "10.20.0.10", "10.20.1.31"
OTHER = coapwire.Coap().get(0, 1).s(0.1, bytes.fromhex("6245") + b"\0\1\0\1")
OTHER.udp(1, NODE, 49152, GATEWAY, 9, b"\xff\0\1").tcp(2, NODE, 49152, GATEWAY, 9100, 24, b"\x01binary")
HEARD = {
    "healthy CoAP and what is opaque": (OTHER, set()),
    "CoAP unheard": (coapwire.Coap().get(0, 1).get(2.5, 1), {"coap"}),
    "TFTP": (Traffic().udp(0, NODE, 49152, GATEWAY, 69, tftpwire.rrq()), {"tftp"}),
    "HTTP": (httpwire.fetch(3000).close(), {"http"}),
}
"""Traffic, and the carriers of files that a check of it has a use for."""


@pytest.mark.parametrize("what", HEARD)
def test_a_check_imports_the_carriers_and_observers_that_it_hears(what, tmp_path):
    traffic, carriers = HEARD[what]
    traffic.write(tmp_path / "a.pcap")
    names = imported(f"check {tmp_path}/a.pcap --no-progress")
    assert names & set(CARRIERS.values()) == {CARRIERS[name] for name in carriers}
    assert not names & OBSERVERS
    assert "analyzer.observations.igor.signalling" not in names


def test_a_list_of_flows_imports_nothing_that_judges_them():
    names = imported("flows samples/coap-blocked/capture.pcap --no-progress")
    judging = set("activity exclusions findings infer observations transfers updates".split())  # noqa: SIM905
    assert not {f"analyzer.{name}" for name in judging} & names
    assert not names & (SLOW | OTHERS)


def test_observers_are_imported_for_what_they_observe(tmp_path):
    door = Traffic().tcp(0, "10.20.0.31", 49152, "10.20.0.50", 1480, 2)
    door.udp(1, "10.20.0.31", 47808, "10.20.0.255", 47808, bytes.fromhex("810b000c0120ffff00ff1008"))
    door.write(tmp_path / "a.pcap")
    assert imported(f"check {tmp_path}/a.pcap --no-progress") >= OBSERVERS


PROCESS = """
import gc, os, sys
from analyzer import __main__
sys.argv[1:] = ["--version"]
try:
    __main__.main()
finally:
    print({name: os.environ.get(name) for name in __main__.THREADS})
    print(gc.get_threshold()[0] > 10**6, gc.get_freeze_count() > 10**4, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3"), ({"OMP_NUM_THREADS": "2"}, None)],
)
def test_the_process_starts_no_threads_unless_the_user_says_so_and_leaves_garbage(given, expected):
    names = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS],
        cwd=ROOT,
        env={**environment, **given},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    after = ast.literal_eval(done.stdout.splitlines()[-1])
    assert after == {**dict.fromkeys(names), **given, "OPENBLAS_NUM_THREADS": expected}
    assert done.stderr == "True True\n"


def test_a_library_that_looks_for_what_is_left_of_it_has_nothing_to_say(tmp_path):
    command = [*COMMAND, "flows", "samples/coap-blocked/capture.pcap", "-o", str(tmp_path / "a.parquet")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["portmatrix"]


def test_python_m_is_the_command():
    done = subprocess.run([*COMMAND, "check"], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("portmatrix: Missing argument 'CAPTURE...'")


def test_a_line_break_in_a_name_stays_on_the_one_line(tmp_path, capsys):
    name = str(tmp_path / "a\nb\x1b[31m.pcap")
    assert run(["flows", name]) == 2
    shown = name.replace("\n", "\\n").replace("\x1b", "\\x1b")
    assert capsys.readouterr().err == f"portmatrix: {shown}: cannot be read: No such file or directory\n"
