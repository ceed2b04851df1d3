"""JSON: the whole report for scripts, one entry a line, written as it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from analyzer import model
from analyzer.model import FlowRecord, FlowReport
from analyzer.report import Format, Style
from analyzer.report.document import firmware_parts, flows_parts, report_parts
from analyzer.report.flowentries import encode, written

BETWEEN: Final = ",\n    "
"""Before each entry of a list; the first has a bracket in place of the comma."""


def _write(parts: Mapping[str, Any], stream: IO[str], flows: Sequence[FlowRecord] = ()) -> None:
    """Write a document, ``flows`` as the entries of its key of that name."""
    opening = "{\n"
    for key, value in parts.items():
        stream.write(f"{opening}  {encode(key)}: ")
        opening = ",\n"
        if value is None or isinstance(value, str | bool | dict):
            stream.write(encode(value))
            continue
        first = True
        entries = (f"{BETWEEN}{encode(entry)}" for entry in value)
        for part in written(flows, BETWEEN, "") if key == "flows" and flows else entries:
            if first:
                stream.write("[")
            stream.write(part[1:] if first else part)
            first = False
        stream.write("[]" if first else "\n  ]")
    stream.write("\n}\n")


def _report(report: model.Report, stream: IO[str], _style: Style) -> None:
    _write(report_parts(report), stream, report.flows)


def _flows(report: FlowReport, stream: IO[str], _style: Style) -> None:
    _write(flows_parts(report), stream, report.flows)


def _firmware(report: model.FirmwareReport, stream: IO[str], _style: Style) -> None:
    _write(firmware_parts(report), stream)


def _diff(found: model.Diff, stream: IO[str], _style: Style) -> None:
    from analyzer.report import changes  # noqa: PLC0415 - only what is written is loaded

    _write(changes.parts(found), stream)


def _survey(survey: model.Survey, stream: IO[str], _style: Style) -> None:
    from analyzer.report.proposal import survey_parts  # noqa: PLC0415 - the same

    _write(survey_parts(survey), stream)


def _dissection(found: model.Dissection, stream: IO[str], _style: Style) -> None:
    from analyzer.report import dissection  # noqa: PLC0415 - the same

    _write(dissection.parts(found), stream)


FORMAT = Format(
    "json",
    (".json",),
    _report,
    _flows,
    render_firmware=_firmware,
    render_diff=_diff,
    render_survey=_survey,
    render_dissection=_dissection,
)
