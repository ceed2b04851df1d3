"""YAML that is to be read, corrected and kept: a proposed site file, a drafted ruleset."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from typing import IO, Final

from analyzer.model import CaptureInfo, Learned, LearnedRow, Survey, SurveyHost, SurveyLine
from analyzer.report import Format, Style
from analyzer.report.layout import plural
from analyzer.report.moment import timestamp
from analyzer.report.neutral import visible
from analyzer.scalar import listed, mapping, scalar

WIDTH: Final = 110
"""Columns of a comment."""
MEMBERS: Final = 16
"""Hosts of one line that get a comment of their own; json has all of them."""
NAME: Final = 80
"""Characters of a stranger's name that a comment shows."""
NAMES: Final = 4
LEFT: Final = 40
"""Lines on what was not learned."""
LEARNED: Final = (
    "Learned from traffic; no document says it.",
    "It worked in a capture that somebody called good.",
)
"""The interpretation that every learned service carries."""


def _comment(stream: IO[str], text: str, indent: str = "", hang: str = "  ") -> None:
    """``text`` as comment lines; whatever a stranger wrote into it stays inside them."""
    lead = f"{indent}# "
    for line in textwrap.wrap(
        visible(text), WIDTH, initial_indent=lead, subsequent_indent=lead + hang, break_on_hyphens=False
    ):
        stream.write(f"{line}\n")


def _survey(survey: Survey, stream: IO[str], _style: Style) -> None:
    _head(survey.version, survey.captures, stream)
    stream.write(f"site: {scalar('Site of ' + _files(survey.captures))}\n")
    sure = [line for line in survey.lines if line.in_force]
    unsure = [line for line in survey.lines if not line.in_force]
    stream.write("hosts:\n" if survey.lines else "hosts: []\n")
    for line in sure:
        _line(line, stream)
    if unsure:
        _comment(stream, "Unsure, not in force:", "  ")
    for line in unsure:
        _line(line, stream)
    if not survey.lines:
        _comment(stream, "No host behaves like the subject of a sheet.")
    stream.write("activities: [operation]\n")
    for activity, services in survey.activities.items():
        if activity != "operation":
            _comment(
                stream,
                f"{activity}: {', '.join(services)} seen. Add it to activities if it took place as a whole: "
                "then all its rows are due.",
            )
    _others(survey, stream)


def _head(version: str, captures: Iterable[CaptureInfo], stream: IO[str]) -> None:
    _comment(stream, f"Site file proposed by portmatrix {version}. From:")
    _captures(captures, stream)
    _comment(stream, "Read it, correct what is wrong and keep it: from then on it is your word.", hang="")
    _comment(
        stream,
        "What is certain or likely is in force. What is unsure is commented out: take away the '#' of a line "
        "that is right.",
        hang="",
    )
    _comment(
        stream,
        "Traffic does not tell versions, at best the edition of a sheet: add 'version:' to a line where you "
        "know it. Until then nothing that only one edition says is a violation.",
        hang="",
    )


def _captures(captures: Iterable[CaptureInfo], stream: IO[str]) -> None:
    for info in captures:
        name, packets = os.path.basename(info.path), plural(info.packets, "packet")
        _comment(stream, f"  {name}: {packets}{_when([info])}, sha256 {info.sha256}")


def _when(captures: Sequence[CaptureInfo]) -> str:
    """`` of DATE to DATE UTC``, empty where there are no packets."""
    moments = [moment for info in captures for moment in (info.first, info.last) if moment is not None]
    if not moments:
        return ""
    begin, end = (timestamp(moment)[:19].replace("T", " ") for moment in (min(moments), max(moments)))
    return f" of {begin} to {end} UTC"


def _files(captures: Iterable[CaptureInfo]) -> str:
    names = [visible(os.path.basename(info.path), NAME) for info in captures]
    return names[0] if len(names) == 1 else f"{len(names)} captures"


