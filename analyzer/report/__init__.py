"""The renderers: one file a format, found by being in this folder.

A renderer is a module that holds one :class:`Format` named ``FORMAT``. To add one, put a file here and
its test beside the others, and a line into ``SHIPPED``. Its name is the module's name. It imports what it
needs from outside the standard library inside its functions, and never another renderer: what
renderers share is in the modules that ``SHARED`` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, Final, NamedTuple

from analyzer import model, registry
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


class Shipped(NamedTuple):
    """What a :class:`Format` says of itself: its ``suffixes``, and what it renders."""

    suffixes: tuple[str, ...]
    kinds: tuple[str, ...]


SHIPPED: Final[Mapping[str, Shipped]] = {
    "csv": Shipped((".csv",), ("report", "flows", "firmware")),
    "html": Shipped((".html", ".htm"), ("report", "firmware", "diff")),
    "json": Shipped((".json",), ("report", "flows", "firmware", "diff", "survey", "dissection")),
    "jsonl": Shipped((".jsonl", ".ndjson"), ("flows",)),
    "junit": Shipped((".junit.xml", ".xml"), ("report",)),
    "markdown": Shipped((".md", ".markdown"), ("report", "diff")),
    "parquet": Shipped((".parquet",), ("flows",)),
    "pdf": Shipped((".pdf",), ("report",)),
    "sarif": Shipped((".sarif", ".sarif.json"), ("report",)),
    "text": Shipped((".txt", ".text"), ("report", "flows", "firmware", "diff", "dissection")),
    "xlsx": Shipped((".xlsx",), ("report", "flows")),
    "yaml": Shipped((".yaml", ".yml"), ("survey", "learned")),
}
"""The formats that help and a file's ending choose from without importing them all; one that is only a file
here is asked itself."""


def _load(name: str) -> Format:
    return registry.entry(__name__, name, "FORMAT", Format)


def formats() -> dict[str, Format]:
    """Every format of this folder, by name. A file that cannot be a format raises, naming it."""
    return {name: _load(name) for name in registry.names(__path__, SHARED)}


def _suffixes(what: str) -> dict[str, tuple[str, ...]]:
    """The file name endings of the formats that render ``what``, by the name of the format, sorted."""
    able = {}
    for name in registry.names(__path__, SHARED):
        if name in SHIPPED:
            if what in SHIPPED[name].kinds:
                able[name] = SHIPPED[name].suffixes
        elif _load(name).render(what):
            able[name] = _load(name).suffixes
    return able


def names(what: str) -> tuple[str, ...]:
    """Names of the formats that render ``what`` (as in :meth:`Format.render`), text first."""
    return tuple(sorted(_suffixes(what), key=lambda name: (name != "text", name)))


PLAIN: Final = (".txt", ".text", ".log")
"""Endings of a file that is to hold the format for people, whichever that is."""


def choose(name: str | None, what: str, path: str = "", default: str = "text") -> Format:
    """The format called ``name``; without a name the one of ``path``'s suffix, or ``default`` where it has
    none or is one of :data:`PLAIN`. What holds no letter, such as the end of a date, is no suffix.

    Raises :class:`analyzer.errors.UsageError` that lists what there is.
    """
    if name is None:
        return _by_suffix(what, path, default)
    if name not in names(what):
        raise UsageError(f"--format {name}: not available here, choose from {', '.join(names(what))}")
    return _load(name)


def by_ending(name: str | None, path: str | None, endings: Mapping[str, str]) -> str:
    """One of a few formats, which no file here renders: as :func:`choose` does it.

    ``endings`` gives the formats by the file name endings that choose them, ``""`` the one for people first.
    """
    known = tuple(dict.fromkeys(endings.values()))
    if name is not None:
        if name not in known:
            raise UsageError(f"--format {name}: not available here, choose from {', '.join(known)}")
        return name
    suffix = PurePath(path or "").suffix.lower()
    if _people(suffix):
        return endings[""]
    if suffix not in endings:
        raise _unknown(path, suffix, endings)
    return endings[suffix]


def _people(suffix: str) -> bool:
    return suffix in PLAIN or not any(letter.isalpha() for letter in suffix)


def _unknown(path: str | None, suffix: str, endings: Iterable[str]) -> UsageError:
    known = ", ".join(sorted({*endings} - {""}))
    return UsageError(f"-o {path}: no format for {suffix}, choose from {known}, or name one with --format")


def _by_suffix(what: str, path: str, default: str) -> Format:
    suffix = PurePath(path).suffix.lower()
    if _people(suffix):
        return _load(default)
    able = _suffixes(what)
    for name, endings in able.items():
        if path.lower().endswith(endings):
            return _load(name)
    raise _unknown(path, suffix, (ending for endings in able.values() for ending in endings))
