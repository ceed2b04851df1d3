"""A folder is the registry: what is in it is found, and what is broken in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import registry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the path of this process, of a name that nothing else has."""
    package = tmp_path / f"stalls_{abs(hash(tmp_path))}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def test_names_are_those_of_modules_and_packages_but_for_what_they_share(folder: Path) -> None:
    for name in ("pear", "apple_tree", "_pip", "shared"):
        (folder / f"{name}.py").write_text("1 / 0")
    (folder / "fig").mkdir()
    (folder / "fig" / "__init__.py").write_text("1 / 0")
    (folder / "notes.txt").write_text("")
    (folder / "crate").mkdir()
    assert registry.names([str(folder)], {"shared"}) == ["apple_tree", "fig", "pear"]
    assert registry.names([str(folder)]) == ["apple_tree", "fig", "pear", "shared"]


@pytest.mark.parametrize("name", ["fig_tree", "fig-tree"])
def test_an_entry_may_be_called_with_a_hyphen(folder: Path, name: str) -> None:
    (folder / "fig_tree.py").write_text(f"class F:\n    name = {name!r}\n\nFRUIT = F()")
    assert registry.entry(folder.name, "fig_tree", "FRUIT", object).name == name  # type: ignore[attr-defined]


def test_an_entry_need_not_have_a_name(folder: Path) -> None:
    (folder / "fig.py").write_text("FRUIT = 7")
    assert registry.entry(folder.name, "fig", "FRUIT", int) == 7


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "fig cannot be imported: division by zero"),
        ("import nowhere_at_all", "fig cannot be imported: No module named 'nowhere_at_all'"),
        ("def", "fig cannot be imported: "),
        ("", "fig has no FRUIT of type int"),
        ("FRUIT = 'fig'", "fig has no FRUIT of type int"),
        ("class F(int):\n    name = 'plum'\nFRUIT = F()", "fig calls itself 'plum'"),
    ],
)
def test_what_is_broken_is_named(folder: Path, source: str, said: str) -> None:
    (folder / "fig.py").write_text(source)
    with pytest.raises(ImportError) as caught:
        registry.entry(folder.name, "fig", "FRUIT", int)
    assert str(caught.value).startswith(f"{folder.name}.{said}")
    assert caught.value.name == f"{folder.name}.fig"
