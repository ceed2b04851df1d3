"""Many captures of many sites: planned, analysed side by side, kept as a dataset, summed up on one page.

::

    sources, sites → plan → jobs → run: batches and pieces → executor (local processes, Dask) → work
                                       results (Parquet) → summary

Each capture is an analysis of its own. Everything a worker needs travels with the job and everything it found
comes back as bytes: only the process that was started by the user writes results, each file whole or not
at all, so a worker may die at any moment.
"""

from analyzer.fleet.plan import Job, Plan, plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import Account, Failure, run
from analyzer.fleet.summary import Summary, summarise

__all__ = ["Account", "Failure", "Job", "Plan", "Results", "Summary", "plan", "run", "summarise"]
