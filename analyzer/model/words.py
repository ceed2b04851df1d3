"""The words of a report that more is said with than one value: kinds, severities, statuses, outcomes, causes.

Who only counts or shows them has no need of the values."""

from __future__ import annotations

import enum


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


class Status(enum.StrEnum):
    """What the capture says of a row."""

    WORKING = "working"
    ONE_WAY = "one-way"
    FAILING = "failing"
    MISSING = "missing"
    NOT_EXERCISED = "not-exercised"
    NOT_OBSERVABLE = "not-observable"
    NOT_APPLICABLE = "not-applicable"


class TransferOutcome(enum.StrEnum):
    """How a transfer ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    IN_PROGRESS = "in-progress"
    UNKNOWN = "unknown"


class Cause(enum.StrEnum):
    """Why a transfer did not complete."""

    NO_RESPONSE = "no-response"
    REFUSED = "refused"
    BLOCKED = "blocked"
    ERROR_NOT_FOUND = "error-not-found"
    ERROR_ACCESS = "error-access"
    ERROR_DISK_FULL = "error-disk-full"
    ERROR_OPTION = "error-option"
    ERROR_OTHER = "error-other"
    DATA_PATH_BLOCKED = "data-path-blocked"
    ACK_PATH_BLOCKED = "ack-path-blocked"
    REPLY_FROM_OTHER_ADDRESS = "reply-from-other-address"
    FRAGMENTS_LOST = "fragments-lost"
    BLOCK_WRAP = "block-wrap"
    MISSING_FINAL_BLOCK = "missing-final-block"
    STALLED = "stalled"
    SIZE_MISMATCH = "size-mismatch"
    WRONG_MODE = "wrong-mode"
    CLIENT_GAVE_UP = "client-gave-up"
    CAPTURE_ENDED = "capture-ended"
    CAPTURE_ONE_SIDED = "capture-one-sided"
