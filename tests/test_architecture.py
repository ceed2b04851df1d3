"""The contracts in ``pyproject.toml`` hold, and each of them can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

FORBIDDEN = {
    "layers": ("analyzer/flowtable/keys.py", "from analyzer import pipeline"),
    "protocols-independent": ("analyzer/protocols/syslog.py", "from analyzer.protocols import tftp"),
    "protocols-sans-io": ("analyzer/protocols/syslog.py", "import socket"),
    "renderers-independent": ("analyzer/report/csv.py", "from analyzer.report import text"),
    "renderers-see-reports-only": ("analyzer/report/csv.py", "from analyzer.tables import FLOWS"),
    "exporters-independent": ("analyzer/export/cisco.py", "from analyzer.export import juniper"),
    "commands-independent": ("analyzer/cli/flows.py", "from analyzer.cli import check"),
    "dpkt-only-decodes": ("analyzer/flowtable/keys.py", "import dpkt"),
}
"""An import for each contract that it must refuse."""


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """``lint-imports`` on the package in ``folder``, not on the one that is installed."""
    program = (
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "analyzer", folder / "analyzer", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in result.stdout


def test_every_contract_is_tried() -> None:
    assert list(FORBIDDEN) == [contract["id"] for contract in CONTRACTS]


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_contract_can_fail(copy: Path, contract: str) -> None:
    name, statement = FORBIDDEN[contract]
    source = copy / name
    before = source.read_text(encoding="utf-8")
    source.write_text(f"{before}\n{statement}\n", encoding="utf-8")
    try:
        result = lint(copy, "--contract", contract)
    finally:
        source.write_text(before, encoding="utf-8")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Contracts: 0 kept, 1 broken." in result.stdout


def test_an_import_inside_a_function_counts(copy: Path) -> None:
    """The start-up rule puts imports into functions; that must not hide them."""
    source = copy / "analyzer/matrix.py"
    before = source.read_text(encoding="utf-8")
    source.write_text(f"{before}\ndef late():\n    from analyzer import findings\n", encoding="utf-8")
    try:
        result = lint(copy, "--contract", "layers")
    finally:
        source.write_text(before, encoding="utf-8")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "analyzer.matrix is not allowed to import analyzer.findings" in result.stdout


def test_a_module_without_a_layer_is_refused(copy: Path) -> None:
    stray = copy / "analyzer/stray.py"
    stray.write_text("", encoding="utf-8")
    try:
        result = lint(copy, "--contract", "layers")
    finally:
        stray.unlink()
    assert result.returncode == 1
    assert "stray" in result.stdout
