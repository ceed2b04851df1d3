"""The functions a script or notebook calls: the same analysis as the command line, as DataFrames.

Column names are the report's JSON keys, flattened: ``originator.address`` is
``originator_address``, ``packets`` is ``packets_sent`` (from the originator) and
``packets_received``. Times are ``datetime64[ns, UTC]``; numbers that may be unknown are nullable.
pandas is imported when the first frame is asked for.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.model import Attempt, Diff, FirmwareReport, FlowRecord, FlowReport, Report, Survey
from analyzer.report import Style, changes, choose, document, proposal

if TYPE_CHECKING:
    import pandas as pd

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
    from analyzer import pipeline  # noqa: PLC0415 - a Result can be read without the stages

    options = pipeline.Options(
        sources=_paths(captures),
        site=None if site is None else os.fspath(site),
        hosts=_words(hosts),
        rules=_paths(rules),
        activities=_words(activities),
        strict=strict,
        engine=engine,
    )
    return Result(pipeline.check(options))


def flows(
    captures: Source | Sequence[Source],
    *,
    site: Source | None = None,
    hosts: Sequence[str] = (),
    rules: Sequence[Source] = (),
    engine: str = "auto",
) -> FlowsResult:
    """The flow table of captures, as ``portmatrix flows`` gives it. Raises as :func:`check` does."""
    from analyzer import pipeline  # noqa: PLC0415 - a Result can be read without the stages

    options = pipeline.Options(
        sources=_paths(captures),
        site=None if site is None else os.fspath(site),
        hosts=_words(hosts),
        rules=_paths(rules),
        engine=engine,
    )
    return FlowsResult(pipeline.flows(options))


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
    from analyzer import pipeline  # noqa: PLC0415 - a Result can be read without the stages
    from analyzer.pipeline import compare  # noqa: PLC0415

    options = pipeline.Options(
        sources=(),
        site=None if site is None else os.fspath(site),
        hosts=_words(hosts),
        rules=_paths(rules),
        activities=_words(activities),
        strict=strict,
        engine=engine,
    )
    sides = [side.report if isinstance(side, Result) else os.fspath(side) for side in (old, new)]
    return DiffResult(compare.diff(compare.Pair(sides[0], sides[1], options)))


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
    from analyzer import pipeline  # noqa: PLC0415 - a Result can be read without the stages

    options = pipeline.Options(
        sources=_paths(captures),
        site=None if site is None else os.fspath(site),
        hosts=_words(hosts),
        rules=_paths(rules),
        engine=engine,
    )
    return FirmwareResult(pipeline.firmware(options))


def survey(
    captures: Source | Sequence[Source], *, rules: Sequence[Source] = (), engine: str = "auto"
) -> SurveyResult:
    """Who is what in captures, as ``portmatrix survey`` proposes it. Raises as :func:`check` does."""
    from analyzer import pipeline  # noqa: PLC0415 - a SurveyResult can be read without the stages
    from analyzer.pipeline import survey as stage  # noqa: PLC0415

    options = pipeline.Options(sources=_paths(captures), rules=_paths(rules), engine=engine)
    return SurveyResult(stage.survey(options))


def _paths(sources: Source | Sequence[Source]) -> tuple[str, ...]:
    """One path is a list of one: ``check("a.pcap")`` must not read files a, ., p, c, a, p."""
    if isinstance(sources, str | os.PathLike):
        return (os.fspath(sources),)
    return tuple(os.fspath(source) for source in sources)


def _words(values: str | Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@dataclass(frozen=True)
class Result:
    """What ``check`` found. ``report`` is the :class:`analyzer.model.Report` itself."""

    report: Report

    @property
    def compliant(self) -> bool:
        """Whether there is no finding of severity ``violation``."""
        return self.report.compliant

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``check --format json``, as plain Python values."""
        return document.whole(document.report_parts(self.report))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row a flow, in order of first frame; ``rows`` holds tuples of row ids."""
        return _flows_frame(self.report.flows)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row for each line of the expected matrix."""
        return _frame(
            (
                {
                    **_without(entry, "source", "interpretations"),
                    "source_document": entry["source"]["document"],
                    "source_section": entry["source"]["section"],
                }
                for entry in map(document.row, self.report.rows)
            ),
            _ROW_COLUMNS,
        )

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding; ``flows``, ``rows`` and ``frames`` hold tuples."""
        return _frame(map(document.finding, self.report.findings), _FINDING_COLUMNS)

    @cached_property
    def hosts(self) -> pd.DataFrame:
        """One row for each host of the site, declared or inferred."""
        return _frame(map(document.host, self.report.hosts), _HOST_COLUMNS)

    def __repr__(self) -> str:
        findings = document.summary(self.report)["findings"]
        said = ", ".join(f"{count} {word}" for word, count in findings.items())
        return f"<{'compliant' if self.compliant else 'not compliant'}: {said}>"


@dataclass(frozen=True)
class FlowsResult:
    """What ``flows`` found. ``report`` is the :class:`analyzer.model.FlowReport` itself."""

    report: FlowReport

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``flows --format json``, as plain Python values."""
        return document.whole(document.flows_parts(self.report))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row a flow, in order of first frame."""
        return _flows_frame(self.report.flows).drop(columns=["verdict", "reason", "rows", "waived"])

    def __repr__(self) -> str:
        return f"<{len(self.report.flows)} flows>"


@dataclass(frozen=True)
class DiffResult:
    """What ``diff`` found. ``diff`` is the :class:`analyzer.model.Diff` itself."""

    diff: Diff

    @property
    def differs(self) -> bool:
        """Whether anything changed."""
        return self.diff.differs

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``diff --format json``, as plain Python values."""
        return document.whole(changes.parts(self.diff))

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding: ``change``, id, kind, severity, title, ``reason``."""
        return _frame(
            (
                {
                    "change": entry.turn.value,
                    "id": entry.shown.id,
                    "kind": entry.shown.kind.value,
                    "severity": entry.shown.severity.value,
                    "title": entry.shown.title,
                    "reason": entry.reason,
                }
                for entry in self.diff.findings
            ),
            dict.fromkeys(("change", "id", "kind", "severity", "title", "reason"), _TEXT),
        )

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row for each line of the matrix whose status changed: ``id``, ``service``, ``old``, ``new``."""
        columns = ("id", "service", "old", "new", "old_reason", "new_reason")
        entries = self.to_dict()["rows"]
        return _frame(entries, dict.fromkeys(columns, _TEXT))

    def __repr__(self) -> str:
        return f"<{changes.headline(self.diff)}>"