def _line(line: SurveyLine, stream: IO[str]) -> None:
    several = len(line.hosts) > 1
    reasons = list(dict.fromkeys(reason for member in line.hosts for reason in member.evidence))
    what = f"{plural(len(line.hosts), 'host')}: " if several else ""
    said = f"{line.level}: {what}{', '.join(reasons[:8]) or 'no telling traffic'}"
    if line.explained[1]:
        said += f"; the sheet lists {line.explained[0]} of the {line.explained[1]} things they do"
        said = said if several else said.replace("they do", "it does")
    frames = sorted({frame for member in line.hosts for frame in member.frames})[:6]
    if frames:
        said += f"; frames {', '.join(map(str, frames))}"
    _comment(stream, said, "  ")
    if line.rivals:
        others = [rival for rival in line.rivals if rival != _role(line)]
        _comment(stream, f"or {' or '.join(others)}: the traffic does not tell them apart", "  ")
    if line.doubt:
        _comment(stream, f"doubt: {line.doubt}", "  ")
    if line.edition:
        _comment(stream, f"edition {line.edition_evidence}", "  ")
    elif line.edition_evidence:
        _comment(stream, f"which edition is unsure: {line.edition_evidence}", "  ")
    for member in line.hosts[:MEMBERS]:
        _member(member, stream)
    if len(line.hosts) > MEMBERS:
        _comment(stream, f"and {len(line.hosts) - MEMBERS} more: --format json lists them", "  ")
    fields = {"name": scalar(line.name), "address": listed(line.addresses), "role": scalar(_role(line))}
    if line.mode:
        fields["mode"] = scalar(line.mode)
    stream.write(f"  {'' if line.in_force else '# '}- {mapping(fields)}\n")


def _role(line: SurveyLine) -> str:
    return line.role or line.rivals[0]


def _member(member: SurveyHost, stream: IO[str]) -> None:
    known = _known(member)
    if known:
        _comment(stream, f"{member.address}: {known}", "  ", hang="    ")


def _known(member: SurveyHost) -> str:
    parts = []
    if member.mac:
        parts.append(f"MAC {member.mac}" + (f" ({member.vendor})" if member.vendor else ""))
    if member.link:
        parts.append(member.link)
    parts += [
        f'{heard.kind} "{visible(heard.text, NAME)}" ({heard.count}x, frame {heard.frame})'
        for heard in member.names[:NAMES]
    ]
    return "; ".join(parts)


def _others(survey: Survey, stream: IO[str]) -> None:
    if survey.others:
        _comment(
            stream,
            "Hosts without a role that talk with these. If one belongs to the site, give it a line under "
            "hosts, or an allow entry:",
        )
    for other in survey.others:
        known = _known(other)
        _comment(
            stream,
            f"  {other.address}: {'; '.join((*other.evidence, *([known] if known else [])))}",
            hang="    ",
        )
    for number, behind in survey.routers.items():
        _comment(stream, f"Router: MAC {number}, {behind} addresses behind it.")
    if not survey.vendors_known:
        _comment(stream, "The vendors of MAC addresses need an extra: pip install 'portmatrix[oui]'.")


# ---------------------------------------------------------------- a drafted ruleset

_Key = tuple[str, int]


def _learned(draft: Learned, stream: IO[str], _style: Style) -> None:
    _comment(stream, f"Ruleset drafted by portmatrix {draft.version} from traffic that is called good. From:")
    _captures(draft.captures, stream)
    _comment(
        stream,
        "Read it, correct it, keep it. It states what worked while capturing, and no more: what is used once "
        "a month is not in it.",
        hang="",
    )
    stream.write(f"ruleset: {scalar(draft.name)}\n")
    stream.write(f"title: {scalar('Learned from ' + _files(draft.captures))}\n")
    stream.write("vendor: none\n")
    sums = ", ".join(info.sha256[:16] for info in draft.captures)
    stream.write(f"document: {scalar(f'Traffic of {_files(draft.captures)} (sha256 {sums})')}\n")
    stream.write("services:\n")
    for number, (service, row) in enumerate(_services(draft.rows)):
        mark = (
            f"&learned [{{what: {scalar(LEARNED[0])}, reason: {scalar(LEARNED[1])}, certainty: unknown}}]"
            if not number
            else "*learned"
        )
        fields = {"port": service, "transport": row.transport, "name": scalar(row.name)}
        fields |= {"protocol": scalar(row.protocol), "activity": row.activity, "interpretation": mark}
        stream.write(f"  - {mapping(fields)}\n")
    stream.write("editions:\n")
    for role in dict.fromkeys(row.role for row in draft.rows):
        _edition([row for row in draft.rows if row.role == role], draft, stream)
    _left(draft, stream)


