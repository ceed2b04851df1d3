"""The functions a script or notebook calls: the same analysis as the command line, as DataFrames.

Column names are the report's JSON keys, flattened: ``originator.address`` is
``originator_address``, ``packets`` is ``packets_sent`` (from the originator) and
``packets_received``. Times are ``datetime64[ns, UTC]``; numbers that may be unknown are nullable.
pandas is imported when the first frame is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from analyzer import pipeline
from analyzer.api.diff_result import DiffResult
from analyzer.api.firmware_result import FirmwareResult
from analyzer.api.flows_result import FlowsResult
from analyzer.api.result import Result
from analyzer.api.survey_result import SurveyResult
from analyzer.pipeline import Options

__all__ = [
    "DiffResult",
    "FirmwareResult",
    "FlowsResult",
    "Result",
    "SurveyResult",
    "check",
    "diff",
    "firmware",
    "flows",
    "survey",
]

Source = str | os.PathLike[str]


def check(
    captures: Source | Sequence[Source],
    *,
    site: Source | None = None,
    hosts: Sequence[str] = (),
    rules: Sequence[Source] = (),
    activities: Sequence[str] = (),
    strict: bool = False,
    engine: str = "auto",
) -> Result:
    """Compare captures with the expected matrix, as ``portmatrix check`` does.

    Several captures are one analysis, in time order. ``hosts`` are ``ROLE=ADDRESS[@VERSION]``.
    Raises :class:`analyzer.errors.PortmatrixError` for input that cannot be used.
    """
    return Result(pipeline.check(_options(captures, site, hosts, rules, activities, strict, engine)))


def flows(
    captures: Source | Sequence[Source],
    *,
    site: Source | None = None,
    hosts: Sequence[str] = (),
    rules: Sequence[Source] = (),
    engine: str = "auto",
) -> FlowsResult:
    """The flow table of captures, as ``portmatrix flows`` gives it. Raises as :func:`check` does."""
    return FlowsResult(pipeline.flows(_options(captures, site, hosts, rules, engine=engine)))


def diff(
    old: Source | Result,
    new: Source | Result,
    *,
    site: Source | None = None,
    hosts: Sequence[str] = (),
    rules: Sequence[Source] = (),
    activities: Sequence[str] = (),
    strict: bool = False,
    engine: str = "auto",
) -> DiffResult:
    """What changed between two captures, saved JSON reports, or results of :func:`check`.

    The options are for sides that are captures. Raises as :func:`check` does, also for what is no report.
    """
    from analyzer.pipeline import compare  # noqa: PLC0415 - only a diff has a use for it

    before, after = (side.report if isinstance(side, Result) else os.fspath(side) for side in (old, new))
    options = _options((), site, hosts, rules, activities, strict, engine)
    return DiffResult(compare.diff(compare.Pair(before, after, options)))


def firmware(
    captures: Source | Sequence[Source],
    *,
    site: Source | None = None,
    hosts: Sequence[str] = (),
    rules: Sequence[Source] = (),
    engine: str = "auto",
) -> FirmwareResult:
    """The transfers and update attempts of captures, as ``portmatrix firmware`` judges them.

    Raises as :func:`check` does.
    """
    return FirmwareResult(pipeline.firmware(_options(captures, site, hosts, rules, engine=engine)))


def survey(
    captures: Source | Sequence[Source], *, rules: Sequence[Source] = (), engine: str = "auto"
) -> SurveyResult:
    """Who is what in captures, as ``portmatrix survey`` proposes it. Raises as :func:`check` does."""
    from analyzer.pipeline import survey as stage  # noqa: PLC0415 - only a survey has a use for it

    return SurveyResult(stage.survey(_options(captures, rules=rules, engine=engine)))


def _options(
    captures: Source | Sequence[Source],
    site: Source | None = None,
    hosts: Sequence[str] = (),
    rules: Sequence[Source] = (),
    activities: Sequence[str] = (),
    strict: bool = False,
    engine: str = "auto",
) -> Options:
    """What the pipeline is asked for, with one value wherever several may stand taken as a list of one."""
    return Options(
        sources=_paths(captures),
        site=None if site is None else os.fspath(site),
        hosts=_words(hosts),
        rules=_paths(rules),
        activities=_words(activities),
        strict=strict,
        engine=engine,
    )


def _paths(sources: Source | Sequence[Source]) -> tuple[str, ...]:
    """One path is a list of one: ``check("a.pcap")`` must not read files a, ., p, c, a, p."""
    if isinstance(sources, str | os.PathLike):
        return (os.fspath(sources),)
    return tuple(os.fspath(source) for source in sources)


def _words(values: str | Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)
