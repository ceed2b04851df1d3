"""Rulesets: the vendors' sheets, shipped and the user's own.

One file each, read by :mod:`analyzer.rulefile`; every mistake of every file is reported at once. Those that
are shipped were read when the package was built, see :mod:`analyzer.prepared`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from analyzer import prepared
from analyzer.errors import Mistake, PortmatrixError, RulesetError
from analyzer.model import Edition, Ruleset

BESIDES: Final = frozenset({"bacnet-system"})
"""Roles that no sheet has as its subject and that every site may declare."""
SUFFIXES: Final = (".yaml", ".yml")
MAX_FILES: Final = 1000
"""Most files taken from one ``--rules`` directory."""


def load(extra: Sequence[str] = ()) -> tuple[Ruleset, ...]:
    """The shipped rulesets by name, then those of ``extra``: files, or directories of ``.yaml`` files.

    An extra ruleset of the same name stands in for the shipped one. Raises :class:`RulesetError` with
    the mistakes of all files, :class:`PortmatrixError` for a file that cannot be read.
    """
    mistakes: list[Mistake] = []
    texts = shipped()
    ready = prepared.sheets(texts)
    found = _parsed(texts, mistakes) if ready is None else {ruleset.name: ruleset for ruleset in ready}
    mine = _read(extra, mistakes)
    if mistakes:
        raise RulesetError(mistakes)
    return tuple({**found, **mine}.values())


def own(extra: Sequence[str]) -> tuple[Ruleset, ...]:
    """The rulesets of files or directories alone. Raises as :func:`load` does."""
    mistakes: list[Mistake] = []
    found = _read(extra, mistakes)
    if mistakes:
        raise RulesetError(mistakes)
    return tuple(found.values())


def prepare(folder: Path) -> str:
    """The source of the module that :mod:`analyzer.prepared` looks for, for the sheets of a folder.

    Raises as :func:`load` does, and ``OSError``.
    """
    mistakes: list[Mistake] = []
    texts = shipped(folder)
    found = _parsed(texts, mistakes)
    if mistakes:
        raise RulesetError(mistakes)
    return prepared.written(texts, tuple(found.values()))


def _parsed(texts: prepared.Texts, mistakes: list[Mistake]) -> dict[str, Ruleset]:
    found: dict[str, Ruleset] = {}
    for file, text in texts:
        _take(found, mistakes, text.decode("utf-8-sig"), file)
    return found


def _read(extra: Sequence[str], mistakes: list[Mistake]) -> dict[str, Ruleset]:
    if not extra:
        return {}
    from analyzer import documents  # noqa: PLC0415 - the shipped sheets are prepared, and need no YAML

    found: dict[str, Ruleset] = {}
    for path in (path for option in extra for path in _files(option)):
        _take(found, mistakes, documents.read(path), str(path))
    return found


def _take(found: dict[str, Ruleset], mistakes: list[Mistake], text: str, file: str) -> None:
    from analyzer.rulefile import parse  # noqa: PLC0415 - the same

    try:
        if text.lstrip().startswith("{"):  # JSON, as a MUD file is
            from analyzer import mudfile  # noqa: PLC0415 - few sheets are, and every check reads sheets

            if mudfile.is_mud(text):
                text, _ = mudfile.to_ruleset(text, file)
        ruleset = parse(text, file)
    except RulesetError as error:
        mistakes.extend(error.mistakes)
        return
    if ruleset.name in found:
        other = found[ruleset.name].file
        mistakes.append(Mistake(file, 1, 1, f"ruleset {ruleset.name!r} is also in {other}", "rename one"))
        return
    found[ruleset.name] = ruleset


def _folder() -> Path:
    """Where the shipped rulesets are: inside an installed package, else in the checkout."""
    found = importlib.util.find_spec("analyzer.shipped")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    return Path(places[0]) if places else Path(__file__).resolve().parents[1] / "rulesets"


def shipped(folder: Path | None = None) -> list[tuple[str, bytes]]:
    """File and bytes of the shipped rulesets, or of those in another folder.

    Raises :class:`PortmatrixError` where there are none, ``OSError`` where they cannot be read.
    """
    folder = folder or _folder()
    entries = sorted(entry for entry in folder.iterdir() if entry.name.endswith(SUFFIXES))
    if not entries:
        raise PortmatrixError(f"{folder}: the shipped rulesets are missing, install portmatrix again")
    return [(f"rulesets/{entry.name}", entry.read_bytes()) for entry in entries]


def _files(option: str) -> list[Path]:
    path = Path(option)
    try:
        if not path.is_dir():
            return [path]
        found = sorted(entry for entry in path.iterdir() if entry.suffix in SUFFIXES and entry.is_file())
    except (OSError, ValueError) as error:
        raise PortmatrixError(f"{option}: {error}") from error
    if not found:
        raise PortmatrixError(f"{option}: no ruleset in this directory (files ending in .yaml)")
    if len(found) > MAX_FILES:
        raise PortmatrixError(f"{option}: more than {MAX_FILES} files, not a directory of rulesets")
    return found


def select(edition: Edition, version: str) -> bool:
    """Whether ``edition`` speaks of a version. One chosen by mode, or without a range, never does.

    Raises ``ValueError`` for a version that :func:`analyzer.versions.parse` refuses.
    """
    from analyzer import versions  # noqa: PLC0415 - most commands have no version to compare

    return bool(edition.versions) and versions.matches(version, edition.versions)


def roles(rulesets: Iterable[Ruleset]) -> frozenset[str]:
    """Every role a site may use: subjects, the counterparts that sheets name, and ``bacnet-system``."""
    found = set(BESIDES)
    for ruleset in rulesets:
        found.update(ruleset.subjects)
        found.update(*(service.due_with for service in ruleset.services.values()))
        found.update(*(exclusion.conditional.values() for exclusion in ruleset.exclusions))
        for edition in ruleset.editions:
            found.update(edition.works_with, *edition.peers.values(), *edition.due_with.values())
    return frozenset(found)


def modes(rulesets: Iterable[Ruleset]) -> dict[str, frozenset[str]]:
    """Every mode that an edition is chosen by, with the roles that have it."""
    found: dict[str, set[str]] = {}
    for ruleset in rulesets:
        for mode in ruleset.temporary_modes:
            found.setdefault(mode, set())
        for edition in ruleset.editions:
            if edition.mode:
                found.setdefault(edition.mode, set()).add(edition.subject)
    return {mode: frozenset(roles) for mode, roles in found.items()}
