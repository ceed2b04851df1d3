"""JSON lines: one flow a line, for tools that read streams."""

from __future__ import annotations

import json
from typing import IO

from analyzer.model import FlowReport
from analyzer.report import Format, Style
from analyzer.report.document import flow


def _flows(report: FlowReport, stream: IO[str], _style: Style) -> None:
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode
    for record in report.flows:
        stream.write(encode(flow(record)) + "\n")


FORMAT = Format("jsonl", (".jsonl", ".ndjson"), None, _flows)
