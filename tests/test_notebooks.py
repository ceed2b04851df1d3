"""The notebooks run, draw what they promise, and are kept without their outputs."""

from __future__ import annotations

import time
from pathlib import Path

import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 120
"""For one cell on a machine that does other things as well."""


def test_there_are_two() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["one-capture", "several-sites"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "plots", "said"),
    [
        ("one-capture", 3, "Advice: Allow UDP from 10.20.0.10"),
        ("several-sites", 2, "<1 fault fixed, 0 new, 0 remain>"),
    ],
)
def test_runs(name: str, plots: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The kernel is a process of its own, started in the notebook's folder.
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    began = time.monotonic()
    nbclient.NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    assert time.monotonic() - began < SECONDS
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == plots
    assert said in "".join(output.get("text", "") for output in outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"], "a warning"
