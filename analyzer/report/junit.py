"""JUnit XML for pipelines: a test case for each row of the expected matrix, and one for each finding.

A case fails exactly where the exit code is 1: for a violation. What could not be judged is skipped, with its
reason; what a sheet's row has to say besides (a warning, a note) stands in the case's output.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, Final
from xml.etree import ElementTree as ET

from analyzer.model import Finding, Report, RowResult, Severity, Status
from analyzer.report import Format, Style, digest
from analyzer.report.moment import timestamp
from analyzer.report.neutral import visible

_UNJUDGED: Final = (Status.NOT_EXERCISED, Status.NOT_OBSERVABLE, Status.NOT_APPLICABLE)


def _report(report: Report, stream: IO[str], _style: Style) -> None:
    root = ET.Element("testsuites", name="portmatrix")
    cited: dict[str, list[Finding]] = {}
    for finding in report.findings:
        for row in finding.rows:
            cited.setdefault(row, []).append(finding)
    suites: dict[str, list[RowResult]] = {}
    for result in report.rows:
        suites.setdefault(f"{result.row.subject} {result.row.edition}", []).append(result)
    for name, results in suites.items():
        suite = _suite(root, name, report)
        for result in results:
            _row(suite, name, result, cited.get(result.row.id, []))
    suite = _suite(root, "findings", report)
    for finding in report.findings:
        _finding(suite, finding)
    for suite in root:
        _count(suite, [suite])
    _count(root, list(root))
    ET.indent(root)
    stream.write('<?xml version="1.0" encoding="utf-8"?>\n')
    stream.write(ET.tostring(root, encoding="unicode") + "\n")


def _suite(root: ET.Element, name: str, report: Report) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=visible(name))
    begun = [info.first for info in report.captures if info.first is not None]
    if begun:
        suite.set("timestamp", timestamp(min(begun))[:19])
    properties = ET.SubElement(suite, "properties")
    for key, value in _facts(report):
        ET.SubElement(properties, "property", name=key, value=visible(value))
    return suite


def _facts(report: Report) -> Iterable[tuple[str, str]]:
    yield "verdict", str(digest.headline(report))
    yield "portmatrix", report.version
    yield "site", report.site.name
    for info in report.captures:
        yield "capture", info.path
        yield "sha256", info.sha256


def _row(suite: ET.Element, name: str, result: RowResult, findings: list[Finding]) -> None:
    row = result.row
    title = f"{row.direction} {row.transport}/{row.port} {row.service.name}"
    case = _case(suite, f"portmatrix.{name}", title)
    said = f"{result.status.value}: {result.reason}"
    violations = [finding for finding in findings if finding.severity is Severity.VIOLATION]
    if violations:
        told = "\n\n".join(_told(finding) for finding in violations)
        _child(case, "failure", told, message=said, type=result.status.value)
    elif result.status in _UNJUDGED:
        _child(case, "skipped", message=said)
    said += f"\nSheet: {row.source.document}, {row.source.section}\nRow: {row.id}"
    for finding in findings:
        said += f"\n{finding.severity.value}: {finding.title} [{finding.id}]"
    _child(case, "system-out", said)


def _finding(suite: ET.Element, finding: Finding) -> None:
    case = _case(suite, f"portmatrix.findings.{finding.kind.value}", f"{finding.title} [{finding.id}]")
    if finding.severity is Severity.VIOLATION:
        _child(case, "failure", _told(finding), message=finding.title, type=finding.kind.value)
    else:
        _child(case, "system-out", f"{finding.severity.value}\n{_told(finding)}")


def _told(finding: Finding) -> str:
    parts = [finding.title, finding.detail]
    parts += [
        f"{label}: {text}"
        for label, text in (
            ("Waived", finding.waived),
            ("Near miss", finding.near_miss),
            ("What to do", finding.advice),
            ("Frames", digest.some(list(map(str, finding.frames)), 24)),
            ("Wireshark", finding.wireshark_filter),
        )
        if text
    ]
    return "\n".join(part for part in parts if part)


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=visible(group), name=visible(name), time="0")


def _child(case: ET.Element, tag: str, text: str = "", **attributes: Any) -> None:
    """A child with its text, whose own line breaks stay and whose strangers' bytes are visible."""
    child = ET.SubElement(case, tag, {key: visible(value) for key, value in attributes.items()})
    child.text = "\n".join(map(visible, text.split("\n"))) or None


def _count(element: ET.Element, suites: list[ET.Element]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))
    element.set("errors", "0")


FORMAT = Format("junit", (".junit.xml", ".xml"), _report)
