"""FLOWS × rows → verdicts and row statuses: the matrix laid over the traffic."""

from analyzer.compliance.statuses import statuses
from analyzer.compliance.verdicts import Bench, End, Judgement

__all__ = ["Bench", "End", "Judgement", "statuses"]
