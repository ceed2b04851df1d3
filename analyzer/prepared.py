"""The shipped sheets as Python, written when the package is built: a command starts without reading YAML.

The module that is written says of which bytes it was made: those of the sheets, and those of the code that
reads them. Where either is another now, the sheets are read again, so what is prepared is never out of step.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from importlib.util import source_hash
from pathlib import Path
from typing import Any, Final

from analyzer.model import Ruleset

MODULE: Final = "analyzer.shipped._sheets"
"""Beside the sheets that it was made of."""

READ_BY: Final = (
    *("documents/__init__.py", "documents/node.py", "documents/reader.py", "documents/tree.py", "errors.py"),
    *("model/sheet.py", "prepared.py", "rulefile.py", "versions.py"),
)
"""The sources of all that takes part in reading a sheet, and in writing it down."""

Texts = Sequence[tuple[str, bytes]]
"""The sheets: each one's file, as messages name it, and its bytes."""


def sheets(texts: Texts) -> tuple[Ruleset, ...] | None:
    """The rulesets of ``texts``, in their order; None where they were not prepared as they are now."""
    try:
        module = importlib.import_module(MODULE)
        made_of = _made_of(texts)
    except (ImportError, OSError):
        return None
    if made_of != module.MADE_OF:
        return None
    prepared: tuple[Ruleset, ...] = module.sheets()
    return prepared


def written(texts: Texts, rulesets: Sequence[Ruleset]) -> str:
    """The source of :data:`MODULE`: ``rulesets`` are what reading ``texts`` gives. The same each time.

    Raises ``TypeError`` for a value that is no part of a sheet, ``OSError`` where our sources are not here.
    """
    return (
        '"""Made by setup.py from the sheets beside it; of no use once they, or what reads them, change."""'
        "\n\nfrom analyzer.model.sheet import *\n\n"
        f"MADE_OF = {_made_of(texts)!r}\n\n\n"
        f"def sheets():\n    return {_source(tuple(rulesets))}\n"
    )


def _made_of(texts: Texts) -> bytes:
    """A hash of the sheets and of what reads them, as Python keeps one of a source with its bytecode."""
    here = Path(__file__).parent
    parts = [part for file, text in texts for part in (file.encode(), text)]
    parts += [(here / name).read_bytes() for name in READ_BY]
    return source_hash(b"".join(len(part).to_bytes(8, "big") + part for part in parts))


def _source(value: Any) -> str:
    """The expression that makes ``value``."""
    if dataclasses.is_dataclass(value):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return f"{type(value).__name__}({', '.join(f'{name}={_source(part)}' for name, part in fields)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_source(key)}: {_source(part)}" for key, part in value.items()) + "}"
    if type(value) is tuple:
        return "(" + "".join(f"{_source(part)}, " for part in value) + ")"
    if isinstance(value, frozenset):
        return f"frozenset(({''.join(f'{_source(part)}, ' for part in sorted(value))}))"
    if value is None or type(value) in {str, int, float, bool}:
        return repr(value)
    raise TypeError(f"{type(value).__name__} in a sheet")
