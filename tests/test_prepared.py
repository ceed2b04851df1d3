"""What was prepared is what reading the sheets gives, and is left alone as soon as that may be different."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import prepared, rulefile, rulesets
from analyzer.model import Edition, Ruleset, Service

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "rulesets").glob("*.yaml"))
TEXTS = [(f"rulesets/{path.name}", path.read_bytes()) for path in FILES]
READ = tuple(rulefile.parse(text.decode(), file) for file, text in TEXTS)


def module(source: str) -> types.ModuleType:
    made = types.ModuleType(prepared.MODULE)
    exec(source, made.__dict__)
    return made


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The module of the shipped sheets, as a build makes it now."""
    made = module(rulesets.prepare(ROOT / "rulesets"))
    monkeypatch.setitem(sys.modules, prepared.MODULE, made)
    return made


def test_what_is_prepared_is_what_reading_gives(ready: types.ModuleType) -> None:
    assert prepared.sheets(TEXTS) == READ == rulesets.load()
    # With the order of everything that has one.
    assert prepared.written(TEXTS, ready.sheets()) == prepared.written(TEXTS, READ)


def test_sheets_that_are_prepared_are_not_read(
    ready: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(rulefile, "parse")
    assert rulesets.load() == READ


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "igor-node.yaml").write_bytes(FILES[3].read_bytes() + b"# later\n"),
        lambda folder: (folder / "igor-node.yaml").rename(folder / "igor-nodes.yaml"),
        lambda folder: (folder / "igor-node.yaml").unlink(),
        lambda folder: (folder / "zebra.yaml").write_text(
            "ruleset: zebra\ntitle: Z\nbackground: [{protocol: arp, when: always, reason: Z}]\n"
        ),
    ],
    ids=["changed", "renamed", "gone", "another"],
)
def test_a_sheet_that_changed_is_read_again(
    change: Any, ready: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in FILES:
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(rulesets, "_folder", lambda: tmp_path)
    before = rulesets.load()
    monkeypatch.setattr(ready, "sheets", lambda: pytest.fail("what was prepared is stale"))
    change(tmp_path)
    found = {sheet.file for sheet in rulesets.load()}
    assert before == READ
    assert found == {f"rulesets/{path.name}" for path in tmp_path.glob("*.yaml")}


@pytest.mark.parametrize("name", prepared.READ_BY)
def test_sheets_are_read_again_by_code_that_changed(
    name: str, ready: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path.read_bytes

    def changed(path: Path) -> bytes:
        return whole(path) + (b"#" if path == ROOT / "analyzer" / name else b"")

    assert prepared.sheets(TEXTS) == READ
    monkeypatch.setattr(Path, "read_bytes", changed)
    assert prepared.sheets(TEXTS) is None


def test_without_anything_prepared_the_sheets_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, prepared.MODULE, None)
    assert prepared.sheets(TEXTS) is None
    assert rulesets.load() == READ


def test_everything_that_reads_a_sheet_is_known() -> None:
    code = (
        "import sys, yaml; from analyzer import rulefile, documents; documents.load\n"
        "print(*[m.__file__ for n, m in sys.modules.items() if n.startswith('analyzer.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    used = {Path(file).relative_to(ROOT / "analyzer").as_posix() for file in done.stdout.split()}
    # The model's index makes nothing, and the version number is in no sheet.
    assert used - {"model/__init__.py", "version.py"} == set(prepared.READ_BY) - {"prepared.py"}


def test_the_same_sheets_give_the_same_module() -> None:
    code = "import pathlib; from analyzer import rulesets; print(rulesets.prepare(pathlib.Path('rulesets')))"
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(told) == 1


def test_a_sheet_with_mistakes_is_not_prepared(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("ruleset: x\ntitel: X\n")
    with pytest.raises(rulesets.RulesetError, match="titel"):
        rulesets.prepare(tmp_path)


WORDS = st.text(max_size=4)
SHEETS = st.builds(
    Ruleset,
    name=WORDS,
    title=WORDS,
    vendor=WORDS,
    document=WORDS,
    file=WORDS,
    services=st.dictionaries(
        st.tuples(WORDS, st.integers()),
        st.builds(
            Service,
            transport=WORDS,
            port=st.integers(),
            name=WORDS,
            protocol=WORDS,
            reply=st.none() | st.booleans(),
            due_with=st.frozensets(WORDS),
        ),
        max_size=2,
    ),
    editions=st.tuples(
        st.builds(
            Edition,
            id=WORDS,
            subject=WORDS,
            section=WORDS,
            incoming=st.tuples(st.tuples(WORDS, st.integers())) | st.just(()),
            outgoing=st.just(()),
            columns=st.dictionaries(WORDS, st.tuples(st.none() | st.integers()), max_size=2),
        )
    ),
    observe_minutes=st.none() | st.floats(0.1, 10080),
)


@given(st.lists(SHEETS, max_size=2))
def test_any_sheet_comes_back(sheets: list[Ruleset]) -> None:
    made = module(prepared.written(TEXTS, sheets))
    assert made.sheets() == tuple(sheets)


def test_what_is_no_part_of_a_sheet_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes in a sheet"):
        prepared.written(TEXTS, [Ruleset("a", "b", "c", "d", b"e")])  # type: ignore[arg-type]
