"""What ``diff`` found: findings and rows that changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.api.dataframe import TEXT, dataframe
from analyzer.model import Diff
from analyzer.report import changes, document

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DiffResult:
    """What ``diff`` found. ``diff`` is the :class:`analyzer.model.Diff` itself."""

    diff: Diff

    @property
    def differs(self) -> bool:
        """Whether anything changed."""
        return self.diff.differs

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``diff --format json``, as plain Python values."""
        return document.whole(changes.parts(self.diff))

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding: ``change``, id, kind, severity, title, ``reason``."""
        entries = (
            {**(entry["new"] or entry["old"]), **entry} for entry in changes.parts(self.diff)["findings"]
        )
        return dataframe(
            entries, dict.fromkeys(("change", "id", "kind", "severity", "title", "reason"), TEXT)
        )

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row for each line of the matrix whose status changed: ``id``, ``service``, ``old``, ``new``."""
        columns = dict.fromkeys(("id", "service", "old", "new", "old_reason", "new_reason"), TEXT)
        return dataframe(changes.parts(self.diff)["rows"], columns)

    def __repr__(self) -> str:
        return f"<{changes.headline(self.diff)}>"
