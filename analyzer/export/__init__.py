"""The exporters: one file a target, found by being in this folder.

An exporter is a module that holds one :class:`Target` named ``TARGET``. To add one, put a file here and its
test beside the others; nothing else is edited. What exporters share is in the modules that ``SHARED``
names.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from analyzer.errors import UsageError
from analyzer.export.rules import Policy, Wishes, build

__all__ = ["SHARED", "Policy", "Target", "Wishes", "Written", "build", "choose", "targets"]

SHARED: Final = frozenset({"comments", "filters", "firewall", "parties", "permits", "plain", "rules"})
"""Modules of this folder that are not exporters."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an exporter wrote: file name → text. ``notes`` are what the target cannot express."""

    files: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One target. ``rules``: it writes the policy's rules, so that what is to be said of them counts."""

    name: str
    title: str
    write: Callable[[Policy], Written]
    rules: bool = True


@cache
def targets() -> dict[str, Target]:
    """Every target of this folder, by name. A file that cannot be one raises, naming it."""
    found: dict[str, Target] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        if module.name in SHARED:
            continue
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        entry = getattr(loaded, "TARGET", None)
        if not isinstance(entry, Target) or entry.name != module.name:
            raise TypeError(f"{loaded.__name__}: no Target named {module.name!r} in TARGET")
        found[entry.name] = entry
    return found


def choose(name: str) -> Target:
    """The target called ``name``. Raises :class:`analyzer.errors.UsageError` that lists what there is."""
    found = targets().get(name)
    if found is None:
        raise UsageError(f"--to {name}: not available, choose from {', '.join(targets())}")
    return found
