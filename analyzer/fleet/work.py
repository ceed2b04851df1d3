"""What a worker does: one capture in, its tables out as Parquet bytes. Runs on any machine."""

from __future__ import annotations

import datetime
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from analyzer import parquet, pipeline
from analyzer.capture import remote
from analyzer.errors import PortmatrixError
from analyzer.fleet.plan import Job
from analyzer.fleet.tables import TABLES
from analyzer.model import Finding, FlowRecord, Report, Severity
from analyzer.report.neutral import unicode

UNDATED = "undated"
"""The day of captures without packets."""


class Product(NamedTuple):
    """What came of a job. ``tables`` maps the names of ``TABLES`` to Parquet files; ``error`` is one line."""

    key: str
    day: str
    tables: Mapping[str, bytes]
    packets: int = 0
    bytes: int = 0
    error: str = ""
    foreign: bool = False
    """The file is no capture at all."""


def analyse(job: Job) -> Product:
    """The product of ``job``. A capture that cannot be analysed is a product with an error, not an exception.

    Raises ``OSError`` where this machine, not the capture, is at fault.
    """
    try:
        before = _state(job.path)
        with tempfile.TemporaryDirectory(prefix="portmatrix-") as folder:
            report = pipeline.check(_options(job, folder))
        broken = _broken(report) or ("changed while it was read" if _state(job.path) != before else "")
    except PortmatrixError as error:
        foreign = type(error).__name__ == "Unrecognised"
        return Product(job.key, UNDATED, {}, error=" ".join(str(error).split()), foreign=foreign)
    if broken and "://" in job.path:
        return Product(job.key, UNDATED, {}, error=f"{job.path}: {broken}")
    return product(job, report)


def _state(path: str) -> str:
    """What tells whether a file behind a URL is still the same."""
    return remote.state(path).state if "://" in path else ""


def _broken(report: Report) -> str:
    """Why reading ended early, where the file itself may well be whole: a connection that was lost."""
    problems = [problem for info in report.captures for problem in info.problems]
    return next((problem.detail for problem in problems if problem.code == "read-error"), "")


def product(job: Job, report: Report) -> Product:
    """The tables of ``report``."""
    rows: dict[str, Iterable[Mapping[str, Any]]] = {
        "flows": map(_flow, report.flows),
        "rows": map(_row, report.rows),
        "findings": _findings(report),
        "transfers": map(_transfer, report.transfers),
        "captures": _captures(job, report),
    }
    tables = {}
    for name, columns in TABLES.items():
        stream = io.BytesIO()
        types = {column.name: column.type for column in columns}
        marked = ({"capture": job.key, **_harmless(row)} for row in rows[name])
        parquet.write(marked, types, stream, {"portmatrix": report.version, "table": name})
        tables[name] = stream.getvalue()
    first = min((info.first for info in report.captures if info.first is not None), default=None)
    return Product(
        job.key,
        UNDATED if first is None else _day(first),
        tables,
        sum(info.packets for info in report.captures),
        sum(info.bytes for info in report.captures),
    )


def _options(job: Job, folder: str) -> pipeline.Options:
    site = None
    if job.site_text is not None:
        site = os.path.join(folder, f"{job.site}.yaml")
        _save(site, job.site_text)
    sheets = []
    for at, (name, text) in enumerate(job.rules):
        # A folder each: two rulesets may be called the same.
        os.mkdir(os.path.join(folder, str(at)))
        sheets.append(os.path.join(folder, str(at), name))
        _save(sheets[-1], text)
    return pipeline.Options(
        sources=(job.path,), site=site, rules=tuple(sheets), activities=job.activities, strict=job.strict
    )


def _save(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)


def _day(nanoseconds: int) -> str:
    seconds = nanoseconds // 10**9
    epoch = datetime.datetime(1970, 1, 1)
    try:
        return (epoch + datetime.timedelta(seconds=seconds)).date().isoformat()
    except OverflowError:
        return UNDATED


