"""What happens while a capture is followed: a line for people, an object for programs."""

from __future__ import annotations

from typing import Any, Final

from analyzer.model import CaptureLost, CaptureRead, FindingTold, News, Severity
from analyzer.report import Style
from analyzer.report.document import capture, finding
from analyzer.report.layout import paint, plural
from analyzer.report.moment import timestamp
from analyzer.report.neutral import unicode, visible

COLOURS: Final = {Severity.VIOLATION: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}

SECONDS: Final = 19
"""Characters of a time stamp up to its seconds."""


def line(news: News, style: Style) -> str:
    """One line; empty where only more verbosity would tell it."""
    if isinstance(news, CaptureRead):
        info = news.info
        if style.verbosity < 1:
            return ""
        return _line(info.last, "read", f"{info.path}, {plural(info.packets, 'packet')}", style)
    if isinstance(news, CaptureLost):
        return _line(news.time, "gap", f"{news.path} {news.detail}", style, "yellow")
    told = news.finding
    if told.severity is Severity.NOTE and style.verbosity < 1:
        return ""
    what = f"{told.title} [{told.id}]"
    if isinstance(news, FindingTold):
        return _line(news.time, told.severity, what, style, COLOURS[told.severity])
    since = f"now told as {news.instead.id}" if news.instead is not None else "later traffic explains it"
    return _line(news.time, "withdrawn", f"{what}: {since}", style, "green")


def _line(time: int | None, word: str, what: str, style: Style, colour: str = "") -> str:
    when = "" if time is None else f"{timestamp(time)[:SECONDS]}Z "
    return f"{when}{paint(word, colour, style.colour)}: {visible(what)}"


def entry(news: News) -> dict[str, Any]:
    """The object of one event: ``event`` is ``finding``, ``withdrawn``, ``gap`` or ``file``."""
    if isinstance(news, CaptureRead):
        return {"event": "file", "time": _when(news.info.last), "file": capture(news.info)}
    if isinstance(news, CaptureLost):
        where = {"path": unicode(news.path), "detail": unicode(news.detail)}
        return {"event": "gap", "time": _when(news.time), **where}
    if isinstance(news, FindingTold):
        times = {"time": _when(news.time), "since": _when(news.since)}
        return {"event": "finding", **times, "finding": finding(news.finding)}
    instead = None if news.instead is None else news.instead.id
    return {"event": "withdrawn", "time": _when(news.time), "id": news.finding.id, "instead": instead}


def _when(time: int | None) -> str | None:
    return None if time is None else timestamp(time)
