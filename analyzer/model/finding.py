"""A finding: a cause that a technician can act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.model.words import FindingKind, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause that a technician can act on, speaking for all flows that share it."""

    id: str
    kind: FindingKind
    severity: Severity
    title: str
    detail: str
    near_miss: str = ""
    advice: str = ""
    flows: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    wireshark_filter: str = ""
    waived: str = ""
