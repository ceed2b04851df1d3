"""A case: all flows that share one cause, while it is being gathered; it becomes a finding."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from analyzer.addresses import text
from analyzer.compliance import End, Judgement
from analyzer.conversation import Conversation
from analyzer.conversations import Places, Selection
from analyzer.kinds import Array
from analyzer.model import CaptureInfo, Finding, FindingKind, Row, Severity

FRAMES: Final = 24
"""Evidence frames a finding cites: enough to see the fault, few enough to read."""
EXAMPLES: Final = 3
"""Flows a finding spells out."""


@dataclass(slots=True)
class Case:
    """One cause. ``key`` is what makes two sightings the same fault, in any run or capture."""

    kind: FindingKind
    severity: Severity
    key: tuple[str, ...]
    title: str = ""
    detail: str = ""
    near_miss: str = ""
    advice: str = ""
    waived: str = ""
    flows: Sequence[Conversation] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    frames: set[int] = field(default_factory=set)
    beside: tuple[int, ...] = ()
    """Listed ports that a scan tried as well, in vain."""
    lost: int = 0
    """How many of its flows perhaps only the capture left without an answer."""
    over: bool = False
    """Whether the ends of all flows were seen to get on later."""

    def add(self, conversation: Conversation, judgement: Judgement) -> None:
        """Count one more flow, with its legs."""
        if not isinstance(self.flows, list):
            self.flows = list(self.flows)
        self.flows.append(conversation)
        self.judgements.append(judgement)
        self.rows.update((row.id, row) for row in judgement.rows)

    def finding(self, captures: Sequence[CaptureInfo]) -> Finding:
        """The finding that reports show."""
        selected = Selection.of(self.flows)
        frames = tuple(sorted(self.frames or self._evidence()))[:FRAMES]
        severity = Severity.NOTE if self.waived else self.severity
        home = home_of(frames, captures) if len(captures) > 1 else None
        where = f" The filter is for {home.path}." if home is not None else ""
        return Finding(
            id=identify(self.kind, self.key),
            kind=self.kind,
            severity=severity,
            title=self.title,
            detail=f"{self.detail}{where}",
            near_miss=self.near_miss,
            advice=self.advice,
            flows=selected.found.ids(selected.rows),
            rows=tuple(self.rows),
            frames=frames,
            wireshark_filter=display_filter(frames, captures),
            waived=self.waived,
        )

    def _evidence(self) -> set[int]:
        """A few frames of every flow, round by round, so that many flows all get their first."""
        coming, chains = iter(self.flows), list[list[int]]()
        chosen: set[int] = set()
        while len(chosen) < FRAMES and (head := next(coming, None)) is not None:
            chains.append(sorted({frame for flow in (head, *head.legs) for frame in flow.evidence()}))
            chosen.update(chains[-1][:1])
        depth = 1
        while len(chosen) < FRAMES and any(len(chain) > depth for chain in chains):
            for chain in chains:
                if len(chain) > depth and len(chosen) < FRAMES:
                    chosen.add(chain[depth])
            depth += 1
        return chosen


def identify(kind: FindingKind, key: Iterable[str]) -> str:
    """The finding's id: its kind and a short hash of its cause."""
    digest = _sha256()("\x1f".join(key).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:8]}"


@functools.cache
def _sha256() -> Callable[[bytes], Any]:
    """SHA-256 by Python's own module (as in ``random``): ``hashlib`` starts OpenSSL, for milliseconds."""
    try:
        own = importlib.import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256")
    except ImportError:  # a Python built without it
        own = importlib.import_module("hashlib")
    made: Callable[[bytes], Any] = own.sha256
    return made


def display_filter(frames: Sequence[int], captures: Sequence[CaptureInfo]) -> str:
    """A Wireshark display filter that shows just these frames, empty without frames.

    Wireshark numbers the frames of each file from 1: the filter is for the capture of the first one.
    """
    home = home_of(frames, captures)
    if home is None:
        return ""
    numbers = [
        frame - home.first_frame + 1
        for frame in frames
        if home.first_frame <= frame < home.first_frame + home.packets
    ]
    return f"frame.number in {{{', '.join(map(str, numbers))}}}"


def home_of(frames: Sequence[int], captures: Sequence[CaptureInfo]) -> CaptureInfo | None:
    """The capture that holds the first of ``frames``; None where that is somewhere in several files."""
    for capture in captures:
        if (
            frames
            and capture.files == 1
            and capture.first_frame <= frames[0] < capture.first_frame + capture.packets
        ):
            return capture
    return None


def kind_of(end: End) -> str:
    """What an end is, for grouping: its roles, or that it has none."""
    return "everyone" if end.everyone else "+".join(sorted(end.roles)) or "undeclared"


def call(end: End, places: Places, some: Array) -> str:
    """What to call one end in a sentence, which is at ``some`` of ``places``."""
    if end.everyone:
        return "the group " + " and ".join(sorted(_text(places, place) for place in some)[:2])
    hosts = _text(places, some[0]) if len(some) == 1 else f"{len(some)} hosts"
    if not end.roles:
        return f"undeclared host {hosts}" if len(some) == 1 else f"{len(some)} undeclared hosts"
    return f"{' + '.join(end.roles)} ({hosts})"


def _text(places: Places, place: int) -> str:
    return text(*places.address(place))


def spell(conversation: Conversation) -> str:
    """One flow in one line: ends, ports, packets each way, outcome."""
    sent, received = conversation.oriented(conversation.packets)
    line = (
        f"{address(conversation, False)} -> {address(conversation, True)}, "
        f"{sent} packet{'' if sent == 1 else 's'} there, {received} back, {conversation.outcome}"
    )
    return f"{line} ({conversation.why})" if conversation.why else line


def address(conversation: Conversation, responder: bool) -> str:
    """One end as ``address:port``, IPv6 in brackets."""
    end = conversation.responder if responder else conversation.originator
    port = conversation.port if responder else conversation.originator_port
    where = text(*end)
    if not conversation.ported:
        return where
    return f"[{where}]:{port}" if end[0] == 6 else f"{where}:{port}"
