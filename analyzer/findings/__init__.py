"""Verdicts → findings: what differs, grouped by cause, each with evidence and advice."""

from analyzer.findings.collect import Evidence, collect
from analyzer.findings.transfers import Carried

__all__ = ["Carried", "Evidence", "collect"]
