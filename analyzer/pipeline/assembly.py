"""One check of captures that were read in parts, by other processes or at other times.

::

    pick_for_check, parts.read → Part → Assembly.add, capture by capture → report

The report is that of :func:`analyzer.pipeline.check` on the same captures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from analyzer.activity import Activity
from analyzer.model import CaptureInfo, Problem, Report, Ruleset, Site
from analyzer.observations import Observer, Watching, observers
from analyzer.parts import Merge, Part, together
from analyzer.picking import Watcher, picker
from analyzer.pipeline.judging import judge
from analyzer.pipeline.reading import info_of
from analyzer.tables import Flows, Packets
from analyzer.transfers import Collector


class Watch:
    """Who looks at single packets in a check, beside the flow table. For one analysis."""

    def __init__(self) -> None:
        self.collector, self.activity = Collector(), Activity()
        self.observers: tuple[Watching[Observer], ...] = observers()
        self.all: tuple[Watcher, ...] = (self.collector, self.activity, *self.observers)

    def judge(
        self,
        captures: Sequence[CaptureInfo],
        table: Flows,
        sheets: Sequence[Ruleset],
        place: Site,
        *,
        strict: bool,
    ) -> Report:
        """The report on what was watched, and on the flow table beside it."""
        return judge(
            captures,
            table,
            sheets,
            place,
            self.collector,
            self.activity,
            strict=strict,
            watching=self.observers,
        )


def pick_for_check() -> Callable[[Packets], Packets]:
    """What a check needs of a batch besides its flows; travels to other processes."""
    return picker(Watch().all)


class Assembly:
    """Captures added one after the other, in time order, each as its parts in order.

    ``engine`` is the decoder that read them, ``"fast"`` or ``"dpkt"``.
    """

    def __init__(self, sheets: Sequence[Ruleset], place: Site, engine: str, *, strict: bool = False) -> None:
        self._sheets, self._place, self._strict = sheets, place, strict
        self._watch = Watch()
        self._merge = Merge(engine, self._watch.all)
        self._captures: list[CaptureInfo] = []

    def add(
        self,
        path: str,
        form: str,
        parts: Iterable[Part],
        sha256: str = "",
        problems: Iterable[Problem] = (),
    ) -> None:
        """Add a capture in format ``form`` (pcap, pcapng). Its parts are used up, one held at a time.

        ``problems`` count its frames from 1.
        """
        first_frame, extents = self._merge.frame, []
        for part in parts:
            extents.append(part.extent)
            self._merge.add(part)
        self._captures.append(info_of(path, form, together(extents), sha256, problems, first_frame))

    def report(self) -> Report:
        """The report on all that was added. Once: those who watch are used up by it."""
        flows = self._merge.table.flows(spent=True)
        return self._watch.judge(self._captures, flows, self._sheets, self._place, strict=self._strict)
