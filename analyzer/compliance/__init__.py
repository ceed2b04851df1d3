"""The matrix laid over the traffic: verdicts on flows, statuses of rows."""

from analyzer.compliance.bench import Bench
from analyzer.compliance.judgement import End, Judgement, Judgements
from analyzer.compliance.statuses import statuses

__all__ = ["Bench", "End", "Judgement", "Judgements", "statuses"]
