"""The carriers: every module and package of this folder that holds ``CARRIER``, by name."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from analyzer.transfers.carrier import Carrier

SHARED: Final = frozenset({"advice", "carrier", "collect", "draw", "images", "registry"})
"""Modules of this folder that carriers share; everything else has to be one."""


def collect(package: str, path: Iterable[str]) -> dict[str, Carrier]:
    """The carriers of the modules under ``path``, imported as ``package.<module>``, by name, sorted.

    Raises ``ImportError`` that names a module without a ``CARRIER`` that is called like it.
    """
    found = {}
    for info in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
        if info.name in SHARED:
            continue
        name = f"{package}.{info.name}"
        carrier = getattr(importlib.import_module(name), "CARRIER", None)
        if not isinstance(carrier, Carrier) or carrier.name != info.name:
            raise ImportError(f"transfer module {name} has no CARRIER of that name", name=name)
        found[carrier.name] = carrier
    return found


@functools.cache
def load() -> Mapping[str, Carrier]:
    """Every carrier of this folder by name, in alphabetical order; read once."""
    return MappingProxyType(collect(__package__, [str(Path(__file__).parent)]))