def _services(rows: Sequence[LearnedRow]) -> list[tuple[str, LearnedRow]]:
    """Each service once, as its most used row tells it; neighbours that are told alike as a range."""
    best: dict[_Key, LearnedRow] = {}
    for row in rows:
        known = best.get((row.transport, row.port))
        if known is None or row.flows > known.flows:
            best[row.transport, row.port] = row
    runs: list[list[LearnedRow]] = []
    for _, row in sorted(best.items()):
        last = runs[-1][-1] if runs else None
        if last is not None and row.port == last.port + 1 and _told(row) == _told(last):
            runs[-1].append(row)
        else:
            runs.append([row])
    return [(_range([row.port for row in run]), run[0]) for run in runs]


def _told(row: LearnedRow) -> tuple[str, ...]:
    return row.transport, row.name, row.protocol, row.activity


def _range(ports: Sequence[int]) -> str:
    return str(ports[0]) if len(ports) == 1 else f"{ports[0]}-{ports[-1]}"


def _edition(rows: Sequence[LearnedRow], draft: Learned, stream: IO[str]) -> None:
    stream.write(f"  - id: learned\n    subject: {scalar(rows[0].role)}\n")
    stream.write(f"    section: {scalar('Traffic' + _when(draft.captures))}\n")
    stream.write('    versions: ">=0"\n')
    named = [row for row in rows if row.peers is not None]
    if named:
        stream.write("    peers:\n")
    for row in named:
        stream.write(f"      {row.direction}/{row.transport}/{row.port}: {listed(sorted(row.peers or ()))}\n")
    for direction in ("incoming", "outgoing"):
        columns = [row for row in rows if row.direction == direction]
        if not columns:
            continue
        stream.write(f"    {direction}:\n")
        for transport in ("tcp", "udp"):
            column = [row for row in columns if row.transport == transport]
            if column:
                stream.write(f"      {transport}:\n")
            for row in column:
                stream.write(f"        - {row.port}  # {_seen(row)}\n")


def _seen(row: LearnedRow) -> str:
    """What stands beside a port: how often, whose, with whom."""
    hosts = ", ".join(row.hosts[:NAMES]) + (
        f" and {len(row.hosts) - NAMES} more" if row.hosts[NAMES:] else ""
    )
    said = [visible(row.name, NAME), plural(row.flows, "flow"), hosts]
    if row.groups:
        said.append(f"to {', '.join(row.groups[:NAMES])}")
    if not row.replied:
        said.append("no reply seen")
    return "; ".join(said)


def _left(draft: Learned, stream: IO[str]) -> None:
    if draft.background:
        _comment(stream, "Infrastructure, recognised by itself and in no sheet:")
        for entry in draft.background:
            _comment(stream, f"  {entry.what}: {plural(entry.flows, 'flow')}")
    if draft.left:
        _comment(stream, "Not learned:")
    for entry in draft.left[:LEFT]:
        _comment(stream, f"  {entry.what}: {plural(entry.flows, 'flow')}: {entry.why}")
    if len(draft.left) > LEFT:
        _comment(stream, f"  and {len(draft.left) - LEFT} more")


FORMAT = Format("yaml", (".yaml", ".yml"), render_survey=_survey, render_learned=_learned)
