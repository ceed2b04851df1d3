"""The exception tree, drawn once.

::

    PortmatrixError                 could not do the job: one clear line, exit code 2
    ├── UsageError                  an option or argument that cannot be meant
    ├── CaptureError                input that is unreadable or not a capture at all
    ├── DocumentError               YAML with errors; carries all of them
    │   ├── RulesetError
    │   └── SiteError
    └── MissingExtra                an optional dependency is not installed

    DissectError                    a payload that claims to be a protocol and is malformed;
                                    stays inside the recognisers, never reaches a user as an error

Damage inside a capture is not an exception: it is a :class:`analyzer.model.Problem` and the
analysis goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class PortmatrixError(Exception):
    """The job could not be done. ``str()`` is one line that names the file and the place."""

    exit_code = 2


class UsageError(PortmatrixError):
    """An option or argument that cannot be meant, such as a contradictory ``--host``."""


class CaptureError(PortmatrixError):
    """The input cannot be read, or is not a capture in any format we know."""


class Mistake(NamedTuple):
    """One error in a YAML document.

    ``line`` and ``column`` count from 1. ``hint`` says what would be right.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


class DocumentError(PortmatrixError):
    """A YAML document with errors: all of them at once, in file order."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class RulesetError(DocumentError):
    """A ruleset file that cannot be used."""


class SiteError(DocumentError):
    """A site file that cannot be used."""


class MissingExtra(PortmatrixError):
    """A feature needs a package that an extra would install."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra: pip install 'portmatrix[{extra}]'")


class DissectError(Exception):
    """A payload that is ours but malformed.

    ``offset`` is where reading stopped, ``need`` and ``have`` are byte counts from there.
    """

    def __init__(self, what: str, offset: int, need: int = 0, have: int = 0) -> None:
        self.what, self.offset, self.need, self.have = what, offset, need, have
        detail = f": needs {need} bytes, has {have}" if need else ""
        super().__init__(f"{what} at offset {offset}{detail}")
