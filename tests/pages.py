"""Reads the Markdown pages of the repository, so that tests can do what they tell a reader to do."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block: its language, its text, and the file it is to be saved as (empty: none)."""

    kind: str
    body: str
    file: str


class Step(NamedTuple):
    """A command of a ``console`` block, the lines shown after it, and its exit code."""

    command: str
    shown: tuple[str, ...]
    code: int


def blocks(page: str, kind: str = "") -> list[Block]:
    """The fenced blocks of a page of the repository, of one kind or of all."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [Block(match["kind"], match["body"], match["file"] or "") for match in _FENCE.finditer(text)]
    return [block for block in found if kind in ("", block.kind)]


def steps(block: Block) -> list[Step]:
    """The commands of a ``console`` block. ``$ echo $?`` states the code of the command before it, else 0."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        if command == "echo $?":
            found[-1] = found[-1]._replace(code=int(shown[0]))
        else:
            found.append(Step(command, tuple(shown), 0))
    return found


def save(page: str, folder: Path) -> list[Path]:
    """Write the files that a page shows into ``folder``, and give their paths."""
    paths: list[Path] = []
    for block in blocks(page):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
            paths.append(path)
    return paths


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a ``portmatrix`` command as a reader would, 80 columns wide, without a shell."""
    program, *arguments = shlex.split(command)
    assert program == "portmatrix", command
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def shows(output: str, shown: tuple[str, ...]) -> bool:
    """Whether ``output`` is ``shown``, where a line ``...`` stands for any lines."""
    lines = output.rstrip("\n").split("\n") if output.strip() else []
    at, gap = 0, False
    for line in shown:
        if line == "...":
            gap = True
            continue
        while gap and at < len(lines) and lines[at] != line:
            at += 1
        if at == len(lines) or lines[at] != line:
            return False
        at, gap = at + 1, False
    return gap or at == len(lines)
