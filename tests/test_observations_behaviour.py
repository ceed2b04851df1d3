"""The folder is the registry of behaviours, and one that says nothing is silent."""

from __future__ import annotations

from pathlib import Path

import analyzer.observations
from analyzer.observations import Setting, behaviour
from analyzer.visibility import Visibility

FOLDER = Path(analyzer.observations.__file__).parent


def test_every_package_is_found_in_order() -> None:
    packages = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert list(behaviour.load()) == sorted(packages) == ["bacnet", "biostar", "igor"]
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == behaviour.SHARED


def test_one_that_says_nothing_is_silent() -> None:
    one, nothing = behaviour.Behaviour("quiet"), Setting([], Visibility([]))
    assert (one.observer, list(one.tell(nothing)), one.near(nothing)) == (None, [], {})