def _harmless(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: unicode(value) if isinstance(value, str) else value for name, value in row.items()}


def _flow(record: FlowRecord) -> dict[str, Any]:
    origin, target = record.originator, record.responder
    return {
        "id": record.id,
        "transport": record.transport,
        "protocol": record.protocol,
        "service": record.service,
        "originator_address": origin.address,
        "originator_port": origin.port,
        "originator_roles": origin.roles,
        "responder_address": target.address,
        "responder_port": target.port,
        "responder_roles": target.roles,
        "packets_sent": record.packets[0],
        "packets_received": record.packets[1],
        "bytes_sent": record.bytes[0],
        "bytes_received": record.bytes[1],
        "first": record.first,
        "last": record.last,
        "first_frame": record.frames[0],
        "last_frame": record.frames[1],
        "outcome": record.outcome.value,
        "verdict": record.verdict.value if record.verdict else None,
        "reason": record.reason,
        "rows": record.rows,
        "parent": record.parent,
    }


def _row(result: Any) -> dict[str, Any]:
    row = result.row
    return {
        "id": row.id,
        "ruleset": row.ruleset,
        "edition": row.edition,
        "subject": row.subject,
        "direction": row.direction,
        "transport": row.transport,
        "port": row.port,
        "service": row.service.name,
        "activity": row.service.activity,
        "status": result.status.value,
        "outcome": result.outcome.value if result.outcome else None,
        "reason": result.reason,
    }


def _findings(report: Report) -> Iterator[dict[str, Any]]:
    cited = {finding.flows[0] for finding in report.findings if finding.flows}
    flows = {record.id: record for record in report.flows if record.id in cited}
    for finding in report.findings:
        yield {
            "id": finding.id,
            "kind": finding.kind.value,
            "severity": finding.severity.value,
            "cause": cause(finding, flows),
            "title": finding.title,
            "detail": finding.detail,
            "advice": finding.advice,
            "near_miss": finding.near_miss,
            "waived": finding.waived,
            "rows": finding.rows,
            "flows": len(finding.flows),
            "frames": finding.frames,
        }


def cause(finding: Finding, flows: Mapping[str, FlowRecord]) -> str:
    """What the same fault at another site has in common: no address and no name."""
    flow = flows.get(finding.flows[0]) if finding.flows else None
    parts = [finding.kind.value]
    if flow is not None:
        ends = ["+".join(end.roles) or "other" for end in (flow.originator, flow.responder)]
        port = "" if flow.responder.port is None else f"/{flow.responder.port}"
        parts += [" to ".join(ends), f"{flow.transport}{port}", flow.outcome.value]
    elif finding.rows:
        parts.append(finding.rows[0])
    return " ".join(parts)


def _transfer(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.id,
        "protocol": entry.protocol,
        "operation": entry.operation,
        "client": entry.client,
        "server": entry.server,
        "file": entry.file,
        "outcome": entry.outcome.value,
        "cause": entry.cause.value if entry.cause else None,
        "bytes": entry.bytes,
        "expected_bytes": entry.expected_bytes,
        "retransmissions": entry.retransmissions,
        "longest_gap_s": entry.longest_gap / 1e9,
        "first": entry.first,
        "last": entry.last,
        "detail": entry.detail,
    }


def _captures(job: Job, report: Report) -> Iterator[dict[str, Any]]:
    counts = {
        severity: sum(finding.severity is severity for finding in report.findings) for severity in Severity
    }
    for info in report.captures:
        yield {
            "source": job.path,
            "sha256": info.sha256,
            "format": info.format,
            "packets": info.packets,
            "bytes": info.bytes,
            "first": info.first,
            "last": info.last,
            "flows": len(report.flows),
            "compliant": report.compliant,
            "violations": counts[Severity.VIOLATION],
            "warnings": counts[Severity.WARNING],
            "notes": counts[Severity.NOTE],
            "problems": [unicode(f"{problem.code}: {problem.detail}") for problem in info.problems],
            "portmatrix": report.version,
        }
