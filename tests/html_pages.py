"""Rendered HTML reports for tests: as text, as a tree, and the data inside."""

from __future__ import annotations

import io
import json
from typing import Any

import lxml.html

from analyzer import report
from analyzer.model import FlowRecord, Report
from analyzer.report import Style


def text(value: Report) -> str:
    """The page of a report."""
    stream = io.StringIO()
    render = report.formats()["html"].render_report
    assert render is not None
    render(value, stream, Style())
    return stream.getvalue()


def tree(value: Report | str) -> lxml.html.HtmlElement:
    """The parsed page of a report."""
    return lxml.html.document_fromstring(value if isinstance(value, str) else text(value))


def said(element: lxml.html.HtmlElement) -> str:
    """The text of an element with single spaces."""
    return " ".join(element.text_content().split())


def data(page: lxml.html.HtmlElement) -> dict[str, Any]:
    """The flow columns inside a page."""
    (element,) = page.xpath("//script[@type='application/json']")
    value: dict[str, Any] = json.loads(element.text)
    return value


def rows(held: dict[str, Any]) -> list[dict[str, Any]]:
    """The flows of the columns, decoded as the page's script does."""
    columns, texts = held["columns"], held["texts"]
    found = []
    first = frame = 0
    for at in range(held["count"]):
        first += columns["first"][at]
        frame += columns["frame"][at]
        flow = {name: texts[name][values[at]] for name, values in columns.items() if name in texts}
        flow |= {name: values[at] for name, values in columns.items() if name not in texts}
        for end in ("originator", "responder"):
            address, roles = texts["end"][columns[end][at]]
            flow[end] = (address, columns[f"{end}_port"][at], texts["roles"][roles])
        number = columns["id"][at]
        flow["id"] = f"f{number}" if isinstance(number, int) else number
        flow["first"], flow["frame"] = held["origin"] + first, frame
        found.append(flow)
    return found


class Once(list[FlowRecord]):
    """Flows that do not like to be asked for one of them, as a table of columns does not."""

    def __getitem__(self, index: Any) -> Any:
        raise AssertionError(f"asked for flow {index}")
