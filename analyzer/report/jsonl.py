"""JSON lines: one flow a line, for tools that read streams."""

from __future__ import annotations

from typing import IO

from analyzer.model import FlowReport
from analyzer.report import Format, Style
from analyzer.report.flowentries import written


def _flows(report: FlowReport, stream: IO[str], _style: Style) -> None:
    for part in written(report.flows, "", "\n"):
        stream.write(part)


FORMAT = Format("jsonl", (".jsonl", ".ndjson"), None, _flows, sha256=False)
