"""The values that the stages hand to each other, beside the tables: frozen, typed, documented.

Words are those of the contract; a field named like a JSON key is that key. A class is made when it is
first asked for: no command has a use for all of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from analyzer.model.attempt import Attempt, Campaign, Event, Outlier, Stopped
    from analyzer.model.capture import CaptureInfo, Problem, Progress
    from analyzer.model.diff import (
        Diff,
        Fault,
        FindingChange,
        RelationChange,
        RowChange,
        Side,
        Traffic,
        Turn,
    )
    from analyzer.model.dissection import DissectedField, DissectedFrame, DissectedLayer, Dissection
    from analyzer.model.finding import Finding
    from analyzer.model.flow import (
        GRAVITY,
        SPOKEN,
        Alike,
        Basis,
        Confidence,
        Endpoint,
        FlowRecord,
        FlowReport,
        Outcome,
        Records,
        Verdict,
    )
    from analyzer.model.learned import Learned, LearnedRow, LeftOut
    from analyzer.model.pair import Pair, Path, Way
    from analyzer.model.report import FirmwareReport, HostResult, Report, RowResult
    from analyzer.model.sheet import (
        Background,
        Direction,
        Edition,
        Exclusion,
        Interpretation,
        Retired,
        Row,
        Ruleset,
        Service,
        Source,
    )
    from analyzer.model.site import Allow, Host, Site
    from analyzer.model.survey import NameHeard, Survey, SurveyHost, SurveyLine
    from analyzer.model.transfer import Transfer
    from analyzer.model.watch import CaptureLost, CaptureRead, FindingTold, FindingWithdrawn, News
    from analyzer.model.words import Cause, FindingKind, Severity, Status, TransferOutcome

__all__ = [
    "GRAVITY",
    "SPOKEN",
    "Alike",
    "Allow",
    "Attempt",
    "Background",
    "Basis",
    "Campaign",
    "CaptureInfo",
    "CaptureLost",
    "CaptureRead",
    "Cause",
    "Confidence",
    "Diff",
    "Direction",
    "DissectedField",
    "DissectedFrame",
    "DissectedLayer",
    "Dissection",
    "Edition",
    "Endpoint",
    "Event",
    "Exclusion",
    "Fault",
    "Finding",
    "FindingChange",
    "FindingKind",
    "FindingTold",
    "FindingWithdrawn",
    "FirmwareReport",
    "FlowRecord",
    "FlowReport",
    "Host",
    "HostResult",
    "Interpretation",
    "Learned",
    "LearnedRow",
    "LeftOut",
    "NameHeard",
    "News",
    "Outcome",
    "Outlier",
    "Pair",
    "Path",
    "Problem",
    "Progress",
    "Records",
    "RelationChange",
    "Report",
    "Retired",
    "Row",
    "RowChange",
    "RowResult",
    "Ruleset",
    "Service",
    "Severity",
    "Side",
    "Site",
    "Source",
    "Status",
    "Stopped",
    "Survey",
    "SurveyHost",
    "SurveyLine",
    "Traffic",
    "Transfer",
    "TransferOutcome",
    "Turn",
    "Verdict",
    "Way",
]

_PLACES: Final = {
    "attempt": ("Attempt", "Campaign", "Event", "Outlier", "Stopped"),
    "capture": ("CaptureInfo", "Problem", "Progress"),
    "diff": ("Diff", "Fault", "FindingChange", "RelationChange", "RowChange", "Side", "Traffic", "Turn"),
    "dissection": ("DissectedField", "DissectedFrame", "DissectedLayer", "Dissection"),
    "finding": ("Finding",),
    "flow": (
        "GRAVITY",
        "SPOKEN",
        "Alike",
        "Basis",
        "Confidence",
        "Endpoint",
        "FlowRecord",
        "FlowReport",
        "Outcome",
        "Records",
        "Verdict",
    ),
    "learned": ("Learned", "LearnedRow", "LeftOut"),
    "pair": ("Pair", "Path", "Way"),
    "report": ("FirmwareReport", "HostResult", "Report", "RowResult"),
    "sheet": (
        "Background",
        "Direction",
        "Edition",
        "Exclusion",
        "Interpretation",
        "Retired",
        "Row",
        "Ruleset",
        "Service",
        "Source",
    ),
    "site": ("Allow", "Host", "Site"),
    "survey": ("NameHeard", "Survey", "SurveyHost", "SurveyLine"),
    "transfer": ("Transfer",),
    "watch": ("CaptureLost", "CaptureRead", "FindingTold", "FindingWithdrawn", "News"),
    "words": ("Cause", "FindingKind", "Severity", "Status", "TransferOutcome"),
}
_PLACE_OF: Final = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_PLACE_OF[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
