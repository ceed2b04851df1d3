"""What the numbers of BACnet are called: ANSI/ASHRAE 135, clauses 18 and 21, annexes J and U."""

from __future__ import annotations

from typing import Final

BVLC_RESULTS: Final = {
    0: "Successful completion",
    0x10: "Write-Broadcast-Distribution-Table NAK",
    0x20: "Read-Broadcast-Distribution-Table NAK",
    0x30: "Register-Foreign-Device NAK",
    0x40: "Read-Foreign-Device-Table NAK",
    0x50: "Delete-Foreign-Device-Table-Entry NAK",
    0x60: "Distribute-Broadcast-To-Network NAK",
}
"""Result codes of BACnet/IP (J.2.1.1)."""
BVLC_RESULTS_6: Final = {
    0: "Successful completion",
    0x30: "Address-Resolution NAK",
    0x60: "Virtual-Address-Resolution NAK",
    0x90: "Register-Foreign-Device NAK",
    0xA0: "Delete-Foreign-Device-Table-Entry NAK",
    0xC0: "Distribute-Broadcast-To-Network NAK",
}
"""Result codes of BACnet/IPv6 (U.2.1.1)."""
REJECTS: Final = (
    "other", "buffer-overflow", "inconsistent-parameters", "invalid-parameter-data-type", "invalid-tag",
    "missing-required-parameter", "parameter-out-of-range", "too-many-arguments", "undefined-enumeration",
    "unrecognized-service",
)  # fmt: skip
"""Reject reasons from 0 (18.9)."""
ABORTS: Final = (
    "other", "buffer-overflow", "invalid-apdu-in-this-state", "preempted-by-higher-priority-task",
    "segmentation-not-supported", "security-error", "insufficient-security", "window-size-out-of-range",
    "application-exceeded-reply-time", "out-of-resources", "tsm-timeout", "apdu-too-long",
)  # fmt: skip
"""Abort reasons from 0 (18.10)."""
NETWORK_REJECTS: Final = (
    "other error", "not directly connected to the network", "network busy", "unknown network message type",
    "message too long for the network", "security error", "addressing error",
)  # fmt: skip
"""Reasons of Reject-Message-To-Network from 0 (6.4.4)."""
ERROR_CLASSES: Final = (
    "device", "object", "property", "resources", "security", "services", "vt", "communication",
)  # fmt: skip
ERROR_CODES: Final = {
    0: "other", 2: "configuration-in-progress", 3: "device-busy", 4: "dynamic-creation-not-supported",
    5: "file-access-denied", 7: "inconsistent-parameters", 8: "inconsistent-selection-criterion",
    9: "invalid-data-type", 10: "invalid-file-access-method", 11: "invalid-file-start-position",
    13: "invalid-parameter-data-type", 14: "invalid-time-stamp", 16: "missing-required-parameter",
    17: "no-objects-of-specified-type", 18: "no-space-for-object", 19: "no-space-to-add-list-element",
    20: "no-space-to-write-property", 21: "no-vt-sessions-available", 22: "property-is-not-a-list",
    23: "object-deletion-not-permitted", 24: "object-identifier-already-exists", 25: "operational-problem",
    26: "password-failure", 27: "read-access-denied", 29: "service-request-denied", 30: "timeout",
    31: "unknown-object", 32: "unknown-property", 34: "unknown-vt-class", 35: "unknown-vt-session",
    36: "unsupported-object-type", 37: "value-out-of-range", 38: "vt-session-already-closed",
    39: "vt-session-termination-failure", 40: "write-access-denied", 41: "character-set-not-supported",
    42: "invalid-array-index", 43: "cov-subscription-failed", 44: "not-cov-property",
    45: "optional-functionality-not-supported", 46: "invalid-configuration-data",
    47: "datatype-not-supported", 48: "duplicate-name", 49: "duplicate-object-id",
    50: "property-is-not-an-array", 57: "invalid-tag", 58: "network-down", 70: "unknown-device",
    71: "unknown-route", 72: "value-not-initialized", 73: "invalid-event-state", 74: "no-alarm-configured",
    75: "log-buffer-full", 76: "logged-value-purged", 77: "no-property-specified",
    78: "not-configured-for-triggered-logging", 79: "unknown-subscription", 80: "parameter-out-of-range",
    81: "list-element-not-found", 82: "busy", 83: "communication-disabled", 84: "success",
    85: "access-denied", 110: "not-router-to-dnet", 111: "router-busy", 112: "unknown-network-message",
    113: "message-too-long", 114: "security-error", 115: "addressing-error", 122: "unknown-file-size",
    128: "file-full", 129: "inconsistent-configuration", 130: "inconsistent-object-type",
    131: "internal-error", 132: "not-configured", 133: "out-of-memory", 134: "value-too-long",
    137: "duplicate-entry", 138: "invalid-value-in-this-state", 140: "list-item-not-numbered",
    141: "list-item-not-timestamped", 142: "invalid-data-encoding",
}  # fmt: skip
"""Error classes from 0 and error codes (clauses 18.2 to 18.8, 21)."""


def reason(names: tuple[str, ...], number: int | None) -> str:
    """The name of a reason; proprietary and newer ones as their number."""
    if number is None:
        return "no reason in sight"
    return names[number] if number < len(names) else f"reason {number}"
