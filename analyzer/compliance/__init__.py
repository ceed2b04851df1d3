"""The matrix laid over the traffic: verdicts on flows, statuses of rows."""

from analyzer.compliance.judgement import End, Judgement, Judgements
from analyzer.compliance.statuses import statuses
from analyzer.compliance.verdicts import Bench

__all__ = ["Bench", "End", "Judgement", "Judgements", "statuses"]
