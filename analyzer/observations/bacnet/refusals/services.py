"""Errors, Rejects and Aborts of a service: what they weigh, and what to do about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from analyzer.model import FindingKind, Severity
from analyzer.observation import Observation, Setting, Tally, frames_of, listed
from analyzer.observations.bacnet.refusals.count import Refusal
from analyzer.observations.bacnet.refusals.words import counted, form
from analyzer.protocols._bacnet import ABORTS, ERROR_CLASSES, ERROR_CODES, REJECTS, reason
from analyzer.protocols.bacnet import CONFIRMED

OFTEN: Final = 3
"""Refusals for want of ability from which on the asker does not adapt to what the other end can do."""

_UNABLE_ERRORS: Final = frozenset({22, 31, 32, 36, 42, 44, 45, 50})
"""Codes that tell what an object does not have: programs find out about a device by asking (unknown-object,
unknown-property, not-cov-property, optional-functionality-not-supported, array and list properties)."""
_UNABLE_REJECTS: Final = frozenset({9})
_UNABLE_ABORTS: Final = frozenset({1, 4, 11})
"""unrecognized-service; buffer-overflow, segmentation-not-supported, apdu-too-long."""
_PASSWORD_FAILURE: Final = 26
"""Of the services ReinitializeDevice and DeviceCommunicationControl, which may carry one (16.1, 16.4)."""


def tell(refusals: Mapping[Refusal, Tally], setting: Setting) -> Iterator[Observation]:
    """One observation for each service, cause and two kinds of host."""
    groups: dict[tuple[object, ...], dict[Refusal, Tally]] = defaultdict(dict)
    for key, tally in refusals.items():
        kinds = setting.asker(key.asker.address), setting.kind(key.refuser.address)
        groups[(*kinds, key.type, key.service, key.cause, key.by_asker)][key] = tally
    for group, held in groups.items():
        first = next(iter(held))
        kind = setting.kind(first.asker.address)
        yield _refusal((kind, *map(str, group[1:])), first, held, setting)


def _refusal(
    group: tuple[str, ...], first: Refusal, held: dict[Refusal, Tally], setting: Setting
) -> Observation:
    askers = listed(sorted({key.asker.name for key in held}), "hosts")
    refusers = listed(sorted({key.refuser.name for key in held}), "devices")
    service = CONFIRMED.get(first.service, f"service {first.service}") if first.service is not None else ""
    what = service or "a request"
    unseen = "" if service else "; the beginning of the request is not in this capture"
    word, cause = _cause(first)
    if first.by_asker:
        verb = form("abort{s} the own", {key.asker for key in held})
        title = f"{askers} {verb} {what} to {refusers}: {cause}"
    else:
        verb = form("answer{s}", {key.refuser for key in held})
        title = f"{refusers} {verb} {what} of {askers} with {word}: {cause}"
    told = [(f"{key.refuser.name} to {key.asker.name}", tally) for key, tally in held.items()]
    return Observation(
        kind=FindingKind.PROTOCOL_ERROR,
        severity=_weight(first, held),
        key=("bacnet", *group),
        title=title,
        detail=f"{counted(told)}. The answer came, and it is a refusal: the path is open{unseen}",
        advice=_advice(first, askers, refusers),
        frames=frames_of(held.values()),
        flows=setting.flows("udp", held.values()),
    )


def _cause(key: Refusal) -> tuple[str, str]:
    """The word for the APDU and the cause it gives."""
    if key.type == 5:
        if len(key.cause) < 2:
            return "an Error", "its cause is not in sight"
        kind, code = key.cause
        return "an Error", f"{reason(ERROR_CLASSES, kind)}, {ERROR_CODES.get(code, f'code {code}')}"
    names = REJECTS if key.type == 6 else ABORTS
    return ("a Reject" if key.type == 6 else "an Abort"), reason(names, key.cause[0] if key.cause else None)


def _unable(key: Refusal) -> bool:
    """Whether the refusal only tells what the other end cannot do."""
    if key.type == 5:
        return len(key.cause) == 2 and key.cause[1] in _UNABLE_ERRORS
    return bool(key.cause) and key.cause[0] in (_UNABLE_REJECTS if key.type == 6 else _UNABLE_ABORTS)


def _weight(first: Refusal, held: dict[Refusal, Tally]) -> Severity:
    """A note where asking is how one finds out; a warning where the asker does not learn from the answer."""
    if not _unable(first):
        return Severity.WARNING
    often = first.type != 5 and max(tally.count for tally in held.values()) >= OFTEN
    return Severity.WARNING if often else Severity.NOTE


def _advice(key: Refusal, askers: str, refusers: str) -> str:
    if key.by_asker:
        return (
            f"{askers} gave up: look at the answers of {refusers} just before the frames named here, above "
            "all at segments that are missing or come late."
        )
    if key.type == 7 and key.cause and key.cause[0] in _UNABLE_ABORTS:
        return (
            f"The answer does not fit into one message for {askers}. Let {askers} ask for fewer properties "
            "at a time or read lists by index, raise its maximum APDU length, or switch segmentation on "
            "at both ends."
        )
    if key.type == 6 and key.cause and key.cause[0] in _UNABLE_REJECTS:
        return (
            f"{refusers} does not have this service. Set up {askers} to do without it "
            "(polling instead of COV)."
        )
    if _unable(key):
        return (
            f"Compare what {askers} is set up to ask with the objects and properties that {refusers} has "
            "(its object list). A tool that looks around gets such answers in health."
        )
    if key.type == 5 and len(key.cause) == 2 and key.cause[1] == _PASSWORD_FAILURE:
        return (
            f"{refusers} asks for a password and did not get the right one. Enter at {askers} the password "
            f"that is set at {refusers}."
        )
    if key.type == 5 and len(key.cause) == 2 and key.cause[1] in (27, 40, 85):
        return (
            f"{refusers} denies access. Check that the point may be commanded, its priority, and the "
            f"rights of {askers} at {refusers}."
        )
    return (
        f"Look up this answer in the documents of {refusers}, and the request of {askers} before the frames."
    )
