"""What ``survey`` found: hosts, and the site file that it proposes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.api.dataframe import FLAG, TEXT, TUPLE, dataframe
from analyzer.model import Survey
from analyzer.report import Style, choose, document, proposal

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SurveyResult:
    """What ``survey`` found. ``survey`` is the :class:`analyzer.model.Survey` itself."""

    survey: Survey

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``survey --format json``, as plain Python values."""
        return document.whole(proposal.survey_parts(self.survey))

    def to_yaml(self) -> str:
        """The proposed site file."""
        stream = io.StringIO()
        render = choose("yaml", "survey").render_survey
        assert render is not None  # the format exists for this
        render(self.survey, stream, Style())
        return stream.getvalue()

    @cached_property
    def hosts(self) -> pd.DataFrame:
        """One row an address, with its line's role (empty where it is open), level and edition."""
        entries = (
            {
                "address": member.address,
                "line": line.name,
                "role": line.role,
                "level": line.level,
                "in_force": line.in_force,
                "mode": line.mode,
                "edition": line.edition,
                "mac": member.mac or "",
                "vendor": member.vendor,
                "names": tuple(heard.text for heard in member.names),
                "doubt": line.doubt,
            }
            for line in self.survey.lines
            for member in line.hosts
        )
        words = ("address", "line", "role", "level", "mode", "edition", "mac", "vendor", "doubt")
        return dataframe(entries, {**dict.fromkeys(words, TEXT), "in_force": FLAG, "names": TUPLE})

    def __repr__(self) -> str:
        hosts = sum(len(line.hosts) for line in self.survey.lines)
        return f"<{hosts} hosts in {len(self.survey.lines)} lines>"
