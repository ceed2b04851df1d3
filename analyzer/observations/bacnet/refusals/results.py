"""BVLC results that are no success (annex J.2.1, U.2.1): who is refused what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from analyzer.conversation import Address
from analyzer.model import FindingKind, Severity
from analyzer.observation import Observation, Setting, Tally, frames_of, named
from analyzer.observations.bacnet.refusals.count import Result
from analyzer.observations.bacnet.refusals.words import between, counted, form
from analyzer.protocols.bacnet import IP

_PROBES: Final = frozenset({0x20, 0x40})
"""Read-BDT and Read-FDT NAK: tools ask every device for its tables to find the BBMDs."""

_BVLC: Final[dict[str, tuple[str, str]]] = {
    "Register-Foreign-Device NAK": (
        "ask{s} {0} to register as a foreign device, and {is_} refused",
        "{0} is no BBMD, does not take foreign devices, or its table of them is full. Register with the "
        "BBMD of the network that is to be reached, or switch foreign-device registration on at {0}. "
        "Until then {1} gets no broadcasts from there: it finds no devices, and they do not find it.",
    ),
    "Distribute-Broadcast-To-Network NAK": (
        "ask{s} {0} to distribute a broadcast, and {is_} refused",
        "{0} distributes broadcasts of registered foreign devices only: {1} is not registered, or its "
        "registration ran out. Check that {1} registers, and renews before its time to live is over.",
    ),
    "Write-Broadcast-Distribution-Table NAK": (
        "write{s} the broadcast distribution table of {0}, and {is_} refused",
        "{0} is no BBMD, or takes its table from its own configuration only. Set the table there.",
    ),
    "Read-Broadcast-Distribution-Table NAK": (
        "ask{s} {0} for its broadcast distribution table, and {is_} refused",
        "{0} is no BBMD. That is the healthy answer to a tool that looks for BBMDs; it is a fault only "
        "where {0} should be one.",
    ),
    "Read-Foreign-Device-Table NAK": (
        "ask{s} {0} for its foreign device table, and {is_} refused",
        "{0} takes no foreign devices. That is the healthy answer to a tool that looks around; it is a "
        "fault only where {0} should be a BBMD.",
    ),
    "Delete-Foreign-Device-Table-Entry NAK": (
        "ask{s} {0} to delete a foreign device, and {is_} refused",
        "The entry is not in the table of {0}, or {0} takes no foreign devices.",
    ),
}
_OTHER: Final = (
    "get{s} the result {2} from {0}",
    "Look at the request before the frames named here: {0} took it for one that it cannot fulfil.",
)


def tell(
    results: Mapping[Result, Tally], accepted: Mapping[tuple[Address, Address], int], setting: Setting
) -> Iterator[Observation]:
    """One observation for each result; ``accepted`` is when a registration between two last succeeded, ns."""
    groups: dict[tuple[str, ...], dict[Result, Tally]] = defaultdict(dict)
    for key, tally in results.items():
        recovered = accepted.get((key.asker, key.refuser), 0) > tally.last
        later = key.code == _register_code(key.kind) and recovered
        group = (
            setting.asker(key.asker),
            setting.kind(key.refuser),
            key.name,
            "accepted later" if later else "",
        )
        groups[group][key] = tally
    for cause, held in groups.items():
        first = next(iter(held))
        askers, refusers = named({key.asker for key in held}), named({key.refuser for key in held})
        words, advice = _BVLC.get(first.name, _OTHER)
        probe = first.kind == IP and first.code in _PROBES
        yield Observation(
            kind=FindingKind.PROTOCOL_ERROR,
            severity=Severity.NOTE if probe or cause[-1] else Severity.WARNING,
            key=("bacnet", setting.kind(first.asker), *(part for part in cause[1:] if part)),
            title=f"{askers} {form(words, {key.asker for key in held}).format(refusers, askers, first.name)}"
            + (", and a later request is accepted" if cause[-1] else ""),
            detail=counted([(between(key.asker, key.refuser), tally) for key, tally in held.items()])
            + f". BVLC-Result 0x{first.code:04x}, {first.name}",
            advice=advice.format(refusers, askers),
            frames=frames_of(held.values()),
            flows=setting.flows("udp", held.values()),
        )


def _register_code(kind: int) -> int:
    return 0x30 if kind == IP else 0x90
