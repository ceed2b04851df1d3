"""An entry of ``flows``, from the parts of a record."""

from __future__ import annotations

import enum
from typing import Any, Final

from analyzer.model import FlowRecord
from analyzer.model.flow import PARTS
from analyzer.report.document.entry import Entry
from analyzer.report.moment import timestamp
from analyzer.report.neutral import unicode

FLOW: Final[Entry] = {
    "id": "id",
    "transport": "transport",
    "protocol": "protocol",
    "service": "service",
    "originator": {"address": "originator_address", "port": "originator_port", "roles": "originator_roles"},
    "responder": {"address": "responder_address", "port": "responder_port", "roles": "responder_roles"},
    "direction": {"confidence": "confidence", "basis": "basis"},
    "packets": ["packets_sent", "packets_received"],
    "bytes": ["bytes_sent", "bytes_received"],
    "first": "first",
    "last": "last",
    "frames": ["first_frame", "last_frame"],
    "outcome": "outcome",
    "verdict": "verdict",
    "reason": "reason",
    "rows": "rows",
    "parent": "parent",
    "waived": "waived",
    "detail": "detail",
    "flags": ["flags_sent", "flags_received"],
    "fragments": "fragments",
    "duplicates": ["duplicates_sent", "duplicates_received"],
}
"""An entry of ``flows``: which part of a record (``analyzer.model.flow.PARTS``) stands where."""


def flow(record: FlowRecord) -> Entry:
    """One entry of ``flows``; ``verdict`` is None in a flow report."""
    entry: Entry = _filled(FLOW, record)
    return entry


def _filled(shape: Any, record: FlowRecord) -> Any:
    if isinstance(shape, str):
        return flow_part(shape, PARTS[shape](record))
    if isinstance(shape, list):
        return [_filled(one, record) for one in shape]
    return {key: _filled(one, record) for key, one in shape.items()}


def flow_part(name: str, part: Any) -> Any:
    """A part of a record as an entry of ``flows`` has it."""
    if name in ("first", "last"):
        return timestamp(part)
    if name in ("protocol", "service", "waived"):
        return unicode(part) or None
    if name in ("reason", "detail"):
        return unicode(part)
    if isinstance(part, enum.Enum):
        return part.value
    return list(part) if isinstance(part, tuple) else part
