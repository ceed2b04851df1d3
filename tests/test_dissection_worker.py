"""The worker by itself: fields of a layer, and what is left off."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from analyzer.dissection.worker import fields_of


def field(name: str, **more: Any) -> SimpleNamespace:
    entry = {"name": name, "showname": None, "show": "1", "hide": False, "pos": "4", "size": "2"} | more
    return SimpleNamespace(**entry)


def layer(*fields: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(_all_fields={one.name: SimpleNamespace(all_fields=[one]) for one in fields})


def test_fields() -> None:
    made = layer(
        field("a", showname="A: one"), field("b"), field("c", hide=True), field("d", show=None, pos=None)
    )
    assert fields_of(made, 9, 9) == ([["a", "A: one", 4, 2], ["b", "b: 1", 4, 2], ["d", "d: None", 0, 2]], 0)


def test_limits() -> None:
    made = layer(*(field(f"f{at}", showname="x" * 50) for at in range(5)))
    found, left = fields_of(made, 2, 10)
    assert (len(found), left) == (2, 3)
    assert found[0][1] == "x" * 10
