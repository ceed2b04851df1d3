"""Folders that are registries: each module holds one thing, under a name that is the same in all of them.

A broken module must not vanish in silence: whoever asks for it gets an error that names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Container, Iterable
from typing import TypeVar

T = TypeVar("T")


def names(path: Iterable[str], shared: Container[str] = ()) -> list[str]:
    """The modules and packages below ``path``, sorted, but for those that are ``shared`` or begin with ``_``.

    Nothing is imported for that.
    """
    found = (item.name for item in pkgutil.iter_modules(path))
    return sorted(name for name in found if name not in shared and not name.startswith("_"))


def entry(package: str, name: str, attribute: str, kind: type[T]) -> T:
    """What the module ``name`` of ``package`` holds as ``attribute``.

    Raises ``ImportError`` that names the module: it cannot be imported, it holds nothing of this ``kind``, or
    what it holds is called otherwise (``x_y`` may hold ``x-y``).
    """
    module = f"{package}.{name}"
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception as error:
        raise ImportError(f"{module} cannot be imported: {error}", name=module) from error
    if not isinstance(found, kind):
        raise ImportError(f"{module} has no {attribute} of type {kind.__name__}", name=module)
    called = str(getattr(found, "name", name))
    if called.replace("-", "_") != name:
        raise ImportError(f"{module} calls itself {called!r}", name=module)
    return found
