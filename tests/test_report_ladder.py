"""The firmware report as text: hand-made reports, every outcome, narrow and wide."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import reports

from analyzer.model import Attempt, Cause, Event, FirmwareReport, Transfer, TransferOutcome
from analyzer.report import Style, ladder

GOOD = Transfer(
    id="t1",
    protocol="tftp",
    operation="read",
    client="10.20.1.21",
    server="10.20.0.10",
    file="node.bin",
    mode="octet",
    outcome=TransferOutcome.COMPLETE,
    cause=None,
    detail="",
    advice="",
    first=reports.START,
    last=reports.START + 2 * reports.SECOND,
    frames=(1, 90),
    requested={"blksize": "1428"},
    accepted={},
    block_size=512,
    window_size=1,
    bytes=20_000,
    expected_bytes=20_000,
    blocks=40,
    flows=("f1", "f2"),
)
BAD = replace(
    GOOD,
    id="t2",
    outcome=TransferOutcome.FAILED,
    cause=Cause.STALLED,
    bytes=512,
    blocks=1,
    detail="it stopped",
    advice="Look at the cable.",
    file=reports.HOSTILE,
)
LATER = replace(GOOD, id="t3", outcome=TransferOutcome.IN_PROGRESS, cause=Cause.CAPTURE_ENDED, advice="Wait.")
ATTEMPT = Attempt(
    id="u1",
    node="10.20.1.21",
    gateway="10.20.0.10",
    outcome="update-failed",
    detail="it asked again",
    first=GOOD.first,
    last=GOOD.last,
    timeline=(Event(GOOD.first, 1, "requested", "node.bin"), Event(GOOD.last, 90, "complete")),
    transfers=("t1",),
)


def report(*transfers: Transfer, attempts: tuple[Attempt, ...] = ()) -> FirmwareReport:
    base = reports.REPORT
    return FirmwareReport(base.version, base.captures, base.site, base.hosts, transfers, attempts)


def text(subject: FirmwareReport, **style: object) -> str:
    stream = io.StringIO()
    ladder.write(subject, stream, Style(**style))  # type: ignore[arg-type]
    return stream.getvalue()


def test_a_likely_attempt_says_so() -> None:
    likely = replace(ATTEMPT, outcome="succeeded", basis="likely")
    assert "10.20.1.21 from 10.20.0.10: succeeded (likely); it asked again" in text(
        report(attempts=(likely,))
    )
    assert "(certain)" not in text(report(attempts=(ATTEMPT,)))


@pytest.mark.parametrize(
    ("transfers", "first"),
    [
        ((), "NO TRANSFER: no file was sent in this capture"),
        ((GOOD,), "COMPLETE: 1 transfer"),
        ((GOOD, BAD), "FAILED: 1 of 2 transfers (1 stalled)"),
        ((GOOD, LATER), "NO FAILURE SEEN: 2 transfers: 1 complete, 1 in-progress"),
    ],
)
def test_the_verdict_is_the_first_line(transfers: tuple[Transfer, ...], first: str) -> None:
    assert text(report(*transfers)).splitlines()[0] == first


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_and_nothing_steers_the_terminal(width: int) -> None:
    out = text(report(GOOD, BAD, LATER, attempts=(ATTEMPT,)), width=width)
    assert all(len(line) <= width for line in out.splitlines())
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_the_facts_of_a_transfer() -> None:
    out = text(report(GOOD), width=120)
    assert "10.20.1.21 <- 10.20.0.10 tftp node.bin" in out
    assert "20 000 of 20 000 bytes, block 40 of 512 bytes each" in out
    assert "10.0 kB/s" in out
    assert "asked for blksize=1428; accepted none" in out


def test_an_attempt_shows_its_timeline() -> None:
    out = text(report(GOOD, attempts=(ATTEMPT,)), width=120)
    assert "UPDATE FAILED although the image arrived: 10.20.1.21" in out
    assert "requested" in out
    assert "frame 90" in out


def test_many_are_cut_and_counted() -> None:
    many = [replace(GOOD, id=f"t{number}") for number in range(ladder.SHOWN + 5)]
    assert "and 5 transfers more" in text(report(*many))
    assert "more" not in text(report(*many), verbosity=1)


def test_advice_without_a_finding() -> None:
    assert "capture-ended: Wait." in text(report(LATER))
    assert "\x1b[31m" in text(report(BAD), colour=True)


def test_without_blocks_and_without_a_cause() -> None:
    one = replace(GOOD, protocol="http", block_size=None, blocks=0, advice="Capture whole packets.")
    out = text(report(replace(one, outcome=TransferOutcome.UNKNOWN)), width=120)
    assert "block" not in out
    assert "unknown: Capture whole packets." in out


@pytest.mark.parametrize(
    ("frames", "flows", "said"),
    [
        ((7, 7), ("f1",), "    frame 7, flow f1, from "),
        ((7, 9), ("f1", "f2"), "    frames 7 to 9, flows f1, f2, from "),
        (
            (7, 9),
            tuple(f"f{n}" for n in range(1, 8)),
            "    frames 7 to 9, flows f1, f2, f3, f4, f5, f6 ..., from ",
        ),
    ],
)
def test_one_frame_is_no_plural(frames: tuple[int, int], flows: tuple[str, ...], said: str) -> None:
    assert said in text(report(replace(GOOD, frames=frames, flows=flows)), width=120)
