import ast
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import reports

from analyzer import report
from analyzer.errors import UsageError
from analyzer.model import FirmwareReport
from analyzer.report import Style

FOLDER = Path(report.__file__).parent


def test_the_folder_is_the_registry():
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    files |= {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    files -= report.SHARED
    assert set(report.formats()) == files
    assert {"text", "json", "csv", "jsonl"} <= files
    assert report.names("report")[0] == "text"
    assert "jsonl" not in report.names("report")
    assert "jsonl" in report.names("flows")


ENDINGS = {"": "text", ".txt": "text", ".json": "json", ".ps1": "powershell"}


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        (None, None, "text"),
        (None, "-", "text"),
        (None, "a.JSON", "json"),
        (None, "report.2026-11-21", "text"),
        (None, "a.log", "text"),
        ("json", "a.ps1", "json"),
    ],
)
def test_an_ending_chooses_among_a_few_formats(name, path, expected):
    assert report.by_ending(name, path, ENDINGS) == expected


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        (None, "x.xslx", "-o x.xslx: no format for .xslx, choose from .json, .ps1, .txt, or name one with"),
        ("xml", None, "--format xml: not available here, choose from text, json, powershell"),
    ],
)
def test_what_chooses_no_format_is_refused(name, path, told):
    with pytest.raises(UsageError) as caught:
        report.by_ending(name, path, ENDINGS)
    assert str(caught.value).startswith(told)


@pytest.fixture
def extra(tmp_path, monkeypatch):
    """A renderer dropped into the folder."""

    def add(source):
        (tmp_path / "zebra.py").write_text(source)
        monkeypatch.setattr(report, "__path__", [*report.__path__, str(tmp_path)])

    yield add
    sys.modules.pop("analyzer.report.zebra", None)
    vars(report).pop("zebra", None)


def test_a_new_file_is_a_new_format(extra):
    extra("from analyzer.report import Format\nFORMAT = Format('zebra', ('.zeb',), lambda *given: None)\n")
    assert report.choose(None, "report", "out.ZEB").name == "zebra"


@pytest.mark.parametrize("source", ["", "FORMAT = 7", "import nowhere_at_all", "1/0"])
def test_a_broken_file_fails_loudly(extra, source):
    extra(source)
    with pytest.raises(ImportError, match=r"analyzer\.report\.zebra"):
        report.formats()


def test_what_is_said_of_the_shipped_formats_is_what_they_say():
    kinds = [name.removeprefix("render_") for name in report.Format.__slots__ if name.startswith("render_")]
    assert len(kinds) == 7
    assert {
        name: (entry.suffixes, tuple(kind for kind in kinds if entry.render(kind)))
        for name, entry in report.formats().items()
    } == report.SHIPPED


def test_a_format_is_imported_alone(monkeypatch):
    load, asked = report._load, []
    monkeypatch.setattr(report, "_load", lambda name: asked.append(name) or load(name))
    assert "markdown" in report.names("report")
    assert report.choose(None, "report", "x.md").name == "markdown"
    assert report.choose("html", "report").name == "html"
    assert asked == ["markdown", "html"]


def test_choice_by_name_then_suffix_then_text():
    assert report.choose("csv", "report", "x.json").name == "csv"
    assert report.choose(None, "report", "x.json").name == "json"
    assert report.choose(None, "flows", "dir/x.jsonl").name == "jsonl"
    assert report.choose(None, "report").name == "text"


@pytest.mark.parametrize(
    "path", ["x", "x.txt", "a.b/x", "x.LOG", "x.text", ".json", "/dev/stdout", "day.2026-11-21", "x.1", "x."]
)
def test_a_file_without_a_suffix_of_a_format_holds_the_default(path):
    assert report.choose(None, "report", path).name == "text"
    assert report.choose(None, "survey", path, "yaml").name == "yaml"


@pytest.mark.parametrize(
    ("path", "what", "known"),
    [
        ("a/x.docx", "report", ".csv, .htm, .html, .json, .junit.xml"),
        ("x.jsonl", "report", ".csv, .htm"),
        ("x.json.gz", "flows", ".csv, .json, .jsonl, .ndjson"),
        ("x.csv", "survey", "choose from .json, .yaml, .yml, or"),
    ],
)
def test_a_suffix_that_no_format_has_is_refused_with_those_there_are(path, what, known):
    with pytest.raises(UsageError) as caught:
        report.choose(None, what, path)
    assert str(caught.value).startswith(f"-o {path}: no format for .")
    assert known in str(caught.value)
    assert "\n" not in str(caught.value)
    assert report.choose("json", what, path).name == "json"


@pytest.mark.parametrize(("name", "what"), [("docx", "report"), ("jsonl", "report"), ("", "flows")])
def test_a_format_that_is_not_there_lists_what_is(name, what):
    with pytest.raises(UsageError, match="choose from text, csv") as caught:
        report.choose(name, what)
    assert "\n" not in str(caught.value)


def test_renderers_do_not_import_each_other():
    for name in report.formats():
        module = FOLDER / f"{name}.py"
        sources = [module] if module.exists() else sorted((FOLDER / name).glob("*.py"))
        assert sources
        imported = {
            alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
            for source in sources
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        others = {f"analyzer.report.{other}" for other in report.formats() if other != name}
        assert not {entry for entry in imported if any(entry.startswith(other) for other in others)}


def test_the_same_facts_in_every_format():
    def shown(name):
        stream = io.StringIO()
        report.formats()[name].render("report")(reports.REPORT, stream, Style(verbosity=1))
        return stream.getvalue()

    document = json.loads(shown("json"))
    for text in (shown("text"), shown("csv")):
        for flow in document["flows"]:
            assert flow["id"] in text
            assert flow["originator"]["address"] in text
            assert flow["verdict"] in text
            assert flow["outcome"] in text
    text = shown("text")
    for row in document["rows"]:
        assert row["id"] in text
        assert row["status"] in text
    for finding in document["findings"]:
        assert finding["kind"] in text
        assert finding["wireshark_filter"] in text


FIRMWARE = FirmwareReport(
    version="0.1.0",
    captures=(),
    site=reports.SITE,
    hosts=reports.HOSTS,
    transfers=(reports.TRANSFER,),
    attempts=(reports.ATTEMPT,),
    findings=(reports.UNEXPECTED,),
)
WITH_CAPTURES = {"report": reports.REPORT, "flows": reports.FLOWS, "firmware": FIRMWARE}


@pytest.mark.parametrize("what", WITH_CAPTURES)
def test_who_needs_no_hash_writes_the_same_without(what):
    def written(entry, sha256, verbosity):
        made = replace(
            WITH_CAPTURES[what], captures=(replace(reports.CAPTURE, path="p.pcap", sha256=sha256),)
        )
        stream = io.BytesIO() if entry.binary else io.StringIO()
        entry.render(what)(made, stream, Style(verbosity=verbosity))
        return stream.getvalue()

    able = [entry for entry in report.formats().values() if entry.render(what) and not entry.sha256]
    assert {entry.name for entry in able} >= {"text", "csv"}
    for entry in able:
        for verbosity in (-1, 0, 1, 2):
            assert written(entry, "ab" * 32, verbosity) == written(entry, "", verbosity)
    shown = report.formats()["json"]
    assert shown.sha256
    assert written(shown, "ab" * 32, 0) != written(shown, "", 0)
