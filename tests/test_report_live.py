"""What happens while a capture is followed, as lines and as JSON objects."""

from __future__ import annotations

import json

import reports

from analyzer.model import (
    CaptureLost,
    CaptureRead,
    Finding,
    FindingKind,
    FindingTold,
    FindingWithdrawn,
    Severity,
)
from analyzer.report import Style
from analyzer.report.live import entry, line

TIME = 1_790_000_000 * 10**9 + 5
STAMP = "2026-09-21T14:13:20"
SHARP = "2026-09-21T14:13:20.000000005Z"
TOLD = Finding(
    "unexpected-flow-12345678", FindingKind.UNEXPECTED_FLOW, Severity.VIOLATION, "ti\x1btle", "why"
)
NOTE = Finding("undeclared-peer-12345678", FindingKind.UNDECLARED_PEER, Severity.NOTE, "peer", "why")


def test_lines() -> None:
    style = Style()
    assert line(FindingTold(TOLD, TIME), style) == (
        f"{STAMP}Z violation: ti\\x1btle [unexpected-flow-12345678]"
    )
    gone = FindingWithdrawn(TOLD, TIME)
    assert line(gone, style).endswith("[unexpected-flow-12345678]: later traffic explains it")
    assert line(gone._replace(instead=NOTE), style).endswith(": now told as undeclared-peer-12345678")
    assert line(CaptureLost("a\nb", "vanished before it was read", TIME), style) == (
        f"{STAMP}Z gap: a\\nb vanished before it was read"
    )
    assert line(CaptureLost("a", "vanished"), style) == "gap: a vanished"
    assert line(FindingTold(TOLD, TIME), Style(colour=True)).startswith(
        f"{STAMP}Z \x1b[31mviolation\x1b[0m: "
    )


def test_notes_and_files_are_told_to_who_wants_more() -> None:
    info = reports.CAPTURE
    for news in (FindingTold(NOTE, TIME), FindingWithdrawn(NOTE, TIME), CaptureRead(info)):
        assert line(news, Style()) == ""
        assert line(news, Style(verbosity=1)) != ""
    assert line(CaptureRead(info), Style(verbosity=1)).endswith(f"read: {info.path}, {info.packets} packets")


def test_objects() -> None:
    told = entry(FindingTold(TOLD, TIME, TIME - 10**9))
    assert (told["event"], told["time"], told["since"]) == (
        "finding",
        SHARP,
        SHARP.replace(":20.", ":19."),
    )
    assert told["finding"]["id"] == TOLD.id
    assert entry(FindingWithdrawn(TOLD, TIME, NOTE)) == {
        "event": "withdrawn",
        "time": SHARP,
        "id": TOLD.id,
        "instead": NOTE.id,
    }
    lost = {"event": "gap", "time": None, "path": "a", "detail": "vanished"}
    assert entry(CaptureLost("a", "vanished")) == lost
    info = reports.CAPTURE
    assert entry(CaptureRead(info))["file"]["path"] == info.path
    for news in (FindingTold(TOLD, TIME), CaptureLost("\udc80\x1b", "x"), CaptureRead(info)):
        json.dumps(entry(news), allow_nan=False).encode("ascii")