@dataclass(frozen=True)
class FirmwareResult:
    """What ``firmware`` found. ``report`` is the :class:`analyzer.model.FirmwareReport` itself."""

    report: FirmwareReport

    @property
    def failed(self) -> bool:
        """Whether any transfer failed."""
        return any(record.outcome == "failed" for record in self.report.transfers)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``firmware --format json``, as plain Python values."""
        return document.whole(document.firmware_parts(self.report))

    @cached_property
    def transfers(self) -> pd.DataFrame:
        """One row a transfer; ``requested`` and ``accepted`` are dicts of TFTP options."""
        return _frame(
            (
                {
                    **document.transfer(record),
                    "requested": dict(record.requested),
                    "accepted": dict(record.accepted),
                    "first": record.first,
                    "last": record.last,
                    "first_frame": record.frames[0],
                    "last_frame": record.frames[1],
                }
                for record in self.report.transfers
            ),
            _TRANSFER_COLUMNS,
        )

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row an update attempt; ``requested_at`` and the like are its steps, NaT if missing."""
        return _frame(map(_attempt, self.report.attempts), _ATTEMPT_COLUMNS)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding; ``flows``, ``rows`` and ``frames`` hold tuples."""
        return _frame(map(document.finding, self.report.findings), _FINDING_COLUMNS)

    def __repr__(self) -> str:
        counts = document.firmware_summary(self.report)["transfers"]
        return f"<{', '.join(f'{count} {word}' for word, count in counts.items() if count) or 'no transfer'}>"


@dataclass(frozen=True)
class SurveyResult:
    """What ``survey`` found. ``survey`` is the :class:`analyzer.model.Survey` itself."""

    survey: Survey

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``survey --format json``, as plain Python values."""
        return document.whole(proposal.survey_parts(self.survey))

    def to_yaml(self) -> str:
        """The proposed site file."""
        stream = io.StringIO()
        render = choose("yaml", "survey").render_survey
        assert render is not None  # the format exists for this
        render(self.survey, stream, Style())
        return stream.getvalue()

    @cached_property
    def hosts(self) -> pd.DataFrame:
        """One row an address, with its line's role (empty where it is open), level and edition."""
        entries = (
            {
                "address": member.address,
                "line": line.name,
                "role": line.role,
                "level": line.level,
                "in_force": line.in_force,
                "mode": line.mode,
                "edition": line.edition,
                "mac": member.mac or "",
                "vendor": member.vendor,
                "names": tuple(heard.text for heard in member.names),
                "doubt": line.doubt,
            }
            for line in self.survey.lines
            for member in line.hosts
        )
        words = ("address", "line", "role", "level", "mode", "edition", "mac", "vendor", "doubt")
        return _frame(entries, {**dict.fromkeys(words, _TEXT), "in_force": _FLAG, "names": _TUPLE})

    def __repr__(self) -> str:
        hosts = sum(len(line.hosts) for line in self.survey.lines)
        return f"<{hosts} hosts in {len(self.survey.lines)} lines>"


