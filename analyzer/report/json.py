"""JSON: the whole report for scripts, one entry a line, written as it goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from analyzer.model import Diff, Dissection, FirmwareReport, FlowReport, Report, Survey
from analyzer.report import Format, Style, changes, dissection
from analyzer.report.document import firmware_parts, flows_parts, report_parts
from analyzer.report.proposal import survey_parts


def _write(parts: Mapping[str, Any], stream: IO[str]) -> None:
    # ensure_ascii escapes direction-changing and control characters, so the text is harmless to print.
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode
    opening = "{\n"
    for key, value in parts.items():
        stream.write(f"{opening}  {encode(key)}: ")
        opening = ",\n"
        if value is None or isinstance(value, str | bool | dict):
            stream.write(encode(value))
            continue
        between = "[\n    "
        for entry in value:
            stream.write(between + encode(entry))
            between = ",\n    "
        stream.write("[]" if between.startswith("[") else "\n  ]")
    stream.write("\n}\n")


def _report(report: Report, stream: IO[str], _style: Style) -> None:
    _write(report_parts(report), stream)


def _flows(report: FlowReport, stream: IO[str], _style: Style) -> None:
    _write(flows_parts(report), stream)


def _firmware(report: FirmwareReport, stream: IO[str], _style: Style) -> None:
    _write(firmware_parts(report), stream)


def _diff(found: Diff, stream: IO[str], _style: Style) -> None:
    _write(changes.parts(found), stream)


def _survey(survey: Survey, stream: IO[str], _style: Style) -> None:
    _write(survey_parts(survey), stream)


def _dissection(found: Dissection, stream: IO[str], _style: Style) -> None:
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
