"""The choice of the flow table."""

from __future__ import annotations

import pytest

from analyzer.flowtable import FlowTable, engine, new


def test_the_reference_where_it_is_asked_for_or_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(new(reference=True)) is FlowTable
    if engine.COMPILED is not None:
        assert type(new()) is engine.COMPILED.CompiledTable
    monkeypatch.setattr(engine, "COMPILED", None)
    assert type(new()) is FlowTable