_TEXT, _COUNT, _MAYBE, _TUPLE, _TIME, _FLAG, _WHEN = (
    "object",
    "int64",
    "Int64",
    "tuple",
    "datetime64[ns, UTC]",
    "bool",
    "time that may be missing",
)

_FLOW_COLUMNS = {
    "id": _TEXT,
    "transport": _TEXT,
    "protocol": _TEXT,
    "service": _TEXT,
    "originator_address": _TEXT,
    "originator_port": _MAYBE,
    "originator_roles": _TUPLE,
    "responder_address": _TEXT,
    "responder_port": _MAYBE,
    "responder_roles": _TUPLE,
    "confidence": _TEXT,
    "basis": _TEXT,
    "packets_sent": _COUNT,
    "packets_received": _COUNT,
    "bytes_sent": _COUNT,
    "bytes_received": _COUNT,
    "first": _TIME,
    "last": _TIME,
    "first_frame": _COUNT,
    "last_frame": _COUNT,
    "outcome": _TEXT,
    "verdict": _TEXT,
    "reason": _TEXT,
    "rows": _TUPLE,
    "parent": _TEXT,
    "waived": _TEXT,
    "detail": _TEXT,
    "flags_sent": _TEXT,
    "flags_received": _TEXT,
    "fragments": _COUNT,
    "duplicates_sent": _COUNT,
    "duplicates_received": _COUNT,
}
_ROW_COLUMNS = {
    "id": _TEXT,
    "ruleset": _TEXT,
    "edition": _TEXT,
    "subject": _TEXT,
    "direction": _TEXT,
    "transport": _TEXT,
    "port": _COUNT,
    "service": _TEXT,
    "activity": _TEXT,
    "status": _TEXT,
    "outcome": _TEXT,
    "flows": _TUPLE,
    "reason": _TEXT,
    "source_document": _TEXT,
    "source_section": _TEXT,
}
_FINDING_COLUMNS = {
    "id": _TEXT,
    "kind": _TEXT,
    "severity": _TEXT,
    "title": _TEXT,
    "detail": _TEXT,
    "near_miss": _TEXT,
    "advice": _TEXT,
    "flows": _TUPLE,
    "rows": _TUPLE,
    "frames": _TUPLE,
    "wireshark_filter": _TEXT,
    "waived": _TEXT,
}
_TRANSFER_COLUMNS = {
    "id": _TEXT,
    "protocol": _TEXT,
    "operation": _TEXT,
    "client": _TEXT,
    "server": _TEXT,
    "file": _TEXT,
    "mode": _TEXT,
    "outcome": _TEXT,
    "cause": _TEXT,
    "requested": _TEXT,
    "accepted": _TEXT,
    "block_size": _MAYBE,
    "window_size": _MAYBE,
    "bytes": _COUNT,
    "expected_bytes": _MAYBE,
    "blocks": _COUNT,
    "retransmissions": _COUNT,
    "longest_gap_s": "float64",
    "rate_bytes_s": "float64",
    "attempts": _COUNT,
    "first": _TIME,
    "last": _TIME,
    "first_frame": _COUNT,
    "last_frame": _COUNT,
    "detail": _TEXT,
    "advice": _TEXT,
    "evidence": _TUPLE,
    "flows": _TUPLE,
}
_STEPS = ("announced", "requested", "transferring", "complete", "restarted", "came_back")
_ATTEMPT_COLUMNS = {
    "id": _TEXT,
    "node": _TEXT,
    "gateway": _TEXT,
    "outcome": _TEXT,
    "reason": _TEXT,
    "came_back": "boolean",
    "detail": _TEXT,
    "first": _TIME,
    "last": _TIME,
    **{f"{step}_at": _WHEN for step in _STEPS},
    "transfers": _TUPLE,
    "flows": _TUPLE,
}
_HOST_COLUMNS = {
    "name": _TEXT,
    "addresses": _TUPLE,
    "roles": _TUPLE,
    "version": _TEXT,
    "basis": _TEXT,
    "reason": _TEXT,
}


