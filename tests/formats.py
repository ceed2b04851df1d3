"""What the tests of formats share: a hostile report, a large one, and rendering to bytes or text."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import reports

from analyzer.model import Endpoint, Report
from analyzer.report import Style, formats

LONG = "A" * 65_536
FORMULA = '=HYPERLINK("http://evil.example","x")'
MARKUP = (
    "](javascript:1) <img src=x onerror=alert(1)> @everyone #1 `code` | cell |\n# heading\n---\n| a | b |"
)

TRANSFER = replace(reports.TRANSFER, file="<script>alert(1)</script>.bin", detail="nothing after block 7")


def hostile(text: str) -> Report:
    """The report of ``reports``, with ``text`` wherever a stranger's or a user's text stands."""
    flow = replace(reports.TELNET, service=text, detail=text, reason=text)
    finding = replace(reports.UNEXPECTED, title=text, detail=text, near_miss=text, advice=text, waived=text)
    return replace(
        reports.REPORT,
        captures=(replace(reports.CAPTURE, path=text),),
        site=replace(reports.SITE, name=text),
        hosts=(replace(reports.HOSTS[0], name=text, reason=text, basis="inferred", version=text),),
        rows=(replace(reports.ROWS[0], reason=text), *reports.ROWS[1:]),
        flows=(flow, replace(reports.COAP, service=text)),
        findings=(finding, *reports.REPORT.findings[1:]),
        transfers=(replace(TRANSFER, file=text, detail=text, advice=text),),
    )


def many(count: int) -> Report:
    """A report with ``count`` unexpected flows to as many ports."""
    flows = tuple(
        replace(reports.TELNET, id=f"f{n}", responder=Endpoint("10.20.0.10", n % 65536), frames=(n, n))
        for n in range(count)
    )
    return replace(reports.REPORT, flows=flows)


def rendered(name: str, report: Any, what: str = "report") -> Any:
    """``report`` in format ``name``: bytes of a binary one, else text."""
    entry = formats()[name]
    stream: Any = io.BytesIO() if entry.binary else io.StringIO()
    render = entry.render(what)
    assert render is not None
    render(report, stream, Style())
    return stream.getvalue()
