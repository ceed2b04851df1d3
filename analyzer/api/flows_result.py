"""What ``flows`` found, and the columns of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from analyzer.api.dataframe import COUNT, MAYBE, TEXT, TIME, TUPLE, dataframe
from analyzer.model import FlowRecord, FlowReport
from analyzer.model.flow import PARTS
from analyzer.report import document

if TYPE_CHECKING:
    import pandas as pd

FLOW: Final = {
    "id": TEXT,
    "transport": TEXT,
    "protocol": TEXT,
    "service": TEXT,
    "originator_address": TEXT,
    "originator_port": MAYBE,
    "originator_roles": TUPLE,
    "responder_address": TEXT,
    "responder_port": MAYBE,
    "responder_roles": TUPLE,
    "confidence": TEXT,
    "basis": TEXT,
    "packets_sent": COUNT,
    "packets_received": COUNT,
    "bytes_sent": COUNT,
    "bytes_received": COUNT,
    "first": TIME,
    "last": TIME,
    "first_frame": COUNT,
    "last_frame": COUNT,
    "outcome": TEXT,
    "verdict": TEXT,
    "reason": TEXT,
    "rows": TUPLE,
    "parent": TEXT,
    "waived": TEXT,
    "detail": TEXT,
    "flags_sent": TEXT,
    "flags_received": TEXT,
    "fragments": COUNT,
    "duplicates_sent": COUNT,
    "duplicates_received": COUNT,
}


@dataclass(frozen=True)
class FlowsResult:
    """What ``flows`` found. ``report`` is the :class:`analyzer.model.FlowReport` itself."""

    report: FlowReport

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``flows --format json``, as plain Python values."""
        return document.whole(document.flows_parts(self.report))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """One row a flow, in order of first frame."""
        return flows_frame(self.report.flows).drop(columns=["verdict", "reason", "rows", "waived"])

    def __repr__(self) -> str:
        return f"<{len(self.report.flows)} flows>"


def flows_frame(records: Sequence[FlowRecord]) -> pd.DataFrame:
    """One row a flow, in the order of ``records``."""
    return dataframe(map(_flow, records), FLOW)


def _flow(record: FlowRecord) -> dict[str, Any]:
    entry = {name: document.flow_part(name, part(record)) for name, part in PARTS.items()}
    # Integers, not text: nanoseconds survive, and pandas need not parse.
    return {**entry, "first": record.first, "last": record.last}
