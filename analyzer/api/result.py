"""What ``check`` found: flows, rows, findings and hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from analyzer.api.dataframe import COUNT, TEXT, TUPLE, dataframe
from analyzer.api.flows_result import flows_frame
from analyzer.model import Finding, Report
from analyzer.report import document

if TYPE_CHECKING:
    import pandas as pd

ROW: Final = {
    "id": TEXT,
    "ruleset": TEXT,
    "edition": TEXT,
    "subject": TEXT,
    "direction": TEXT,
    "transport": TEXT,
    "port": COUNT,
    "service": TEXT,
    "activity": TEXT,
    "status": TEXT,
    "outcome": TEXT,
    "flows": TUPLE,
    "reason": TEXT,
    "source_document": TEXT,
    "source_section": TEXT,
}
FINDING: Final = {
    "id": TEXT,
    "kind": TEXT,
    "severity": TEXT,
    "title": TEXT,
    "detail": TEXT,
    "near_miss": TEXT,
    "advice": TEXT,
    "flows": TUPLE,
    "rows": TUPLE,
    "frames": TUPLE,
    "wireshark_filter": TEXT,
    "waived": TEXT,
}
HOST: Final = {
    "name": TEXT,
    "addresses": TUPLE,
    "roles": TUPLE,
    "version": TEXT,
    "basis": TEXT,
    "reason": TEXT,
}


@dataclass(frozen=True)
class Result:
    """What ``check`` found. ``report`` is the :class:`analyzer.model.Report` itself."""

    report: Report

    @property
    def compliant(self) -> bool:
        """Whether there is no finding of severity ``violation``."""
        return self.report.compliant

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``check --format json``, as plain Python values."""
        return document.whole(document.report_parts(self.report))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row a flow, in order of first frame; ``rows`` holds tuples of row ids."""
        return flows_frame(self.report.flows)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row for each line of the expected matrix."""
        return dataframe(
            (
                {
                    **entry,
                    "source_document": entry["source"]["document"],
                    "source_section": entry["source"]["section"],
                }
                for entry in map(document.row, self.report.rows)
            ),
            ROW,
        )

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding; ``flows``, ``rows`` and ``frames`` hold tuples."""
        return findings_frame(self.report.findings)

    @cached_property
    def hosts(self) -> pd.DataFrame:
        """One row for each host of the site, declared or inferred."""
        return dataframe(map(document.host, self.report.hosts), HOST)

    def __repr__(self) -> str:
        findings = document.summary(self.report)["findings"]
        said = ", ".join(f"{count} {word}" for word, count in findings.items())
        return f"<{'compliant' if self.compliant else 'not compliant'}: {said}>"


def findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """One row a finding; ``flows``, ``rows`` and ``frames`` hold tuples."""
    return dataframe(map(document.finding, findings), FINDING)
