import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import reports

import analyzer
from analyzer.report import Style, document, formats

SCHEMAS = Path(analyzer.__file__).parent / "schemas"


def schema(name):
    loaded = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def rendered(report, what="report"):
    stream = io.StringIO()
    formats()["json"].render(what)(report, stream, Style())
    return stream.getvalue()


@pytest.mark.parametrize("report", [reports.REPORT, reports.COMPLIANT, reports.EMPTY])
def test_report_is_valid_and_the_same_as_the_document(report):
    parsed = json.loads(rendered(report))
    schema("report").validate(parsed)
    assert parsed == document.whole(document.report_parts(report))
    assert list(parsed) == [
        "schema",
        "tool",
        "captures",
        "site",
        "summary",
        "rows",
        "flows",
        "findings",
        "transfers",
        "attempts",
    ]


@pytest.mark.parametrize("report", [reports.FLOWS, reports.NO_FLOWS])
def test_flow_report_is_valid(report):
    parsed = json.loads(rendered(report, "flows"))
    schema("flows").validate(parsed)
    assert parsed == document.whole(document.flows_parts(report))
    assert parsed["schema"] == "portmatrix.flows/1"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("flows", 0, "verdict"), "fine"),
        (("flows", 0, "first"), "2026-01-02 03:04:05"),
        (("flows", 0, "packets"), [1]),
        (("rows", 0, "status"), None),
        (("summary", "flows"), {"expected": 1}),
        (("findings", 0, "severity"), "error"),
        (("schema",), "portmatrix.report/2"),
        (("captures", 0, "duration_s"), "1"),
    ],
)
def test_the_schema_refuses_what_the_contract_does_not_allow(place, value):
    parsed = json.loads(rendered(reports.REPORT))
    target = parsed
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    assert not schema("report").is_valid(parsed)


def test_hostile_text_is_only_ascii_and_survives():
    text = rendered(reports.REPORT)
    assert text.isascii()
    assert not any(char < " " and char != "\n" for char in text)
    assert json.loads(text)["flows"][2]["detail"] == reports.HOSTILE


def test_a_path_of_any_bytes_is_strict_json():
    path = b"caf\xe9.pcap".decode("utf-8", "surrogateescape")
    report = replace(reports.REPORT, captures=(replace(reports.CAPTURE, path=path),))
    parsed = json.loads(rendered(report))
    assert parsed["captures"][0]["path"] == "caf\\xe9.pcap"
    schema("report").validate(parsed)


def test_flows_are_written_some_at_a_time():
    """A long table is never one string in memory."""

    class Chunks(io.StringIO):
        largest = total = 0

        def write(self, text):
            self.largest = max(self.largest, len(text))
            self.total += len(text)
            return len(text)

    stream = Chunks()
    many = replace(reports.FLOWS, flows=(reports.COAP,) * 30_000)
    formats()["json"].render("flows")(many, stream, Style())
    assert stream.largest * 20 < stream.total
