"""What the user told us, or what we inferred, about the building."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Host:
    """A host entry of the site: one name, one or more networks, one or more roles.

    ``networks`` are strings as written: an address, a CIDR or a range ``a-b``. ``basis`` is
    ``declared`` or ``inferred``; ``reason`` says why where inferred. ``version`` and ``mode`` are
    empty where unknown.
    """

    name: str
    networks: tuple[str, ...]
    roles: tuple[str, ...]
    version: str = ""
    mode: str = ""
    basis: Literal["declared", "inferred"] = "declared"
    reason: str = ""
    edition: str = ""
    """The edition that the traffic speaks for, where no version or mode was stated: always an inference."""


@dataclass(frozen=True, slots=True)
class Allow:
    """A site's own row, also the waiver of a finding. Ends are host names, roles, networks or
    ``any``; ``port`` None means every port."""

    source: str
    target: str
    transport: str
    port: int | None
    reason: str
    owner: str = ""
    until: datetime.date | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """What the user told us, or what we inferred, about the building."""

    name: str = ""
    hosts: tuple[Host, ...] = ()
    activities: frozenset[str] = frozenset({"operation"})
    allow: tuple[Allow, ...] = ()
    observe_minutes: float | None = None
    declared: bool = True
