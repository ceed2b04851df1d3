"""Verdicts → findings: what differs, grouped by cause, each with evidence and advice."""

from analyzer.findings.collect import Evidence, collect

__all__ = ["Evidence", "collect"]
