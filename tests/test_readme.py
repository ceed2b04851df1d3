"""What README.md tells a reader to type does what it says, and what it shows is what is printed."""

from __future__ import annotations

import enum
import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pages
import pytest

from analyzer import report
from analyzer.model import Outcome, Severity, Status, Verdict
from analyzer.rulefile import ACTIVITIES

ROOT = pages.ROOT
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = pages.blocks("README.md", "console")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the samples and the files that the page shows."""
    made = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "samples", made / "samples", ignore=shutil.ignore_patterns("lab", "__pycache__"))
    pages.save("README.md", made)
    return made


@pytest.mark.parametrize("block", CONSOLE, ids=lambda block: block.body.split("\n")[0])
def test_commands_print_what_is_shown(block: pages.Block, folder: Path) -> None:
    steps = pages.steps(block)
    assert steps
    for step in steps:
        done = pages.run(step.command, folder)
        assert done.returncode == step.code, f"{step.command}\n{done.stdout}{done.stderr}"
        assert pages.shows(done.stdout, step.shown), f"{step.command} prints\n{done.stdout}"


def test_help_is_shown_whole() -> None:
    shown = [step for block in CONSOLE for step in pages.steps(block) if step.command.endswith("--help")]
    assert [step.command for step in shown] == ["portmatrix check --help", "portmatrix flows --help"]
    assert all("..." not in step.shown and len(step.shown) > 10 for step in shown)


def test_shows_can_say_no() -> None:
    assert pages.shows("a\nb\nc\n", ("a", "...", "c"))
    assert pages.shows("a\nb\n", ("...",))
    assert pages.shows("", ())
    assert not pages.shows("a\nb\n", ("a",))
    assert not pages.shows("a\nb\nc\n", ("...", "b"))
    assert not pages.shows("a\n", ("a", "b"))
    assert not pages.shows("a\nb\n", ("b",))


@pytest.mark.parametrize("number", range(len(pages.blocks("README.md", "python"))))
def test_python_runs(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    block = pages.blocks("README.md", "python")[number]
    exec(compile(block.body, "README.md", "exec"), {})


def test_make_has_the_targets() -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"\bmake ([a-z]+)\b", "\n".join(b.body for b in pages.blocks(page, "sh")))
        assert named
        for target in named:
            assert re.search(rf"^{target}:", rules, re.MULTILINE), f"{page}: make {target}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "samples/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("words", [Outcome, Verdict, Status])
def test_every_word_of_a_report_is_explained(words: type[enum.StrEnum]) -> None:
    explained = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    assert {word.value for word in words} <= set(explained)


def test_every_choice_is_named() -> None:
    for word in (*ACTIVITIES, *(severity.value for severity in Severity)):
        assert f"`{word}`" in PAGE, word
    (sentence,) = re.findall(r"^\*\*Formats\*\*: (.*)\. Choose", PAGE, re.MULTILINE)
    stated = {
        command: tuple(re.findall(r"`(\w+)`", rest))
        for command, rest in re.findall(r"`(check|flows)` writes (.*?)(?:;|$)", sentence)
    }
    for command, what in (("check", "report"), ("flows", "flows")):
        assert set(stated[command]) == set(report.names(what))


@pytest.fixture(scope="module")
def picture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", ROOT / "samples" / "lab" / "picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["picture"] = module
    spec.loader.exec_module(module)
    return module


def drawn(svg: str) -> list[str]:
    return re.findall(r"<text [^>]*>([^<]*)</text>", svg)


def test_the_picture_is_what_is_printed(picture: ModuleType) -> None:
    """``make picture`` draws it again."""
    shown = picture.PICTURE.read_text(encoding="utf-8")
    assert drawn(shown) == drawn(picture.draw(picture.printed()))
    assert len(drawn(shown)) > 30


def test_the_picture_loads_nothing(picture: ModuleType) -> None:
    shown = picture.PICTURE.read_text(encoding="utf-8")
    assert not re.search(r"url\((?!#)|href=|@import|<script|src=", shown)