def _without(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in keys}


def _flow(record: FlowRecord) -> dict[str, Any]:
    entry = document.flow(record)
    flat = _without(
        entry, "direction", "originator", "responder", "packets", "bytes", "frames", "flags", "duplicates"
    )
    for end in ("originator", "responder"):
        flat.update({f"{end}_{key}": value for key, value in entry[end].items()})
    for pair in ("packets", "bytes", "flags", "duplicates"):
        flat[f"{pair}_sent"], flat[f"{pair}_received"] = entry[pair]
    flat["first_frame"], flat["last_frame"] = record.frames
    # Integers, not text: nanoseconds survive, and pandas need not parse.
    return {**flat, **entry["direction"], "first": record.first, "last": record.last}


def _attempt(record: Attempt) -> dict[str, Any]:
    times: dict[str, int | None] = {f"{step}_at": None for step in _STEPS}
    for event in reversed(record.timeline):  # the first of its kind stays
        name = f"{event.what.replace('-', '_')}_at"
        if name in times:
            times[name] = event.time
    return {**document.attempt(record), **times, "first": record.first, "last": record.last}


def _flows_frame(records: Sequence[FlowRecord]) -> pd.DataFrame:
    return _frame(map(_flow, records), _FLOW_COLUMNS)


def _frame(entries: Iterable[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    """A DataFrame with just ``columns``, each of its type also where there is no row."""
    import pandas as pd  # noqa: PLC0415 - costs more than checking a small capture

    held: dict[str, list[Any]] = {name: [] for name in columns}
    for entry in entries:
        for name, values in held.items():
            values.append(entry[name])
    series: dict[str, pd.Series[Any]] = {}
    for name, dtype in columns.items():
        values = held[name]
        if dtype == _TUPLE:
            series[name] = pd.Series([tuple(value) for value in values], dtype="object")
        elif dtype == _WHEN:
            series[name] = pd.Series(pd.to_datetime(pd.Series(values, dtype="Int64"), unit="ns", utc=True))
        elif dtype == _TIME:
            series[name] = pd.Series(pd.to_datetime(pd.Series(values, dtype="int64"), unit="ns", utc=True))
        else:
            series[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(series, columns=list(columns))
