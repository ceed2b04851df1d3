"""What ``firmware`` found: transfers, update attempts and their findings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from analyzer.api.dataframe import COUNT, MAYBE, TEXT, TIME, TUPLE, WHEN, dataframe
from analyzer.api.result import findings_frame
from analyzer.model import Attempt, FirmwareReport
from analyzer.report import document

if TYPE_CHECKING:
    import pandas as pd

TRANSFER: Final = {
    "id": TEXT,
    "protocol": TEXT,
    "operation": TEXT,
    "client": TEXT,
    "server": TEXT,
    "file": TEXT,
    "mode": TEXT,
    "outcome": TEXT,
    "cause": TEXT,
    "requested": TEXT,
    "accepted": TEXT,
    "block_size": MAYBE,
    "window_size": MAYBE,
    "bytes": COUNT,
    "expected_bytes": MAYBE,
    "blocks": COUNT,
    "retransmissions": COUNT,
    "longest_gap_s": "float64",
    "rate_bytes_s": "float64",
    "attempts": COUNT,
    "first": TIME,
    "last": TIME,
    "first_frame": COUNT,
    "last_frame": COUNT,
    "detail": TEXT,
    "advice": TEXT,
    "evidence": TUPLE,
    "flows": TUPLE,
}
_STEPS: Final = ("announced", "requested", "transferring", "complete", "restarted", "came_back")
ATTEMPT: Final = {
    "id": TEXT,
    "node": TEXT,
    "gateway": TEXT,
    "outcome": TEXT,
    "reason": TEXT,
    "came_back": "boolean",
    "detail": TEXT,
    "first": TIME,
    "last": TIME,
    **{f"{step}_at": WHEN for step in _STEPS},
    "transfers": TUPLE,
    "flows": TUPLE,
}


@dataclass(frozen=True)
class FirmwareResult:
    """What ``firmware`` found. ``report`` is the :class:`analyzer.model.FirmwareReport` itself."""

    report: FirmwareReport

    @property
    def failed(self) -> bool:
        """Whether any transfer failed."""
        return any(record.outcome == "failed" for record in self.report.transfers)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``firmware --format json``, as plain Python values."""
        return document.whole(document.firmware_parts(self.report))

    @cached_property
    def transfers(self) -> pd.DataFrame:
        """One row a transfer; ``requested`` and ``accepted`` are dicts of TFTP options."""
        return dataframe(
            (
                {
                    **document.transfer(record),
                    "requested": dict(record.requested),
                    "accepted": dict(record.accepted),
                    "first": record.first,
                    "last": record.last,
                    "first_frame": record.frames[0],
                    "last_frame": record.frames[1],
                }
                for record in self.report.transfers
            ),
            TRANSFER,
        )

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """One row an update attempt; ``requested_at`` and the like are its steps, NaT if missing."""
        return dataframe(map(_attempt, self.report.attempts), ATTEMPT)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row a finding; ``flows``, ``rows`` and ``frames`` hold tuples."""
        return findings_frame(self.report.findings)

    def __repr__(self) -> str:
        counts = document.firmware_summary(self.report)["transfers"]
        return f"<{', '.join(f'{count} {word}' for word, count in counts.items() if count) or 'no transfer'}>"


def _attempt(record: Attempt) -> dict[str, Any]:
    times: dict[str, int | None] = {f"{step}_at": None for step in _STEPS}
    for event in reversed(record.timeline):  # the first of its kind stays
        name = f"{event.what.replace('-', '_')}_at"
        if name in times:
            times[name] = event.time
    return {**document.attempt(record), **times, "first": record.first, "last": record.last}
