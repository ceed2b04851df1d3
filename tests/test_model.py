"""The values between the stages stay as made, and each has one place."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

from analyzer import model

MODULES = [
    importlib.import_module(f"analyzer.model.{item.name}")
    for item in pkgutil.iter_modules(model.__path__)
    if item.name != "cells"  # columns of values, for the stages that hand over many
]
VALUES = [
    kind
    for module in MODULES
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if kind.__module__ == module.__name__
]


RECORDS = [kind for kind in VALUES if dataclasses.is_dataclass(kind)]


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_values_are_frozen(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_every_value_is_had_from_the_package() -> None:
    assert VALUES
    assert {kind.__name__ for kind in VALUES} <= set(model.__all__)
    assert all(getattr(model, kind.__name__) is kind for kind in VALUES)


def test_a_name_of_the_package_is_found_where_it_is_made() -> None:
    assert all(hasattr(model, name) for name in model.__all__)
    assert set(model.__all__) <= set(dir(model))
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = model.Nonsense


def test_only_the_values_that_are_asked_for_are_made() -> None:
    code = "import sys; from analyzer.model import Finding; print(*[m for m in sys.modules if 'model.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["analyzer.model.finding"]
