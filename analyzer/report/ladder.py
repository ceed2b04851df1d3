"""The firmware report as text for somebody on a ladder: verdict, what to do, then the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import IO, Final

from analyzer.model import (
    Finding,
    FirmwareReport,
    Path,
    Transfer,
    TransferOutcome,
)
from analyzer.report import Style, digest
from analyzer.report.layout import duration, number, paint, plural, size, table, wrap
from analyzer.report.moment import timestamp
from analyzer.report.neutral import PROSE_LIMIT, TEXT_LIMIT, visible

SHOWN: Final = 40
"""Transfers listed one by one; ``-v`` lists all."""
FRAMES_SHOWN: Final = 12
PLACES: Final = {
    "none": "the path did its work",
    "between": "lost between the two points",
    "after": "not taken up behind the far point",
    "unknown": "not judged",
}
UPDATE_FAILED: Final = "UPDATE FAILED although the image arrived"
STOPS: Final = 8
"""Ways in which nodes of a campaign stopped that are listed; ``-v`` lists all."""
_COLOURS: Final = {
    TransferOutcome.FAILED: "red",
    TransferOutcome.COMPLETE: "green",
    TransferOutcome.IN_PROGRESS: "yellow",
    TransferOutcome.UNKNOWN: "yellow",
}


def _shown(text: str) -> str:
    return visible(text, TEXT_LIMIT)


def _prose(text: str) -> str:
    return visible(text, PROSE_LIMIT)


def write(report: FirmwareReport, stream: IO[str], style: Style) -> None:
    """Write ``report`` to ``stream``."""
    lines: list[tuple[str, str]] = []
    _verdict(report, lines, style)
    _todo(report, lines, style)
    if style.verbosity >= 0:
        _transfers(report, lines, style)
        _attempts(report, lines, style)
        _evidence(report, lines, style)
    for text, colour in lines:
        stream.write(paint(text, colour, style.colour) + "\n" if text else "\n")


def _add(lines: list[tuple[str, str]], texts: Iterable[str], colour: str = "") -> None:
    lines.extend((text, colour) for text in texts)


def headline(report: FirmwareReport) -> tuple[str, str, str]:
    """The verdict on transfers and updates: words, what they rest on, and a colour."""
    total = len(report.transfers)
    counts = Counter(transfer.outcome for transfer in report.transfers)
    if not total:
        return "NO TRANSFER", "no file was sent in this capture", "yellow"
    if report.failed:
        causes = Counter(str(entry.cause) for entry in report.transfers if entry.outcome == "failed")
        said = f"{number(counts[TransferOutcome.FAILED])} of {plural(total, 'transfer')}"
        said += f" ({', '.join(f'{number(count)} {cause}' for cause, count in causes.most_common())})"
        return "FAILED", said, "red"
    if update := _not_updated(report):
        return UPDATE_FAILED, update, "red"
    if counts[TransferOutcome.COMPLETE] == total:
        return "COMPLETE", plural(total, "transfer"), "green"
    return "NO FAILURE SEEN", f"{plural(total, 'transfer')}: {_outcomes(counts)}", "yellow"


def _not_updated(report: FirmwareReport) -> str:
    """The nodes whose image arrived and whose update failed all the same."""
    nodes = list(dict.fromkeys(one.node for one in report.attempts if one.outcome == "update-failed"))
    return digest.some(nodes, 6)


def _outcomes(counts: Counter[TransferOutcome]) -> str:
    return ", ".join(f"{number(counts[word])} {word.value}" for word in TransferOutcome if counts[word])


def _verdict(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    counts = Counter(transfer.outcome for transfer in report.transfers)
    words, said, colour = headline(report)
    _add(lines, wrap(f"{words}: {said}", style.width), colour)
    if words == UPDATE_FAILED or (report.failed and len(counts) > 1):
        _add(lines, wrap(f"Transfers: {_outcomes(counts)}", style.width))
    _pair(report, lines, style)
    if report.failed and (update := _not_updated(report)):
        _add(lines, wrap(f"{UPDATE_FAILED}: {update}", style.width), "red")


def _pair(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    """Where packets died, one line for each way in which that happened; then how the clocks fit."""
    facts = report.pair
    if facts is None:
        return
    if not facts.judged:
        _add(lines, wrap(f"PATH NOT JUDGED: {_shown(facts.reason)}", style.width), "yellow")
        return
    groups: dict[str, list[str]] = {}
    for entry in report.transfers:
        if entry.path is not None:
            toward = f", {entry.path.direction.replace('-', ' the ')}" if entry.path.direction else ""
            groups.setdefault(f"{PLACES[entry.path.place]}{toward}", []).append(entry.id)
    for place, held in groups.items():
        _add(lines, wrap(f"Path: {digest.some(held, 6)}: {place}", style.width, "", "  "))
    wrong = "from one direction only, delay included"
    if facts.uncertainty is not None:
        wrong = f"give or take {facts.uncertainty / 1e6:.3f} ms, delay {(facts.delay or 0) / 1e6:.3f} ms"
    text = (
        f"Clocks: the gateway's less the node's {(facts.offset or 0) / 1e6:+.3f} ms ({wrong}), drift "
        f"{facts.drift_ppm or 0:.1f} ppm; {plural(facts.matched, 'packet')} in both captures"
    )
    if style.verbosity >= 0:
        _add(lines, wrap(text, style.width, "", "  "))


def _todo(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    if report.findings:
        _add(lines, ("",))
        _add(lines, ("What to do",), "bold")
    for count, finding in enumerate(report.findings, 1):
        _add(lines, wrap(_shown(finding.title), style.width, f" {count:>2} "), "red")
        if finding.advice:
            _add(lines, wrap(_prose(finding.advice), style.width, "    "))
    if not report.failed:
        advices = dict.fromkeys(
            (str(entry.cause or entry.outcome), entry.advice) for entry in report.transfers if entry.advice
        )
        if advices and not report.findings:
            _add(lines, ("",))
            _add(lines, ("What to do",), "bold")
        for cause, advice in advices:
            _add(lines, wrap(f"{cause}: {_prose(advice)}", style.width, "  ", "    "))


def _transfers(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    if not report.transfers:
        return
    _add(lines, ("",))
    _add(lines, (f"Transfers ({number(len(report.transfers))})",), "bold")
    ranked = sorted(report.transfers, key=lambda entry: entry.outcome is not TransferOutcome.FAILED)
    shown = ranked if style.verbosity > 0 else ranked[:SHOWN]
    for entry in shown:
        _transfer(report, entry, lines, style)
    if len(ranked) > len(shown):
        left = len(ranked) - len(shown)
        _add(lines, wrap(f"and {plural(left, 'transfer')} more (-v lists all)", style.width, "  "))


def _path(path: Path, report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    """The verdict on the path and the frames of both captures, as each file counts them."""
    _add(lines, wrap(f"path: {_shown(path.detail)}", style.width, "    ", "      "))
    for name, way in (("to the gateway", path.to_gateway), ("to the node", path.to_node)):
        said = [
            f"{what} {', '.join(_local(frame, report) for frame in frames)}"
            for what, frames in (("lost", way.lost_frames), ("arrived", way.arrived_frames))
            if frames
        ]
        if said and (way.lost or style.verbosity > 0):
            _add(lines, wrap(f"{name}: {'; '.join(said)}", style.width, "      ", "        "))


def _local(frame: int, report: FirmwareReport) -> str:
    """A frame by the number it has in its own capture."""
    for count, info in enumerate(report.captures):
        if info.first_frame <= frame < info.first_frame + info.packets:
            return f"{('node', 'gateway')[min(count, 1)]} frame {frame - info.first_frame + 1}"
    return f"frame {frame}"


def _transfer(report: FirmwareReport, entry: Transfer, lines: list[tuple[str, str]], style: Style) -> None:
    arrow = "<-" if entry.operation == "read" else "->"
    cause = f": {entry.cause.value}" if entry.cause else ""
    head = f"{entry.id} {entry.outcome.value}{cause}"
    _add(lines, wrap(head, style.width, "  "), _COLOURS[entry.outcome])
    name = _shown(entry.file) if entry.file is not None else "(name not in this capture)"
    _add(lines, wrap(f"{entry.client} {arrow} {entry.server} {entry.protocol} {name}", style.width, "    "))
    total = f" of {number(entry.expected_bytes)}" if entry.expected_bytes is not None else ""
    facts = [
        f"{number(entry.bytes)}{total} bytes",
        *([f"block {number(entry.blocks)} of {entry.block_size} bytes each"] if entry.block_size else []),
        plural(entry.retransmissions, "retransmission"),
        f"longest gap {duration(entry.longest_gap)}",
    ]
    if entry.bytes and entry.last > entry.first:
        facts.append(f"{size(int(entry.rate))}/s")
    _add(lines, wrap(", ".join(facts), style.width, "    "))
    if entry.detail:
        _add(lines, wrap(_prose(entry.detail), style.width, "    "))
    if entry.path is not None:
        _path(entry.path, report, lines, style)
    options = [f"{_shown(k)}={_shown(v)}" for k, v in entry.requested.items()]
    taken = [f"{_shown(k)}={_shown(v)}" for k, v in entry.accepted.items()]
    if options:
        text = f"asked for {' '.join(options)}; accepted {' '.join(taken) or 'none'}"
        _add(lines, wrap(text, style.width, "    "))
    first, last = entry.frames
    frames = f"frame {first}" if first == last else f"frames {first} to {last}"
    flows = f"flow{'s' if len(entry.flows) > 1 else ''} {', '.join(entry.flows[:6])}"
    more = " ..." if len(entry.flows) > 6 else ""
    _add(lines, wrap(f"{frames}, {flows}{more}, from {timestamp(entry.first)}", style.width, "    "))


def _attempts(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    if not report.attempts:
        return
    _add(lines, ("",))
    _add(lines, (f"Update attempts ({number(len(report.attempts))})",), "bold")
    _campaigns(report, lines, style)
    shown = report.attempts if style.verbosity > 0 else report.attempts[:SHOWN]
    for attempt in shown:
        sure = "" if attempt.basis == "certain" else f" ({attempt.basis})"
        text = f"{attempt.id} {attempt.node} from {attempt.gateway}: {attempt.outcome}{sure}"
        if attempt.detail:
            text += f"; {_shown(attempt.detail)}"
        _add(lines, wrap(text, style.width, "  ", "    "))
        rows = [
            [
                timestamp(event.time)[11:23],
                event.what,
                f"frame {event.frame}" if event.frame else "",
                _shown(event.detail),
            ]
            for event in attempt.timeline
        ]
        _add(lines, table(rows, style.width, indent="      "))


def _campaigns(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    """How many nodes of each gateway succeeded, where each other one stopped, who is far from the rest."""
    for entry in report.campaigns:
        said = ", ".join(f"{number(count)} {word}" for word, count in entry.outcomes.items())
        text = (
            f"{entry.id} from {entry.gateway}: {number(entry.outcomes.get('succeeded', 0))} of "
            f"{number(entry.nodes)} nodes succeeded ({said})"
        )
        _add(lines, wrap(text, style.width, "  "))
        groups: dict[str, list[str]] = {}
        for one in entry.stopped:
            groups.setdefault(one.where, []).append(one.node)
        told = list(groups.items())[: None if style.verbosity > 0 else STOPS]
        for where, nodes in told:
            _add(lines, wrap(f"{digest.some(nodes, 6)}: {_shown(where)}", style.width, "    ", "      "))
        if len(groups) > len(told):
            _add(lines, (f"    and {number(len(groups) - len(told))} other ends (-v lists all)",))
        for far in entry.outliers:
            if far.what == "slow":
                text = f"{far.node} is slow: {size(int(far.value))}/s"
                text += f", the median of the others {size(int(far.median))}/s"
            else:
                text = f"{far.node} repeats much: {far.value:.0f} retransmissions"
                text += f", the median of the others {far.median:.0f}"
            _add(lines, wrap(text, style.width, "    ", "      "))


def _evidence(report: FirmwareReport, lines: list[tuple[str, str]], style: Style) -> None:
    if not report.findings:
        return
    _add(lines, ("",))
    _add(lines, ("Evidence",), "bold")
    for count, finding in enumerate(report.findings, 1):
        _add(lines, wrap(f"{_prose(finding.detail)}", style.width, f" {count:>2} "))
        if finding.rows:
            _add(lines, wrap(f"Rows: {', '.join(finding.rows)}", style.width, "    ", "        "))
        _frames(finding, lines, style)


def _frames(finding: Finding, lines: list[tuple[str, str]], style: Style) -> None:
    if not finding.frames:
        return
    most = len(finding.frames) if style.verbosity > 0 else FRAMES_SHOWN
    told = digest.some(list(map(str, finding.frames)), most)
    _add(lines, wrap(f"Frames {told}", style.width, "    ", "        "))
    # One line however long: a display filter with a line break in it cannot be pasted.
    _add(lines, (f"    Wireshark: {visible(finding.wireshark_filter)}",))
