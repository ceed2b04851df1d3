"""The JSON document of a report, key by key: what every machine format and the API are made of.

Keys are those of the published schemas in ``analyzer/schemas``. Unknown is ``None``, never an empty
guess; texts that may be absent (``near_miss``, ``advice``, ``detail``) are empty strings.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any, Final

from analyzer.model import (
    Attempt,
    Campaign,
    CaptureInfo,
    Finding,
    FirmwareReport,
    FlowRecord,
    FlowReport,
    HostResult,
    Pair,
    Path,
    Records,
    Report,
    RowResult,
    Severity,
    Status,
    Transfer,
    TransferOutcome,
    Verdict,
    Way,
)
from analyzer.model.flow import PARTS
from analyzer.report.moment import timestamp
from analyzer.report.neutral import unicode

REPORT_SCHEMA: Final = "portmatrix.report/1"
FLOWS_SCHEMA: Final = "portmatrix.flows/1"
FIRMWARE_SCHEMA: Final = "portmatrix.firmware/1"

Entry = dict[str, Any]


def _when(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else timestamp(nanoseconds)


def tool(version: str, command: str | None = None) -> Entry:
    """Who wrote the document; ``command`` is the command line that asked for it, empty where none did."""
    entry = {"name": "portmatrix", "version": version}
    return entry if command is None else {**entry, "command": unicode(command) or None}


def capture(info: CaptureInfo) -> Entry:
    """One entry of ``captures``."""
    known = info.first is not None and info.last is not None
    return {
        "path": unicode(info.path),
        "sha256": info.sha256,
        "format": info.format,
        "link_types": list(info.link_types),
        "filters": [unicode(expression) for expression in info.filters],
        "packets": info.packets,
        "bytes": info.bytes,
        "first": _when(info.first),
        "last": _when(info.last),
        "duration_s": ((info.last or 0) - (info.first or 0)) / 1e9 if known else 0.0,
        "first_frame": info.first_frame,
        "problems": [
            {
                "code": problem.code,
                "detail": unicode(problem.detail),
                "frame": problem.frame,
                "count": problem.count,
                "damage": problem.damage,
            }
            for problem in info.problems
        ],
    }


def host(entry: HostResult) -> Entry:
    """One entry of ``site.hosts``."""
    return {
        "name": unicode(entry.name),
        "addresses": list(entry.addresses),
        "roles": list(entry.roles),
        "version": unicode(entry.version) or None,
        "basis": entry.basis,
        "reason": unicode(entry.reason),
    }


def site(report: Report | FirmwareReport) -> Entry:
    """The key ``site``."""
    return {
        "name": unicode(report.site.name),
        "declared": report.site.declared,
        "activities": sorted(report.site.activities),
        "hosts": [host(entry) for entry in report.hosts],
    }


def row(result: RowResult) -> Entry:
    """One entry of ``rows``."""
    line = result.row
    return {
        "id": line.id,
        "ruleset": line.ruleset,
        "edition": line.edition,
        "subject": line.subject,
        "direction": line.direction,
        "transport": line.transport,
        "port": line.port,
        "service": unicode(line.service.name),
        "activity": line.service.activity,
        "status": result.status.value,
        "outcome": result.outcome.value if result.outcome else None,
        "flows": list(result.flows),
        "reason": unicode(result.reason),
        "source": {"document": unicode(line.source.document), "section": unicode(line.source.section)},
        "interpretations": [
            {"what": unicode(entry.what), "reason": unicode(entry.reason)}
            for entry in line.service.interpretations
        ],
    }


FLOW: Final[Entry] = {
    "id": "id",
    "transport": "transport",
    "protocol": "protocol",
    "service": "service",
    "originator": {"address": "originator_address", "port": "originator_port", "roles": "originator_roles"},
    "responder": {"address": "responder_address", "port": "responder_port", "roles": "responder_roles"},
    "direction": {"confidence": "confidence", "basis": "basis"},
    "packets": ["packets_sent", "packets_received"],
    "bytes": ["bytes_sent", "bytes_received"],
    "first": "first",
    "last": "last",
    "frames": ["first_frame", "last_frame"],
    "outcome": "outcome",
    "verdict": "verdict",
    "reason": "reason",
    "rows": "rows",
    "parent": "parent",
    "waived": "waived",
    "detail": "detail",
    "flags": ["flags_sent", "flags_received"],
    "fragments": "fragments",
    "duplicates": ["duplicates_sent", "duplicates_received"],
}
"""An entry of ``flows``: which part of a record (``analyzer.model.flow.PARTS``) stands where."""


def flow(record: FlowRecord) -> Entry:
    """One entry of ``flows``; ``verdict`` is None in a flow report."""
    entry: Entry = _filled(FLOW, record)
    return entry


def _filled(shape: Any, record: FlowRecord) -> Any:
    if isinstance(shape, str):
        return flow_part(shape, PARTS[shape](record))
    if isinstance(shape, list):
        return [_filled(one, record) for one in shape]
    return {key: _filled(one, record) for key, one in shape.items()}


def flow_part(name: str, part: Any) -> Any:
    """A part of a record as an entry of ``flows`` has it."""
    if name in ("first", "last"):
        return timestamp(part)
    if name in ("protocol", "service", "waived"):
        return unicode(part) or None
    if name in ("reason", "detail"):
        return unicode(part)
    if isinstance(part, enum.Enum):
        return part.value
    return list(part) if isinstance(part, tuple) else part


def finding(entry: Finding) -> Entry:
    """One entry of ``findings``."""
    return {
        "id": entry.id,
        "kind": entry.kind.value,
        "severity": entry.severity.value,
        "title": unicode(entry.title),
        "detail": unicode(entry.detail),
        "near_miss": unicode(entry.near_miss),
        "advice": unicode(entry.advice),
        "flows": list(entry.flows),
        "rows": list(entry.rows),
        "frames": list(entry.frames),
        "wireshark_filter": unicode(entry.wireshark_filter),
        "waived": unicode(entry.waived) or None,
    }


def _count(words: Iterable[str], values: Iterable[str | None]) -> dict[str, int]:
    counts = dict.fromkeys(words, 0)
    for value in values:
        if value is not None:
            counts[value] += 1
    return counts


def _undecoded(reasons: Mapping[str, int]) -> dict[str, int]:
    return {unicode(reason): count for reason, count in reasons.items()}


def summary(report: Report) -> Entry:
    """The key ``summary`` of a report: every word of each list is there, zeros too."""
    return {
        "compliant": report.compliant,
        "flows": dict.fromkeys(Verdict, 0) | dict(Records.of(report.flows).verdicts()),
        "rows": _count(Status, (entry.status for entry in report.rows)),
        "findings": _count(Severity, (entry.severity for entry in report.findings)),
        "half_shown": report.half_shown,
        "undecoded": _undecoded(report.undecoded),
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


def report_parts(report: Report) -> dict[str, Any]:
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


def firmware_parts(report: FirmwareReport) -> dict[str, Any]:
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


def firmware_summary(report: FirmwareReport) -> Entry:
    """The key ``summary`` of a firmware report."""
    return {
        "failed": report.failed,
        "transfers": _count(TransferOutcome, (entry.outcome for entry in report.transfers)),
        "causes": _tally(entry.cause for entry in report.transfers),
        "attempts": _tally(entry.outcome for entry in report.attempts),
    }


def _tally(words: Iterable[str | None]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        if word is not None:
            found[str(word)] = found.get(str(word), 0) + 1
    return found


def transfer(entry: Transfer) -> Entry:
    """One entry of ``transfers``."""
    return {
        "id": entry.id,
        "protocol": entry.protocol,
        "operation": entry.operation,
        "client": entry.client,
        "server": entry.server,
        "file": None if entry.file is None else unicode(entry.file),
        "mode": None if entry.mode is None else unicode(entry.mode),
        "options": {
            "requested": {unicode(name): unicode(value) for name, value in entry.requested.items()},
            "accepted": {unicode(name): unicode(value) for name, value in entry.accepted.items()},
        },
        "block_size": entry.block_size,
        "window_size": entry.window_size,
        "bytes": entry.bytes,
        "expected_bytes": entry.expected_bytes,
        "blocks": entry.blocks,
        "retransmissions": entry.retransmissions,
        "longest_gap_s": entry.longest_gap / 1e9,
        "rate_bytes_s": round(entry.rate, 1),
        "attempts": entry.attempts,
        "first": timestamp(entry.first),
        "last": timestamp(entry.last),
        "outcome": entry.outcome.value,
        "cause": entry.cause.value if entry.cause is not None else None,
        "detail": unicode(entry.detail),
        "advice": unicode(entry.advice),
        "frames": list(entry.frames),
        "evidence": list(entry.evidence),
        "flows": list(entry.flows),
        "path": None if entry.path is None else path(entry.path),
    }


def path(entry: Path) -> Entry:
    """The key ``path`` of a transfer."""
    return {
        "place": entry.place,
        "direction": entry.direction,
        "detail": unicode(entry.detail),
        "to_gateway": way(entry.to_gateway),
        "to_node": way(entry.to_node),
    }


def way(entry: Way) -> Entry:
    """One direction of a ``path``."""
    return {
        "sent": entry.sent,
        "arrived": entry.arrived,
        "lost": entry.lost,
        "unseen": entry.unseen,
        "lost_frames": list(entry.lost_frames),
        "arrived_frames": list(entry.arrived_frames),
    }


def pair(entry: Pair) -> Entry:
    """The key ``pair``."""
    return {
        "judged": entry.judged,
        "reason": unicode(entry.reason),
        "node": unicode(entry.node),
        "gateway": unicode(entry.gateway),
        "matched": entry.matched,
        "offset_s": None if entry.offset is None else entry.offset / 1e9,
        "uncertainty_s": None if entry.uncertainty is None else entry.uncertainty / 1e9,
        "drift_ppm": None if entry.drift_ppm is None else round(entry.drift_ppm, 3),
        "delay_s": None if entry.delay is None else entry.delay / 1e9,
        "begin": _when(entry.begin),
        "end": _when(entry.end),
    }


def attempt(entry: Attempt) -> Entry:
    """One entry of ``attempts``."""
    return {
        "id": entry.id,
        "node": entry.node,
        "gateway": entry.gateway,
        "outcome": entry.outcome,
        "reason": entry.reason or None,
        "came_back": entry.came_back,
        "detail": unicode(entry.detail),
        "first": timestamp(entry.first),
        "last": timestamp(entry.last),
        "timeline": [
            {
                "time": timestamp(event.time),
                "frame": event.frame,
                "what": event.what,
                "detail": unicode(event.detail),
            }
            for event in entry.timeline
        ],
        "transfers": list(entry.transfers),
        "flows": list(entry.flows),
        "basis": entry.basis,
    }


def campaign(entry: Campaign) -> Entry:
    """One entry of ``campaigns``."""
    return {
        "id": entry.id,
        "gateway": entry.gateway,
        "nodes": entry.nodes,
        "outcomes": dict(entry.outcomes),
        "stopped": [
            {"node": one.node, "attempt": one.attempt, "outcome": one.outcome, "where": one.where}
            for one in entry.stopped
        ],
        "outliers": [
            {
                "node": one.node,
                "transfer": one.transfer,
                "what": one.what,
                "value": one.value,
                "median": one.median,
            }
            for one in entry.outliers
        ],
        "attempts": list(entry.attempts),
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


def whole(parts: Mapping[str, Any]) -> Entry:
    """A document with its iterators drawn into lists."""
    return {
        key: value if value is None or isinstance(value, str | bool | dict | list) else list(value)
        for key, value in parts.items()
    }
