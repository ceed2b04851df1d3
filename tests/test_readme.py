"""What README.md and its side pages tell a reader to type does what it says, and what they show is so."""

from __future__ import annotations

import enum
import importlib.util
import re
import shutil
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pages
import pytest

from analyzer import cli, registry, report
from analyzer.model import Cause, FindingKind, Outcome, Severity, Status, Verdict
from analyzer.rulefile import ACTIVITIES

ROOT = pages.ROOT
SIDE = ["rulesets/README.md", "analyzer/schemas/README.md"]
PAGES = ["README.md", *SIDE]
CONSOLE = [(page, block) for page in PAGES for block in pages.blocks(page, "console")]


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the samples and the files that the pages show."""
    made = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "samples", made / "samples", ignore=shutil.ignore_patterns("lab", "__pycache__"))
    for page in PAGES:
        pages.save(page, made)
    return made


def test_a_file_is_shown_alike_wherever_it_is_shown() -> None:
    shown: dict[str, str] = {}
    for page in PAGES:
        for block in pages.blocks(page):
            assert not block.file or shown.setdefault(block.file, block.body) == block.body, page
    assert "site.yaml" in shown


@pytest.mark.parametrize(
    "block", [block for _, block in CONSOLE], ids=[f"{page}: {b.body.splitlines()[0]}" for page, b in CONSOLE]
)
def test_commands_print_what_is_shown(block: pages.Block, folder: Path) -> None:
    steps = pages.steps(block)
    assert steps
    for step in steps:
        done = pages.run(step.command, folder)
        assert done.returncode == step.code, f"{step.command}\n{done.stdout}{done.stderr}"
        assert pages.shows(done.stdout, step.shown), f"{step.command} prints\n{done.stdout}"


def test_help_is_shown_whole() -> None:
    shown = [step for _, block in CONSOLE for step in pages.steps(block) if step.command.endswith("--help")]
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


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md", "samples/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target, part in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text(page)):
        there = (ROOT / page).parent / target if target else ROOT / page
        assert there.exists(), target
        if part:
            heads = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, part


def test_the_front_door_leads_to_every_page_and_names_every_command() -> None:
    for page in SIDE:
        assert f"]({page})" in text("README.md"), page
    table = re.search(r"^\| you want to \|.*?\n\n", text("README.md"), re.MULTILINE | re.DOTALL)
    assert table is not None
    named = re.findall(r"`(\w+)", " ".join(row.split("|")[2] for row in table[0].splitlines()[2:] if row))
    assert set(named) == set(registry.names(cli.__path__, cli.SHARED))


def test_the_front_door_names_every_extra() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    table = re.search(r"^\| extra \|.*?\n\n", text("README.md"), re.MULTILINE | re.DOTALL)
    assert table is not None
    first = [row.split("|")[1] for row in table[0].splitlines()[2:] if row]
    assert set(re.findall(r"`(\w+)`", " ".join(first))) == set(project["optional-dependencies"]) - {"test"}


@pytest.mark.parametrize("words", [Outcome, Verdict, Status, FindingKind])
def test_every_word_of_a_report_is_explained(words: type[enum.StrEnum]) -> None:
    explained = re.findall(r"^\| `([a-z-]+)` \|", "\n".join(map(text, PAGES)), re.MULTILINE)
    assert {word.value for word in words} <= set(explained)


def test_every_cause_of_a_failed_transfer_is_explained() -> None:
    first = [
        row.split("|")[1] for row in text("analyzer/schemas/README.md").splitlines() if row.startswith("| `")
    ]
    assert {cause.value for cause in Cause} <= set(re.findall(r"`([a-z-]+)`", " ".join(first)))


def test_every_choice_is_named() -> None:
    for severity in Severity:
        assert f"`{severity}`" in text("README.md"), severity
    for word in ACTIVITIES:
        assert f"`{word}`" in text("README.md"), word
    (sentence,) = re.findall(
        r"^(`check` writes .*?)\. Choose", text("analyzer/schemas/README.md"), re.MULTILINE
    )
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
