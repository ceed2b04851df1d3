"""Verdicts → findings: what differs, grouped by cause, each with evidence and advice."""

from analyzer.findings.collect import Evidence, collect
from analyzer.findings.observed import standing
from analyzer.findings.transfers import Carried
from analyzer.findings.waivers import Waivers

__all__ = ["Carried", "Evidence", "Waivers", "collect", "standing"]
