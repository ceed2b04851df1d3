"""Which captures there are, and which site each belongs to."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from analyzer import documents
from analyzer.capture.source import one_line
from analyzer.documents import Reader
from analyzer.errors import SiteError, UsageError
from analyzer.fleet.sizes import HINT, bytes_of
from analyzer.urls import shown
from analyzer.version import VERSION

FLEET_FILE: Final = "fleet.yaml"
"""Beside the site files: says which captures belong to which site where folder names do not."""
UNASSIGNED: Final = "unassigned"
"""The site of captures that belong to none: roles are inferred there."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
"""What a site file may be called: its name becomes a folder of the results."""

MEANT: Final = re.compile(r"\.(?:pcap|pcapng|cap)\d*(?:\.(?:gz|zst|lz4|xz))?$", re.IGNORECASE)
"""What a file is called that is meant to be a capture, whatever it holds. tcpdump numbers rotated files."""


class Found(NamedTuple):
    """A file that may be a capture. ``state`` changes when it does; ``named``: it is meant to be one.

    ``url`` is what opens it, where ``path`` leaves out credentials.
    """

    path: str
    size: int | None
    state: str
    named: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One capture to analyse, with everything that the analysis depends on.

    ``key`` is the same in another run exactly if nothing that the result depends on has changed; credentials
    are none of it. ``path`` is a path or a URL without them, to be shown and kept; ``where`` opens it.
    ``site_text`` and ``rules`` (name → text) are the files themselves: a worker's machine may not see them.
    """

    key: str
    path: str
    size: int | None
    site: str
    site_text: str | None
    rules: tuple[tuple[str, str], ...]
    activities: tuple[str, ...]
    strict: bool
    named: bool
    # Where workers log what they were given, it is not among it.
    url: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The path, or the URL with its credentials."""
        return self.url or self.path


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to do. ``sites`` are all that are known, also those without a capture. ``split`` is the size
    beyond which the fleet file has a capture read in pieces, None where it says nothing.
    """

    jobs: tuple[Job, ...]
    sites: tuple[str, ...]
    split: int | None = None


class Assignment(NamedTuple):
    """One line of the fleet file: captures whose path matches belong to the site."""

    site: str
    match: str


def plan(
    sources: Sequence[str],
    sites: str | None = None,
    rules: Sequence[str] = (),
    activities: Sequence[str] = (),
    *,
    strict: bool = False,
) -> Plan:
    """The jobs for ``sources``: paths, directories (searched to the bottom), globs, fsspec URLs and globs.

    ``sites`` is a directory of site files; a capture belongs to the site whose file is named like a folder
    of its path, or like the beginning of its own name, unless the fleet file says otherwise. Raises
    :class:`UsageError` where a source names nothing, :class:`CaptureError` where a URL cannot be listed,
    :class:`SiteError` for a fleet file with mistakes.
    """
    texts = _site_files(sites)
    assigned, split = _fleet_file(sites, texts)
    sheets = tuple((os.path.basename(path), documents.read(path)) for path in _rule_files(rules))
    jobs: dict[str, Job] = {}
    bases: dict[str, str] = {}
    for found in _told_apart(_found(sources)):
        if found.path in jobs:
            continue
        site = site_of(found.path, texts, assigned)
        text = texts.get(site)
        if site not in bases:
            bases[site] = _hash(VERSION, site, text, sheets, tuple(activities), strict)
        key = _hash(found.path, found.state, bases[site])[:24]
        jobs[found.path] = Job(
            key, found.path, found.size, site, text, sheets, tuple(activities), strict, found.named, found.url
        )
    return Plan(tuple(jobs.values()), tuple(texts), split)


def site_of(path: str, sites: Collection[str], assigned: Iterable[Assignment] = ()) -> str:
    """The site that a capture belongs to; ``UNASSIGNED`` where nothing tells.

    The fleet file decides first, in its order; then the innermost folder named like a site; then the longest
    site that the file's name begins with, up to a separator. A mapping or set of ``sites`` is asked, not
    walked through: there may be 100,000 of them, and as many captures.
    """
    normal = path.replace("\\", "/")
    for entry in assigned:
        if "{site}" in entry.match:
            named = [site for site in _within(normal, sites) if _matches(normal, entry.match, site)]
            if named:
                return named[0] if len(named) == 1 else next(site for site in sites if site in named)
        elif fnmatch.fnmatchcase(normal, entry.match):
            return entry.site
    *folders, name = PurePosixPath(normal).parts or ("",)
    for folder in reversed(folders):
        if folder in sites:
            return folder
    for end in range(len(name), 0, -1):
        if name[:end] in sites and not name[end : end + 1].isalnum():
            return name[:end]
    return UNASSIGNED


def _within(path: str, sites: Collection[str]) -> set[str]:
    """Sites whose name is somewhere in ``path``."""
    ends = range(1, len(path) + 1)
    return {path[begin:end] for end in ends for begin in range(end) if path[begin:end] in sites}


def _matches(path: str, pattern: str, site: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern.replace("{site}", glob.escape(site)))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


# ---------------------------------------------------------------- sites


def _site_files(folder: str | None) -> dict[str, str]:
    if folder is None:
        return {}
    if not os.path.isdir(folder):
        raise UsageError(f"--sites {folder}: is no directory")
    texts = {}
    for path in sorted(Path(folder).glob("*.yaml")):
        if path.name == FLEET_FILE:
            continue
        if not NAME.fullmatch(path.stem) or path.stem == UNASSIGNED:
            raise UsageError(f"{path}: a site's file is named by letters, digits, '.', '_' and '-'")
        texts[path.stem] = documents.read(path)
    if not texts:
        raise UsageError(f"--sites {folder}: holds no site file (*.yaml)")
    return texts


def _fleet_file(folder: str | None, sites: Iterable[str]) -> tuple[list[Assignment], int | None]:
    """The lines of the fleet file, and the size beyond which a capture is read in pieces.

    ``{site}`` in a pattern stands for the name of each site in turn.
    """
    path = os.path.join(folder, FLEET_FILE) if folder is not None else ""
    if not os.path.exists(path):
        return [], None
    reader = Reader(path)
    root = documents.load(documents.read(path), reader)
    lines = []
    fields = reader.fields(root, "a fleet", (), ("captures", "split")) if root is not None else {}
    for item in reader.items(fields.get("captures"), "captures"):
        entry = reader.fields(item, "an entry of captures", ("match",), ("site",))
        site, match = (reader.text(entry.get(name), name) for name in ("site", "match"))
        if "{site}" not in match and site not in sites:
            reader.note(entry.get("site", item), f"no site file is named {site!r}", f"{site}.yaml")
        lines.append(Assignment(site, match))
    split = None
    if text := reader.text(fields.get("split"), "split"):
        try:
            split = bytes_of(text)
        except ValueError as error:
            reader.note(fields["split"], f"split: {error}", HINT)
    if reader.mistakes:
        raise SiteError(reader.mistakes)
    return lines, split


def _rule_files(rules: Iterable[str]) -> Iterator[str]:
    for path in rules:
        if os.path.isdir(path):
            yield from sorted(map(str, Path(path).glob("*.yaml")))
        else:
            yield path


# ---------------------------------------------------------------- captures


def _found(sources: Sequence[str]) -> Iterator[Found]:
    for source in sources:
        found = list(_remote(source) if "://" in source else _local(source))
        if not found:
            raise UsageError(f"{shown(source)}: names no file")
        yield from found


def _told_apart(files: Iterable[Found]) -> Iterator[Found]:
    """Files that only their credentials tell apart, numbered as they come."""
    seen: set[str] = set()
    alike = Counter[str]()
    for found in files:
        if not found.url:
            yield found
        elif found.url not in seen:
            seen.add(found.url)
            alike[found.path] += 1
            again = alike[found.path]
            yield found if again == 1 else found._replace(path=f"{found.path}#{again}")


def _local(source: str) -> Iterator[Found]:
    paths = [source] if os.path.exists(source) else sorted(glob.glob(source, recursive=True))
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders.sort()
                for name in sorted(names):
                    yield from _file(os.path.join(folder, name), named=False)
        else:
            yield from _file(path, named=path == source)


def _file(path: str, *, named: bool) -> Iterator[Found]:
    try:
        if os.path.isfile(path):
            state = os.stat(path)
            meant = named or MEANT.search(path) is not None
            yield Found(path, state.st_size, f"{state.st_size} {state.st_mtime_ns}", meant)
    except OSError as error:
        if named:
            raise UsageError(f"{path}: cannot be read: {one_line(error)}") from error


def _remote(source: str) -> Iterator[Found]:
    from analyzer.capture import remote  # noqa: PLC0415 - only URLs need it

    for url, size, state, named in remote.entries(source):
        path = shown(url)
        meant = named or MEANT.search(path.partition("?")[0]) is not None
        yield Found(path, size, state, meant, "" if url == path else url)
