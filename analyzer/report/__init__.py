"""The renderers: one file a format, found by being in this folder.

A renderer is a module that holds one :class:`Format` named ``FORMAT``. To add one, put a file here and
its test beside the others; nothing else is edited. Its name is the module's name. It imports what it
needs from outside the standard library inside its functions, and never another renderer: what
renderers share is in the modules that ``SHARED`` names.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import IO, Any, Final

from analyzer import model
from analyzer.errors import UsageError

SHARED: Final = frozenset(
    {
        "brief",
        "changes",
        "columns",
        "digest",
        "dissection",
        "document",
        "fast",
        "flowentries",
        "flowlines",
        "ladder",
        "layout",
        "lines",
        "live",
        "moment",
        "neutral",
        "proposal",
        "sheet",
        "visit",
    }
)
"""Modules of this folder that are not formats."""


@dataclass(frozen=True, slots=True)
class Style:
    """How the reader wants it: ``width`` in columns, ``colour`` and ``ascii`` as the output can show
    it, ``verbosity`` from -1 (``-q``) over 0 to 1 and more (``-v``). Formats for machines ignore it."""

    width: int = 80
    colour: bool = False
    ascii: bool = False
    verbosity: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """One output format.

    ``suffixes`` are the file name endings that choose it (``".json"``). A render function writes to a
    text stream, or to a binary one where ``binary`` is set; None where the format has no such report.
    ``sha256`` is False where nothing it writes shows the captures' hash, which then need not be computed.
    """

    name: str
    suffixes: tuple[str, ...]
    render_report: Callable[[model.Report, IO[Any], Style], None] | None = None
    render_flows: Callable[[model.FlowReport, IO[Any], Style], None] | None = None
    binary: bool = False
    render_firmware: Callable[[model.FirmwareReport, IO[Any], Style], None] | None = None
    render_diff: Callable[[model.Diff, IO[Any], Style], None] | None = None
    render_survey: Callable[[model.Survey, IO[Any], Style], None] | None = None
    render_dissection: Callable[[model.Dissection, IO[Any], Style], None] | None = None
    render_learned: Callable[[model.Learned, IO[Any], Style], None] | None = None
    sha256: bool = True

    def render(self, what: str) -> Callable[[Any, IO[Any], Style], None] | None:
        """The function for ``what``: the name of one of the fields above, without ``render_``."""
        functions: dict[str, Callable[[Any, IO[Any], Style], None] | None] = {
            "report": self.render_report,
            "flows": self.render_flows,
            "firmware": self.render_firmware,
            "diff": self.render_diff,
            "survey": self.render_survey,
            "dissection": self.render_dissection,
            "learned": self.render_learned,
        }
        return functions[what]


def _known() -> list[str]:
    """Names of the formats, as their files are called. Nothing is imported for that."""
    return sorted(item.name for item in pkgutil.iter_modules(__path__) if item.name not in SHARED)


@cache
def _load(name: str) -> Format:
    """The format of one file of this folder. A file that cannot be a format raises, naming it."""
    loaded = importlib.import_module(f"{__name__}.{name}")
    entry = getattr(loaded, "FORMAT", None)
    if not isinstance(entry, Format) or entry.name != name:
        raise TypeError(f"{loaded.__name__}: no Format named {name!r} in FORMAT")
    return entry


def formats() -> dict[str, Format]:
    """Every format of this folder, by name. A file that cannot be a format raises, naming it."""
    return {name: _load(name) for name in _known()}


def names(what: str) -> tuple[str, ...]:
    """Names of the formats that render ``what`` (as in :meth:`Format.render`), text first."""
    able = [name for name, entry in formats().items() if entry.render(what)]
    return tuple(sorted(able, key=lambda name: (name != "text", name)))


PLAIN: Final = (".txt", ".text", ".log")
"""Endings of a file that is to hold the format for people, whichever that is."""


def choose(name: str | None, what: str, path: str = "", default: str = "text") -> Format:
    """The format called ``name``; without a name the one of ``path``'s suffix, or ``default`` where it has
    none or is one of :data:`PLAIN`. What holds no letter, such as the end of a date, is no suffix.

    Raises :class:`analyzer.errors.UsageError` that lists what there is.
    """
    if name is None:
        return _by_suffix(what, path, default)
    found = _load(name) if name in _known() else None
    if found is None or found.render(what) is None:
        raise UsageError(f"--format {name}: not available here, choose from {', '.join(names(what))}")
    return found


def _by_suffix(what: str, path: str, default: str) -> Format:
    suffix = PurePath(path).suffix.lower()
    if suffix in PLAIN or not any(letter.isalpha() for letter in suffix):
        return _load(default)
    # The format that is called like the suffix first: it is the one, and the others need not be imported.
    for entry in map(_load, sorted(_known(), key=lambda name: suffix != f".{name}")):
        if entry.render(what) and path.lower().endswith(entry.suffixes):
            return entry
    able = (entry for entry in formats().values() if entry.render(what))
    endings = sorted({ending for entry in able for ending in entry.suffixes})
    raise UsageError(
        f"-o {path}: no format for {suffix}, choose from {', '.join(endings)}, or name one with --format"
    )
