"""What was judged: the rows of the matrix, and findings."""

from __future__ import annotations

from analyzer import model
from analyzer.report.document.entry import Entry
from analyzer.report.neutral import unicode


def row(result: model.RowResult) -> Entry:
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


def finding(entry: model.Finding) -> Entry:
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
