"""The examples of CONTRIBUTING.md work in a copy of the repository, each being one file and its test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pages
import pytest

ROOT = pages.ROOT


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the files that the page shows put where it says, and no other change."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("analyzer", "rulesets"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    saved = pages.save("CONTRIBUTING.md", folder)
    assert [path.relative_to(folder).as_posix() for path in saved] == [
        "analyzer/protocols/modbus.py",
        "tests/test_protocols_modbus.py",
        "rulesets/acme-meter.yaml",
        "tests/test_acme_meter.py",
        "analyzer/report/hosts.py",
        "analyzer/export/listing.py",
        "tests/test_export_listing.py",
    ]
    # The marker of an editable install: without it the rulesets are read from beside the package.
    (folder / "sitecustomize.py").write_text(HERE, encoding="utf-8")
    return folder


HERE = """\
import importlib, importlib.util, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
"""
"""An editable install of the real repository must not answer for the copy's rulesets."""


def python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    environment.pop("PYTEST_ADDOPTS", None)
    environment.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_files_are_new() -> None:
    """Or the example would replace a file that the project has by now."""
    shown = [block.file for block in pages.blocks("CONTRIBUTING.md") if block.file]
    assert not [name for name in shown if (ROOT / name).exists()]


def test_the_tree_names_every_module() -> None:
    (tree,) = (block.body for block in pages.blocks("CONTRIBUTING.md", "text"))
    shown = set(re.findall(r"[a-z]+(?:\.py|/)(?=[\s:])", tree))
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "analyzer").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    there -= {"__init__.py", "__main__.py", "version.py"}
    assert there <= shown
    assert shown - there <= {"analyzer/", "rulesets/", "samples/", "tests/", "lab/"}


def test_the_tests_of_the_examples_pass(copy: Path) -> None:
    done = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_the_protocol_is_found(copy: Path) -> None:
    program = "from analyzer.protocols import claims; print([p.name for p in claims('tcp', 502)])"
    assert python(copy, "-c", program).stdout == "['modbus']\n"


def test_the_sheet_is_shipped_and_judges(copy: Path) -> None:
    listed = python(copy, "-m", "analyzer", "rules", "list")
    assert "\nigor-gateway: " in listed.stdout
    assert "acme-meter: Acme energy meter, network ports\n" in listed.stdout
    capture = ROOT / "samples" / "unexpected-service" / "capture.pcapng"
    host = "acme-meter=10.20.0.99@2.1"
    checked = python(copy, "-m", "analyzer", "check", str(capture), "--host", host, "--format", "json")
    assert checked.returncode == 1, checked.stderr
    assert '"acme-meter/2.0+/incoming/tcp/443"' in checked.stdout


def test_the_format_is_offered(copy: Path) -> None:
    capture = ROOT / "samples" / "unexpected-service" / "capture.pcapng"
    host = "igor-gateway=10.20.0.10@5.1.0"
    done = python(copy, "-m", "analyzer", "check", str(capture), "--host", host, "--format", "hosts")
    assert done.stdout == "10.20.0.10\tigor-gateway\t5.1.0\n", done.stderr


def test_the_target_is_offered(copy: Path) -> None:
    hosts = ("--host", "igor-gateway=10.20.0.10@5.1.0", "--host", "igor-node=10.20.1.21@6.0.2")
    done = python(copy, "-m", "analyzer", "export", "--to", "listing", *hosts)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("permit\t")
    assert "portmatrix: answers have to pass as well\n" in done.stderr


def test_the_contracts_hold_with_the_examples(copy: Path) -> None:
    done = python(copy, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)], ids=["ruff", "format", "mypy"]
)
def test_the_tools_find_nothing_in_the_examples(copy: Path, command: tuple[str, ...]) -> None:
    shown = [block.file for block in pages.blocks("CONTRIBUTING.md", "python") if block.file]
    files = [name for name in shown if command != ("mypy",) or name.startswith("analyzer/")]
    done = python(copy, "-m", *command, *files)
    assert done.returncode == 0, done.stdout + done.stderr
