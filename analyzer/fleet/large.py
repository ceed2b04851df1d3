"""One large capture under way in pieces: what is to do next, and what has come of it so far.

::

    pieces 0, 1, 2 … → all whole → merged
                     → the first ones whole, then damage → what follows them in one go → merged
                     → cannot be cut, or damaged at once → the whole capture in one go

Parts wait in files: how large a capture is does not matter to the memory of who hands them on.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from analyzer.fleet.plan import Job
from analyzer.fleet.work import Piece, Product, batch, digest, merged, piece, rest


class Step(NamedTuple):
    """Something that a worker is to do for a capture; ``size`` is how many of its bytes that reads."""

    name: str
    call: Callable[[], Any]
    size: int = 0
    number: int = -1
    """Of the piece; -1 for a step that is none."""


class Large:
    """A capture of ``count`` pieces. ``folder`` is where its parts wait.

    ``shared`` says that workers see that folder; otherwise parts are sent to who merges them. ``work`` is
    what analyses the capture where it cannot be cut.
    """

    def __init__(
        self, job: Job, count: int, folder: str, work: Callable[[Job], Product], *, shared: bool
    ) -> None:
        self.job, self.count = job, count
        self._folder, self._work, self._shared = folder, work, shared
        self._kept: dict[int, tuple[Piece, str]] = {}
        """Pieces without their data, and the file that holds it, empty where there is none."""
        self._bad = count
        """The first piece that is known to hold damage."""
        self._rest: tuple[Piece, str] | None = None
        # The hash takes the file in one go; of a URL that would be all its bytes once more.
        self._sha256: str | None = "" if "://" in job.path else None
        self._states: set[str] = set()
        """Of the file, whenever somebody read it: more than one, and it has changed meanwhile."""
        self._stage = "piece"

    def begin(self) -> list[Step]:
        """The first steps, in any order."""
        size = (self.job.size or 0) // self.count
        first = [Step("digest", partial(digest, self.job))] if self._sha256 is None else []
        return first + [
            Step(f"piece {number}", partial(piece, self.job, number, self.count), size, number)
            for number in range(self.count)
        ]

    def wanted(self, step: Step) -> bool:
        """Whether a step that was given earlier still has to be done."""
        if step.number >= 0:
            return self._stage == "piece" and step.number < self._bad
        return self._stage == step.name or (step.name == "digest" and self._stage in ("piece", "rest"))

    def took(self, step: Step, result: Any) -> list[Step]:
        """Take the result of a step that is no yield of tables; the steps that follow from it.

        Raises ``OSError`` where there is no room for a part.
        """
        if not self.wanted(step):
            return []
        if step.name == "digest":
            self._sha256, state = result
            self._states.add(state)
        elif step.name == "rest":
            self._rest = self._put(step.name, result)
        elif result is None:
            return self._in_one_go()
        elif result.whole:
            self._kept[step.number] = self._put(step.name, result)
        else:
            self._bad = step.number
        return self._following()

    def _following(self) -> list[Step]:
        if any(number not in self._kept for number in range(self._bad)):
            return []
        held = [self._kept[number] for number in range(self._bad) if self._kept[number][1]]
        if not held:
            return self._in_one_go()
        if self._bad < self.count and self._rest is None:
            if self._stage == "rest":
                return []
            before = sum(one.packets for one, _ in held)
            size = (self.job.size or 0) * (self.count - self._bad) // self.count
            return self._then("rest", partial(rest, self.job, held[-1][0], before), size)
        if self._sha256 is None:
            return []
        if self._rest is not None:
            held.append(self._rest)
        self._states.update(one.state for one, _ in held)
        if len({one.engine for one, _ in held}) > 1 or len(self._states) > 1:
            return self._in_one_go()
        last = held[-1][0]
        given = [path if self._shared else Path(path).read_bytes() for _, path in held]
        call = partial(merged, self.job, last.form, last.engine, given, self._sha256, last.problems)
        return self._then("merged", call)

    def _in_one_go(self) -> list[Step]:
        return self._then("whole", partial(batch, self._work, (self.job,)), self.job.size or 0)

    def _then(self, name: str, call: Callable[[], Any], size: int = 0) -> list[Step]:
        self._stage = name
        return [Step(name, call, size)]

    def _put(self, name: str, made: Piece) -> tuple[Piece, str]:
        path = ""
        if made.data:
            path = os.path.join(self._folder, f"{self.job.key} {name}")
            Path(path).write_bytes(made.data)
        return made._replace(data=b""), path

    def close(self) -> None:
        """Remove the parts."""
        for _, path in (*self._kept.values(), *([self._rest] if self._rest else [])):
            if path:
                with contextlib.suppress(OSError):
                    os.unlink(path)
