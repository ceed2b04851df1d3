"""Two sides, captures or saved reports, laid over each other."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass, replace
from typing import IO, Any, Final, cast

from analyzer import compare
from analyzer.compare import View
from analyzer.errors import CaptureError, UsageError
from analyzer.model import Diff, Progress, Report
from analyzer.pipeline import check
from analyzer.pipeline.options import Options
from analyzer.report import document
from analyzer.urls import shown
from analyzer.version import VERSION

REPORT_LIMIT: Final = 1 << 30
"""Bytes of a saved report that are read: a million flows take half of it."""
HEAD: Final = 64
"""Bytes that tell a report from a capture."""


@dataclass(frozen=True)
class Pair:
    """What to compare: each side a capture, a saved report, or a report itself.

    ``options`` are for sides that are captures (their sources left out), ``old_site`` is the site file of
    the old one where it differs.
    """

    old: str | Report
    new: str | Report
    options: Options
    old_site: str | None = None


def diff(pair: Pair, progress: Progress | None = None) -> Diff:
    """What changed from one capture or saved report to another.

    Raises :class:`analyzer.errors.PortmatrixError` for a side that cannot be used, and as
    :func:`analyzer.pipeline.check` does.
    """
    if pair.old == pair.new == "-":
        raise UsageError("standard input: can be only one of the two sides")
    before = replace(pair.options, site=pair.old_site) if pair.old_site else pair.options
    return compare.compare(
        _view(pair.old, before, progress), _view(pair.new, pair.options, progress), VERSION
    )


def _view(source: str | Report, options: Options, progress: Progress | None) -> View:
    if isinstance(source, Report):
        paths = ", ".join(info.path for info in source.captures)
        return compare.read(document.whole(document.report_parts(source)), paths, "capture")
    saved = _saved(source)
    if saved is not None:
        name = "standard input" if source == "-" else source
        try:
            return compare.read(_loaded(saved), source, "report")
        except (ValueError, RecursionError) as error:
            said = " ".join(str(error).split()) if isinstance(error, ValueError) else "nested too deeply"
            raise CaptureError(f"{name}: {said}") from error
    report = check(replace(options, sources=(source,)), progress)
    return compare.read(document.whole(document.report_parts(report)), shown(source), "capture")


def _saved(source: str) -> bytes | None:
    """The bytes of a saved report; None for whatever else ``source`` names."""
    try:
        if source == "-":
            stdin = sys.stdin
            buffer = cast("io.BufferedReader", stdin.buffer) if stdin is not None else None
            if buffer is None or not hasattr(buffer, "peek") or not _is_json(buffer.peek(HEAD)[:HEAD]):
                return None
            return _whole(buffer, "standard input")
        if not os.path.isfile(source):
            return None
        with open(source, "rb") as stream:
            head = stream.read(HEAD)
            if not _is_json(head):
                return None
            return head + _whole(stream, source)
    except (OSError, ValueError):
        # Where it cannot be read the reader of captures says why.
        return None


def _is_json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"{")


def _whole(stream: IO[bytes], name: str) -> bytes:
    data = stream.read(REPORT_LIMIT + 1)
    if len(data) > REPORT_LIMIT:
        raise CaptureError(f"{name}: is larger than {REPORT_LIMIT >> 20} MiB, too large for a report")
    return data


def _loaded(data: bytes) -> dict[str, Any]:
    """The JSON object. Raises ``ValueError`` with one line."""
    try:
        loaded = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"is no UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    assert isinstance(loaded, dict)  # it begins with a brace
    return loaded
