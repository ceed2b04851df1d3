"""What was read, and whose hosts are in it."""

from __future__ import annotations

from analyzer import model
from analyzer.model import CaptureInfo, Lost
from analyzer.report.document.entry import Entry, when
from analyzer.report.neutral import unicode


def tool(version: str, command: str | None = None) -> Entry:
    """Who wrote the document; ``command`` is the command line that asked for it, empty where none did."""
    entry = {"name": "portmatrix", "version": version}
    return entry if command is None else {**entry, "command": unicode(command) or None}


def capture(info: CaptureInfo) -> Entry:
    """One entry of ``captures``."""
    known = info.first is not None and info.last is not None
    return {
        "path": unicode(info.path),
        "files": info.files,
        "sha256": info.sha256,
        "format": info.format,
        "link_types": list(info.link_types),
        "filters": [unicode(expression) for expression in info.filters],
        "packets": info.packets,
        "bytes": info.bytes,
        "first": when(info.first),
        "last": when(info.last),
        "duration_s": ((info.last or 0) - (info.first or 0)) / 1e9 if known else 0.0,
        "first_frame": info.first_frame,
        "problems": [
            {
                "code": problem.code,
                "detail": unicode(problem.detail),
                "frame": problem.frame,
                "count": problem.count,
                "damage": problem.damage,
                "lost": _lost(problem.lost),
            }
            for problem in info.problems
        ],
    }


def host(entry: model.HostResult) -> Entry:
    """One entry of ``site.hosts``."""
    return {
        "name": unicode(entry.name),
        "addresses": list(entry.addresses),
        "roles": list(entry.roles),
        "version": unicode(entry.version) or None,
        "basis": entry.basis,
        "reason": unicode(entry.reason),
    }


def site(report: model.Report | model.FirmwareReport) -> Entry:
    """The key ``site``."""
    return {
        "name": unicode(report.site.name),
        "declared": report.site.declared,
        "activities": sorted(report.site.activities),
        "hosts": [host(entry) for entry in report.hosts],
    }


def _lost(lost: Lost | None) -> Entry | None:
    if lost is None:
        return None
    silence = None if lost.silence is None else lost.silence / 1e9
    return {"bytes": lost.bytes, "silence_s": silence, "first": when(lost.first), "last": when(lost.last)}
