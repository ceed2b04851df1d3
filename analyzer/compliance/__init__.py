"""The matrix laid over the traffic: verdicts on flows, statuses of rows."""

from analyzer.compliance.statuses import statuses
from analyzer.compliance.verdicts import Bench, End, Judgement

__all__ = ["Bench", "End", "Judgement", "statuses"]
