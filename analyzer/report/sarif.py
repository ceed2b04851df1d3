"""SARIF 2.1.0 for code-scanning dashboards: a result for each finding, waivers as suppressions.

Source: OASIS, Static Analysis Results Interchange Format Version 2.1.0 (errata 01).
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import IO, Any, Final
from urllib.parse import quote

from analyzer.model import Finding, FindingKind, Report, Severity
from analyzer.report import Format, Style, digest
from analyzer.report.moment import timestamp
from analyzer.report.neutral import visible

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "portmatrixFinding/v1"
"""The finding's id: the same for the same fault in another run or capture of the site."""

LEVELS: Final = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
"""Section 3.27.10."""

Entry = dict[str, Any]


def _report(report: Report, stream: IO[str], _style: Style) -> None:
    kinds = list(dict.fromkeys(finding.kind for finding in report.findings))
    run: Entry = {
        "tool": {
            "driver": {
                "name": "portmatrix",
                "version": report.version,
                "rules": [_rule(kind) for kind in kinds],
            }
        },
        "invocations": [_invocation(report)],
        "artifacts": [
            {
                "location": {"uri": _uri(info.path)},
                "length": info.bytes,
                "hashes": {"sha-256": info.sha256},
                "properties": {"packets": info.packets, "firstFrame": info.first_frame},
            }
            for info in report.captures
        ],
        "results": [_result(finding, kinds, report) for finding in report.findings],
        "columnKind": "unicodeCodePoints",
        "properties": {"site": visible(report.site.name), "verdict": visible(str(digest.headline(report)))},
    }
    json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, stream, indent=1, allow_nan=False)
    stream.write("\n")


def _rule(kind: FindingKind) -> Entry:
    words = kind.value.split("-")
    return {
        "id": kind.value,
        "name": "".join(word.capitalize() for word in words),
        "shortDescription": {"text": " ".join(words).capitalize()},
    }


def _invocation(report: Report) -> Entry:
    """The run succeeded: it came to a report. What it could not read is a notification (section 3.20.21)."""
    begun = [info.first for info in report.captures if info.first is not None]
    entry: Entry = {"executionSuccessful": True, "exitCode": 0 if report.compliant else 1}
    if begun:
        entry["properties"] = {"captureBegins": timestamp(min(begun))}
    notes = [
        {"level": "warning", "message": {"text": visible(f"{info.path}: {problem.code}: {problem.told}")}}
        for info in report.captures
        for problem in info.problems
    ]
    if notes:
        entry["toolExecutionNotifications"] = notes
    return entry


def _result(finding: Finding, kinds: list[FindingKind], report: Report) -> Entry:
    entry: Entry = {
        "ruleId": finding.kind.value,
        "ruleIndex": kinds.index(finding.kind),
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding, report)],
        "partialFingerprints": {FINGERPRINT: finding.id},
        "properties": {
            "id": finding.id,
            "nearMiss": visible(finding.near_miss),
            "advice": visible(finding.advice),
            "rows": list(finding.rows),
            "flows": list(finding.flows),
            "frames": list(finding.frames),
            "wiresharkFilter": visible(finding.wireshark_filter),
        },
    }
    if finding.waived:
        # Section 3.35: "external", for the waiver stands in the site file and not in the capture.
        entry["suppressions"] = [{"kind": "external", "justification": visible(finding.waived)}]
    return entry


def _message(finding: Finding) -> str:
    parts = [finding.title, finding.detail, f"What to do: {finding.advice}" if finding.advice else ""]
    return "\n".join(visible(part) for part in parts if part)


def _location(finding: Finding, report: Report) -> Entry:
    """The capture that holds the first frame, and the rows as logical locations.

    A frame is no line of text and no byte that a reader could jump to: it is named in the message.
    """
    frame = min(finding.frames, default=0)
    held = [index for index, info in enumerate(report.captures) if info.first_frame <= frame]
    entry: Entry = {}
    if report.captures:
        index = held[-1] if held else 0
        entry["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(report.captures[index].path), "index": index}
        }
    if frame:
        entry["message"] = {"text": f"frames {digest.some(list(map(str, finding.frames)), 24)}"}
    if finding.rows:
        entry["logicalLocations"] = [{"fullyQualifiedName": row, "kind": "member"} for row in finding.rows]
    return entry


def _uri(path: str) -> str:
    """A valid URI reference (RFC 3986): URLs stay, paths are escaped, also those of other systems."""
    if "://" in path:
        return quote(path.encode("utf-8", "surrogateescape"), safe=":/?#[]@!$&'()*+,;=%-._~")
    parts = PurePath(path)
    text = parts.as_posix().encode("utf-8", "surrogateescape")
    return (
        f"file://{'' if text.startswith(b'/') else '/'}{quote(text)}" if parts.is_absolute() else quote(text)
    )


FORMAT = Format("sarif", (".sarif", ".sarif.json"), _report)
