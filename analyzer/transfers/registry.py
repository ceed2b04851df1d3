"""The carriers: every module and package of this folder that holds ``CARRIER``, by name."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from analyzer import registry
from analyzer.late import Late
from analyzer.transfers.carrier import Carrier

SHARED: Final = frozenset({"advice", "carrier", "collect", "draw", "images", "registry"})
"""Modules of this folder that carriers share; everything else has to be one."""


@functools.cache
def load() -> Mapping[str, Carrier]:
    """Every carrier of this folder by name, in alphabetical order; read once.

    Raises ``ImportError``, see :func:`analyzer.registry.entry`.
    """
    names = registry.names([str(Path(__file__).parent)], SHARED)
    return MappingProxyType({name: registry.entry(__package__, name, "CARRIER", Late) for name in names})
