"""What the user asked for, and what that says of sheets and site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from analyzer import (
    rulesets,
    site,
)
from analyzer.model import (
    Ruleset,
    Site,
)

if TYPE_CHECKING:
    from analyzer.capture.begun import Begun


@dataclass(frozen=True)
class Options:
    """What the user asked for. ``sources`` are paths, directories, ``-`` or URLs."""

    sources: tuple[str, ...]
    site: str | None = None
    hosts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    strict: bool = False
    engine: str = "auto"
    stdin: BinaryIO | None = None
    """What ``-`` reads; None: the process's own standard input."""
    sha256: bool = True
    """Whether the hash of the captures is wanted; else it may be empty."""
    begun: Begun | None = field(default=None, compare=False)
    """What was begun of the only source, with the hash if that is wanted. Whoever began it closes it."""


def expected(options: Options) -> tuple[tuple[Ruleset, ...], Site]:
    """The sheets and the site that the user named."""
    sheets = rulesets.load(options.rules)
    roles, modes = rulesets.roles(sheets), rulesets.modes(sheets)
    stated = site.load(options.site, roles, modes) if options.site is not None else None
    hosts = [site.parse_host(option, roles, modes) for option in options.hosts]
    place = site.combine(stated, hosts, options.activities)
    return sheets, place
