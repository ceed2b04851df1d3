"""A finding: a cause that a technician can act on."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How much a finding weighs. Only a violation makes the exit code 1."""

    VIOLATION = "violation"
    WARNING = "warning"
    NOTE = "note"


class FindingKind(enum.StrEnum):
    """What a finding is about."""

    UNEXPECTED_FLOW = "unexpected-flow"
    DISPUTED_FLOW = "disputed-flow"
    MISSING_FLOW = "missing-flow"
    FAILING_FLOW = "failing-flow"
    PAYLOAD_MISMATCH = "payload-mismatch"
    RETIRED_SERVICE = "retired-service"
    INCOMPATIBLE_VERSIONS = "incompatible-versions"
    UNSUPPORTED_VERSION = "unsupported-version"
    DIRECT_MODE = "direct-mode"
    UNDECLARED_PEER = "undeclared-peer"
    TRANSFER_FAILED = "transfer-failed"
    UPDATE_FAILED = "update-failed"
    CAPTURE_PROBLEM = "capture-problem"
    EXPIRED_WAIVER = "expired-waiver"
    PROTOCOL_ERROR = "protocol-error"
    """The peer answered, and its answer is a refusal or an error."""
    DUPLICATE_DEVICE = "duplicate-device"
    """Two devices claim one identity."""
    UNSTABLE_SESSION = "unstable-session"
    """Connections that are opened and do not last as they should."""


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
