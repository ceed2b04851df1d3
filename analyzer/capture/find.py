"""From what the user named to captures in time order."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO, TextIO, cast

from analyzer.capture.capture import Capture, Unrecognised
from analyzer.capture.source import Kept, Raw, one_line
from analyzer.capture.windows import WINDOW
from analyzer.errors import CaptureError


def find(
    sources: Sequence[str],
    stdin: BinaryIO | None = None,
    *,
    hash: bool = True,  # noqa: A002 - the word for it
    window: int = WINDOW,
) -> list[Capture]:
    """The captures behind ``sources``, ordered by the time of their first packet; those without any come
    last.

    A source is a path, a directory (the captures directly in it, told by content), ``-`` for ``stdin``
    (by default the process's own), or a URL that fsspec opens. A file named twice is read once. Only
    heads are read. ``Capture.path`` has a URL without its credentials. ``hash`` asks for
    ``Capture.sha256``; ``window`` is how many bytes are held at a time.

    Raises :class:`CaptureError` (one line that names the file) for what is missing, unreadable or not a
    capture, and :class:`MissingExtra` for a URL without fsspec.
    """
    captures: list[Capture] = []
    seen: set[object] = set()

    def add(path: str, identity: object, open_raw: Callable[[], Raw], size: int | None) -> None:
        if identity not in seen:
            captures.append(Capture(path, open_raw, size=size, hashed=hash, window=window))
            seen.add(identity)

    for source in sources:
        if source == "-":
            stream = once(standard_input(stdin), owned=False)
            add("-", "-", stream, None)
        elif "://" in source:
            shown, open_raw, size = _remote(source)
            add(shown, source, open_raw, size)
        elif os.path.isdir(source):
            _directory(source, add)
        else:
            _file(source, add)
    # sorted() is stable: captures that begin at one time keep the order in which they were named.
    return sorted(captures, key=lambda capture: (capture.first_time is None, capture.first_time or 0))


_Add = Callable[[str, object, Callable[[], Raw], int | None], None]


def standard_input(given: BinaryIO | None = None) -> Raw:
    """What ``-`` reads: ``given``, else the process's own standard input.

    Raises :class:`CaptureError` where that is closed.
    """
    if given is not None:
        return cast("Raw", given)
    # None where the program was started with its standard input closed, whatever the type says
    opened: TextIO | None = sys.stdin
    if opened is None:
        raise CaptureError("standard input: is closed")
    return opened.buffer


def once(raw: Raw, *, owned: bool) -> Callable[[], Raw]:
    """An opener for what can be read only once: the first opening looks at the head, the second reads on."""
    kept = Kept(raw, owned=owned)
    opened = False

    def open_raw() -> Raw:
        nonlocal opened
        if opened:
            kept.rewind()
        opened = True
        return kept

    return open_raw


def identity(state: os.stat_result, path: str) -> tuple[int, int | str]:
    """The file, whatever its name. Where files have no number, as on Windows on the folders that a virtual
    machine shares, it is the name.
    """
    return state.st_dev, state.st_ino or os.path.normcase(os.path.realpath(path))


def _opened(path: str) -> Raw:
    return cast("Raw", open(path, "rb", buffering=0))


def _file(path: str, add: _Add) -> None:
    try:
        state = os.stat(path)
        if stat.S_ISREG(state.st_mode):
            with open(path, "rb"):
                pass
    except (OSError, ValueError) as error:
        raise CaptureError(f"{path}: cannot be read: {one_line(error)}") from error
    if stat.S_ISREG(state.st_mode):
        add(path, identity(state, path), lambda: _opened(path), state.st_size)
        return
    try:
        raw = _opened(path)
    except OSError as error:
        raise CaptureError(f"{path}: cannot be read: {one_line(error)}") from error
    add(path, identity(state, path), once(raw, owned=True), None)


def _directory(path: str, add: _Add) -> None:
    """Every capture directly inside; other files are passed over, other kinds of entry not opened (a
    FIFO would block).
    """
    found = False

    def noted(*arguments: object) -> None:
        nonlocal found
        add(*arguments)  # type: ignore[arg-type]
        found = True

    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise CaptureError(f"{path}: cannot be read: {one_line(error)}") from error
    for name in names:
        entry = os.path.join(path, name)
        if os.path.isfile(entry):
            try:
                _file(entry, noted)
            except Unrecognised:
                continue
    if not found:
        below = any(os.path.isdir(os.path.join(path, name)) for name in names)
        also = "; those in it are not searched" if below else ""
        raise CaptureError(f"{path}: no capture in this directory{also}")


def _remote(url: str) -> tuple[str, Callable[[], Raw], int | None]:
    from analyzer import urls  # noqa: PLC0415 - only URLs need it
    from analyzer.capture import remote  # noqa: PLC0415

    size = remote.state(url).size
    return urls.shown(url), lambda: remote.opened(url, size), size
