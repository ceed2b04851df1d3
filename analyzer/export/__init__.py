"""The exporters: one file a target, found by being in this folder.

An exporter is a module that holds one :class:`Target` named ``TARGET``. To add one, put a file here, its
test beside the others, and its name into the help (``TARGETS`` of ``analyzer/cli/export.py``). What exporters
share is in the modules that ``SHARED`` names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from analyzer import registry
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
    """Every target of this folder, by name. A file that cannot be one raises ``ImportError``, naming it."""
    names = registry.names(__path__, SHARED)
    return {name: registry.entry(__name__, name, "TARGET", Target) for name in names}


def choose(name: str) -> Target:
    """The target called ``name``. Raises :class:`analyzer.errors.UsageError` that lists what there is."""
    found = targets().get(name)
    if found is None:
        raise UsageError(f"--to {name}: not available, choose from {', '.join(targets())}")
    return found
