"""The JSON document of a report, key by key: what every machine format and the API are made of.

Keys are those of the published schemas in ``analyzer/schemas``. Unknown is ``None``, never an empty
guess; texts that may be absent (``near_miss``, ``advice``, ``detail``) are empty strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from analyzer import model
from analyzer.model import FlowReport, Records, Severity, Status, TransferOutcome, Verdict
from analyzer.report.document.entry import Entry
from analyzer.report.document.flows import FLOW, flow, flow_part
from analyzer.report.document.judgement import finding, row
from analyzer.report.document.sources import capture, host, site, tool
from analyzer.report.document.transfers import attempt, campaign, pair, path, transfer, way
from analyzer.report.neutral import unicode

__all__ = [
    "FIRMWARE_SCHEMA",
    "FLOW",
    "FLOWS_SCHEMA",
    "REPORT_SCHEMA",
    "Entry",
    "attempt",
    "campaign",
    "capture",
    "finding",
    "firmware_parts",
    "firmware_summary",
    "flow",
    "flow_part",
    "flows_parts",
    "flows_summary",
    "host",
    "pair",
    "path",
    "report_parts",
    "row",
    "site",
    "summary",
    "tool",
    "transfer",
    "way",
    "whole",
]

REPORT_SCHEMA: Final = "portmatrix.report/1"
FLOWS_SCHEMA: Final = "portmatrix.flows/1"
FIRMWARE_SCHEMA: Final = "portmatrix.firmware/1"


def report_parts(report: model.Report) -> dict[str, Any]:
    """The document of ``check`` in key order; ``rows``, ``flows`` and ``findings`` are iterators."""
    return {
        "schema": REPORT_SCHEMA,
        "tool": tool(report.version, report.command),
        "captures": [capture(info) for info in report.captures],
        "site": site(report),
        "summary": summary(report),
        "rows": map(row, report.rows),
        "flows": map(flow, report.flows),
        "findings": map(finding, report.findings),
        "transfers": map(transfer, report.transfers),
        "attempts": map(attempt, report.attempts),
    }


def summary(report: model.Report) -> Entry:
    """The key ``summary`` of a report: every word of each list is there, zeros too."""
    return {
        "compliant": report.compliant,
        "flows": dict.fromkeys(Verdict, 0) | dict(Records.of(report.flows).verdicts()),
        "rows": _count(Status, (entry.status for entry in report.rows)),
        "findings": _count(Severity, (entry.severity for entry in report.findings)),
        "half_shown": report.half_shown,
        "undecoded": _undecoded(report.undecoded),
    }


def flows_parts(report: FlowReport) -> dict[str, Any]:
    """The document of ``flows`` in key order; ``flows`` is an iterator."""
    return {
        "schema": FLOWS_SCHEMA,
        "tool": tool(report.version),
        "captures": [capture(info) for info in report.captures],
        "summary": flows_summary(report),
        "flows": map(flow, report.flows),
    }


def flows_summary(report: FlowReport) -> Entry:
    """The key ``summary`` of a flow report; packets and bytes are those that belong to a flow."""
    packets, octets = Records.of(report.flows).totals()
    return {
        "flows": len(report.flows),
        "packets": packets,
        "bytes": octets,
        "undecoded": _undecoded(report.undecoded),
    }


def firmware_parts(report: model.FirmwareReport) -> dict[str, Any]:
    """The document of ``firmware`` in key order; the lists are iterators."""
    return {
        "schema": FIRMWARE_SCHEMA,
        "tool": tool(report.version),
        "captures": [capture(info) for info in report.captures],
        "site": site(report),
        "summary": firmware_summary(report),
        "transfers": map(transfer, report.transfers),
        "attempts": map(attempt, report.attempts),
        "campaigns": map(campaign, report.campaigns),
        "pair": None if report.pair is None else pair(report.pair),
        "findings": map(finding, report.findings),
    }


def firmware_summary(report: model.FirmwareReport) -> Entry:
    """The key ``summary`` of a firmware report."""
    return {
        "failed": report.failed,
        "transfers": _count(TransferOutcome, (entry.outcome for entry in report.transfers)),
        "causes": _tally(entry.cause for entry in report.transfers),
        "attempts": _tally(entry.outcome for entry in report.attempts),
    }


def _count(words: Iterable[str], values: Iterable[str | None]) -> dict[str, int]:
    counts = dict.fromkeys(words, 0)
    for value in values:
        if value is not None:
            counts[value] += 1
    return counts


def _tally(words: Iterable[str | None]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        if word is not None:
            found[str(word)] = found.get(str(word), 0) + 1
    return found


def _undecoded(reasons: Mapping[str, int]) -> dict[str, int]:
    return {unicode(reason): count for reason, count in reasons.items()}


def whole(parts: Mapping[str, Any]) -> Entry:
    """A document with its iterators drawn into lists."""
    return {
        key: value if value is None or isinstance(value, str | bool | dict | list) else list(value)
        for key, value in parts.items()
    }
