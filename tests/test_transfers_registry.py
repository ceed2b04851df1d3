"""The folder is the registry of carriers."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzer.transfers
from analyzer.transfers import registry


def test_every_carrier_is_called_like_its_module() -> None:
    folder = Path(analyzer.transfers.__file__).parent
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert "tftp" in registry.load()
    assert set(registry.load()) == packages
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == registry.SHARED


@pytest.mark.parametrize("text", ["", "CARRIER = 1", "from analyzer.transfers.tftp import CARRIER"])
def test_a_module_without_its_carrier_is_refused(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "broken_carriers"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "gopher.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ImportError, match="gopher has no CARRIER"):
        registry.collect("broken_carriers", [str(package)])
