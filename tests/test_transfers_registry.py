"""The folder is the registry of carriers."""

from __future__ import annotations

from pathlib import Path

import analyzer.transfers
from analyzer.transfers import registry


def test_every_carrier_is_called_like_its_module() -> None:
    folder = Path(analyzer.transfers.__file__).parent
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert "tftp" in registry.load()
    assert set(registry.load()) == packages
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == registry.SHARED
