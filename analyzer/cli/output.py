"""Where data goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import click

from analyzer import model
from analyzer.errors import UsageError
from analyzer.report import Format, Style
from analyzer.report.layout import plural
from analyzer.report.neutral import visible

MARKS: Final = "\u2713\u2192"
"""What the text renderer prints beyond ASCII where the output can show it."""

WINDOWS: Final = os.name == "nt"

NARROW, WIDE = 60, 120
UNSEEN: Final = 80
"""Columns of text that goes to a file or a pipe."""


def say(text: str) -> None:
    """``text`` on standard error behind the program's name, one line for each line of it."""
    for line in text.splitlines() or [""]:
        say_line(line)


def say_line(text: str) -> None:
    """``text`` on standard error as one line, whatever a file's name in it holds, without credentials."""
    from analyzer.urls import scrubbed  # noqa: PLC0415 - most runs say nothing

    click.echo(f"portmatrix: {visible(scrubbed(text))}", err=True)


def reader_left(error: OSError) -> bool:
    """Whether a write failed because nobody reads any more; Windows then calls it an invalid argument."""
    return isinstance(error, BrokenPipeError) or (WINDOWS and error.errno == errno.EINVAL)


def prepare() -> None:
    """Make the standard streams of a process take every character, and colours where they are a terminal.

    Data is the same bytes on every system: a line ends with one character also on Windows. The consoles of
    Windows show colours once they are asked to; click brings what asks them.
    """
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if WINDOWS and any(stream is not None and stream.isatty() for stream in streams):
        import colorama  # noqa: PLC0415 - only there

        colorama.just_fix_windows_console()
    out: Any = sys.stdout
    if WINDOWS and hasattr(out, "reconfigure") and not out.isatty():
        out.reconfigure(newline="\n")


def silence() -> None:
    """The reader of standard output has gone: let the interpreter's last flush go nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        sys.stdout = None


def style(stream: IO[Any] | None, verbosity: int, unseen: int = UNSEEN) -> Style:
    """How text looks on ``stream`` (None: a file, UTF-8); ``unseen`` columns where it is no terminal."""
    if stream is None:
        return Style(width=unseen, verbosity=verbosity)
    terminal = stream.isatty()
    columns = _columns() if terminal else unseen
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        MARKS.encode(encoding)
        plain = False
    except (UnicodeEncodeError, LookupError):
        plain = True
    return Style(
        width=min(max(columns, NARROW), WIDE),
        colour=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        ascii=plain,
        verbosity=verbosity,
    )


def _columns() -> int:
    import shutil  # noqa: PLC0415 - with all it knows of archives

    return shutil.get_terminal_size().columns


def opened(stream: IO[str] | None) -> IO[str]:
    """``stream``. Raises :class:`UsageError` where the program was started with it closed."""
    if stream is None:
        raise UsageError("standard output is closed: use -o FILE")
    return stream


def lines(texts: Iterable[str]) -> None:
    """Lines of data on standard output, made visible; a reader that went away is no failure.

    Raises :class:`UsageError` where standard output takes no more, a full disk for one.
    """
    out = opened(sys.stdout)
    try:
        for text in texts:
            out.write(visible(text) + "\n")
        out.flush()
    except OSError as error:
        if not reader_left(error):
            raise UsageError(f"standard output: {error.strerror or error}") from error
        silence()


def refuse_inputs(target: str | None, inputs: Iterable[str | None]) -> None:
    """Raise :class:`UsageError` where ``-o`` would overwrite something that is being read."""
    if target in (None, "-"):
        return
    path = Path(str(target))
    for source in inputs:
        with contextlib.suppress(OSError, ValueError):
            if source and path.exists() and path.samefile(source) and path.is_file():
                raise UsageError(f"-o {target}: is an input of this very command")


def refuse_twice(*written: tuple[str, str | None]) -> None:
    """Raise :class:`UsageError` where two of ``(option, file)`` name one file: one would be left."""
    seen: dict[str, str] = {}
    for option, target in written:
        if target in (None, "-"):
            continue
        path = os.path.realpath(str(target))
        if path in seen and (os.path.isfile(path) or not os.path.exists(path)):
            raise UsageError(f"{option} {target}: is the file of {seen[path]} too")
        seen[path] = option


def write(
    target: str | None,
    chosen: Format,
    render: Callable[[Any, IO[Any], Style], None],
    report: Any,
    verbosity: int,
    unseen: int = UNSEEN,
) -> bool:
    """Render ``report`` to ``target``, or to standard output for None and ``-``.

    Gives False where the reader of standard output went away early, which is no failure. Raises
    :class:`UsageError` for a file that cannot be written, also where that shows midway.
    """
    if target is None or target == "-":
        return _to_stdout(chosen, render, report, verbosity, unseen)
    with whole_file(target, chosen.binary) as stream:
        render(report, stream, style(None, verbosity, unseen))
    return True


def _to_stdout(
    chosen: Format,
    render: Callable[[Any, IO[Any], Style], None],
    report: Any,
    verbosity: int,
    unseen: int,
) -> bool:
    out: Any = opened(sys.stdout)
    try:
        if chosen.binary:
            if out.isatty():
                raise UsageError(f"--format {chosen.name}: is binary, use -o FILE")
            render(report, out.buffer, style(None, verbosity))
            out.buffer.flush()
            return True
        if chosen.name != "text" and hasattr(out, "reconfigure"):
            out.reconfigure(encoding="utf-8")
        render(report, out, style(out, verbosity, unseen))
        out.flush()
    except OSError as error:
        if not reader_left(error):
            raise UsageError(f"standard output: {error.strerror or error}") from error
        silence()
        return False
    return True


def _permissions(path: Path) -> int:
    """The mode of the file that is replaced, or what a newly created file would get."""
    with contextlib.suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


@contextlib.contextmanager
def whole_file(target: str, binary: bool = False, option: str = "-o") -> Iterator[IO[Any]]:
    """A stream whose content becomes ``target`` at the end, or nothing where the body raises.

    A link is followed. A device or fifo is written as it is, for it cannot be replaced. ``option`` is what
    the user named the file with. Raises :class:`UsageError` where the file cannot be made or written.
    """
    import tempfile  # noqa: PLC0415 - what goes to standard output does without it

    text: dict[str, Any] = (
        {} if binary else {"encoding": "utf-8", "newline": "", "errors": "backslashreplace"}
    )
    mode = "wb" if binary else "w"
    try:
        path = Path(os.path.realpath(target))
        if path.exists() and not path.is_file():
            if path.is_dir():
                raise UsageError(f"{option} {target}: is a directory")
            with open(path, mode, **text) as stream:
                yield stream
            return
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:60]}.", suffix=".part", dir=path.parent)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{option} {target}: {reason}") from error
    try:
        with open(handle, mode, **text) as stream:
            yield stream
        os.chmod(name, _permissions(path))
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):
            # a full disk, a quota: the error of a write names no file
            raise UsageError(f"{option} {target}: {error.strerror or error}") from error
        raise


def verdict(report: model.Report) -> str:
    """How a ``check`` ended, in one line."""
    counts = [
        plural(count, severity.value)
        for severity in model.Severity
        if (count := sum(finding.severity is severity for finding in report.findings))
    ]
    ended = "compliant" if report.compliant else "not compliant"
    return f"{ended}{': ' if counts else ''}{', '.join(counts)}"
