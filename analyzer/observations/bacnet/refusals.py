"""Refusals: BVLC results that are no success, Errors, Rejects, Aborts, and routers that reject a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from analyzer.conversation import Address
from analyzer.model import FindingKind, Severity
from analyzer.observation import (
    SECOND,
    Endpoint,
    Observation,
    Setting,
    Tally,
    frames_of,
    listed,
    named,
    times,
)
from analyzer.observations.bacnet.sighting import Party, Sighting
from analyzer.protocols._bacnet import ABORTS, ERROR_CLASSES, ERROR_CODES, NETWORK_REJECTS, REJECTS, reason
from analyzer.protocols.bacnet import (
    CONFIRMED,
    IP,
    REGISTER,
    REJECT_MESSAGE,
    RESULT,
    Apdu,
    Npdu,
    error,
    result,
)

K = TypeVar("K")
Exchange = tuple[Endpoint, Endpoint, int | None, bytes, int | None]
"""Asker, responder, network and station behind it, invoke id: what ties a reply to its request (5.4.1)."""

KEPT: Final = 4096
"""Requests, and causes of each sort, that are remembered."""
ANSWER_WITHIN: Final = 60 * SECOND
"""How long a refusal may come after its request: the application timeout is some seconds (12.11.28), retried
a few times, and devices on slow lines are given a minute."""
OFTEN: Final = 3
"""Refusals for want of ability from which on the asker does not adapt to what the other end can do."""

_UNABLE_ERRORS: Final = frozenset({22, 31, 32, 36, 42, 44, 45, 50})
"""Codes that tell what an object does not have: programs find out about a device by asking (unknown-object,
unknown-property, not-cov-property, optional-functionality-not-supported, array and list properties)."""
_UNABLE_REJECTS: Final = frozenset({9})
_UNABLE_ABORTS: Final = frozenset({1, 4, 11})
"""unrecognized-service; buffer-overflow, segmentation-not-supported, apdu-too-long."""
_BUSY: Final = 2
_TOO_LONG: Final = 4
"""Reasons of Reject-Message-To-Network (6.4.4) that are no fault of the routing."""
_PASSWORD_FAILURE: Final = 26
"""Of the services ReinitializeDevice and DeviceCommunicationControl, which may carry one (16.1, 16.4)."""
_PROBES: Final = frozenset({0x20, 0x40})
"""Read-BDT and Read-FDT NAK: tools ask every device for its tables to find the BBMDs."""


class Result(NamedTuple):
    """A BVLC result between two hosts."""

    asker: Address
    refuser: Address
    kind: int
    code: int
    name: str


class Refusal(NamedTuple):
    """An Error, Reject or Abort of one service between two parties.

    ``type`` is the APDU's. ``cause`` is class and code of an Error, else the reason. ``by_asker``: the asker
    itself ended it.
    """

    asker: Party
    refuser: Party
    type: int
    service: int | None
    cause: tuple[int, ...]
    by_asker: bool


class Rejection(NamedTuple):
    """A router's word that it does not pass messages on to a network."""

    asker: Address
    router: Address
    network: int | None
    reason: int | None


class Refusals:
    """What was refused, counted. ``accepted`` is when a registration between two hosts last succeeded, ns."""

    def __init__(self) -> None:
        self.results: dict[Result, Tally] = {}
        self.refusals: dict[Refusal, Tally] = {}
        self.rejections: dict[Rejection, Tally] = {}
        self.accepted: dict[tuple[Address, Address], int] = {}
        self._asked: dict[Exchange, tuple[int | None, int]] = {}
        self._managed: dict[tuple[Endpoint, Endpoint], int] = {}

    def add(self, seen: Sighting) -> None:
        """Look at one message, in frame order."""
        message = seen.message
        npdu = message.npdu
        if npdu is None:
            self._management(seen)
        elif npdu.message == REJECT_MESSAGE:
            network = int.from_bytes(npdu.data[1:3], "big") if len(npdu.data) >= 3 else None
            why = npdu.data[0] if npdu.data else None
            self._count(self.rejections, Rejection(seen.target[0], seen.source[0], network, why), seen)
        elif npdu.apdu is not None and npdu.apdu.type == 0:
            key = (seen.source, seen.target, npdu.destination, npdu.target, npdu.apdu.invoke)
            self._remember(key, npdu.apdu.service, seen.time)
        elif npdu.apdu is not None and npdu.apdu.type in (5, 6, 7):
            self._refused(seen, npdu, npdu.apdu)

    def _remember(self, key: Exchange, service: int | None, time: int) -> None:
        self._asked.pop(key, None)
        if len(self._asked) >= KEPT:
            del self._asked[next(iter(self._asked))]
        self._asked[key] = service, time

    def _management(self, seen: Sighting) -> None:
        message = seen.message
        if message.function != RESULT:
            if len(self._managed) >= KEPT:
                del self._managed[next(iter(self._managed))]
            self._managed[seen.source, seen.target] = message.function
            return
        asker, refuser = seen.target[0], seen.source[0]
        if message.value:
            key = Result(asker, refuser, message.kind, message.value, result(message))
            self._count(self.results, key, seen)
        elif self._managed.get((seen.target, seen.source)) == REGISTER[message.kind]:
            self.accepted[asker, refuser] = seen.time

    def _refused(self, seen: Sighting, npdu: Npdu, apdu: Apdu) -> None:
        by_asker = apdu.type == 7 and not apdu.server
        if by_asker:
            asker, refuser = seen.speaker, seen.hearer
            key = (seen.source, seen.target, npdu.destination, npdu.target, apdu.invoke)
        else:
            asker, refuser = seen.hearer, seen.speaker
            key = (seen.target, seen.source, npdu.source, npdu.origin, apdu.invoke)
        service, time = self._asked.get(key, (None, 0))
        if seen.time - time > ANSWER_WITHIN:
            service = None
        cause: tuple[int, ...]
        if apdu.type == 5:
            service, cause = apdu.service, error(apdu) or ()
        else:
            cause = () if apdu.service is None else (apdu.service,)
        self._count(self.refusals, Refusal(asker, refuser, apdu.type, service, cause, by_asker), seen)

    @staticmethod
    def _count(tallies: dict[K, Tally], key: K, seen: Sighting) -> None:
        tally = tallies.get(key)
        if tally is None:
            if len(tallies) >= KEPT:
                return
            tally = tallies[key] = Tally()
        tally.add(seen.time, seen.frame, seen.source, seen.target)


# ---------------------------------------------------------------- telling


def tell(refusals: Refusals, setting: Setting) -> Iterator[Observation]:
    """One observation for each cause between the same two kinds of host."""
    yield from _results(refusals, setting)
    yield from _refusals(refusals, setting)
    yield from _rejections(refusals, setting)


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


def _results(refusals: Refusals, setting: Setting) -> Iterator[Observation]:
    groups: dict[tuple[str, ...], dict[Result, Tally]] = defaultdict(dict)
    for key, tally in refusals.results.items():
        recovered = refusals.accepted.get((key.asker, key.refuser), 0) > tally.last
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
            title=f"{askers} {_form(words, {key.asker for key in held}).format(refusers, askers, first.name)}"
            + (", and a later request is accepted" if cause[-1] else ""),
            detail=_counted([(_between(key.asker, key.refuser), tally) for key, tally in held.items()])
            + f". BVLC-Result 0x{first.code:04x}, {first.name}",
            advice=advice.format(refusers, askers),
            frames=frames_of(held.values()),
            flows=setting.flows("udp", held.values()),
        )


def _form(words: str, who: Collection[object]) -> str:
    """``words`` with their verbs for one or several."""
    return words.replace("{s}", "s" if len(who) == 1 else "").replace(
        "{is_}", "is" if len(who) == 1 else "are"
    )


def _register_code(kind: int) -> int:
    return 0x30 if kind == IP else 0x90


def _between(asker: Address, refuser: Address) -> str:
    return f"{named([refuser])} to {named([asker])}"


def _counted(said: Sequence[tuple[str, Tally]]) -> str:
    """Who said it to whom and how often, the first few."""
    told = [f"{who}, {times(tally.count)}" for who, tally in said[:3]]
    more = len(said) - 3
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _refusals(refusals: Refusals, setting: Setting) -> Iterator[Observation]:
    groups: dict[tuple[object, ...], dict[Refusal, Tally]] = defaultdict(dict)
    for key, tally in refusals.refusals.items():
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
        verb = _form("abort{s} the own", {key.asker for key in held})
        title = f"{askers} {verb} {what} to {refusers}: {cause}"
    else:
        verb = _form("answer{s}", {key.refuser for key in held})
        title = f"{refusers} {verb} {what} of {askers} with {word}: {cause}"
    told = [(f"{key.refuser.name} to {key.asker.name}", tally) for key, tally in held.items()]
    return Observation(
        kind=FindingKind.PROTOCOL_ERROR,
        severity=_weight(first, held),
        key=("bacnet", *group),
        title=title,
        detail=f"{_counted(told)}. The answer came, and it is a refusal: the path is open{unseen}",
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


def _rejections(refusals: Refusals, setting: Setting) -> Iterator[Observation]:
    groups: dict[tuple[str, ...], dict[Rejection, Tally]] = defaultdict(dict)
    for key, tally in refusals.rejections.items():
        group = setting.asker(key.asker), setting.kind(key.router), str(key.network), str(key.reason)
        groups[group][key] = tally
    for cause, held in groups.items():
        first = next(iter(held))
        flows = setting.flows("udp", held.values())
        everyone = bool(flows) and all(flow.group for flow in flows)
        askers = "everyone" if everyone else named({key.asker for key in held})
        routers = named({key.router for key in held})
        where = f"network {first.network}" if first.network is not None else "a network"
        yield Observation(
            kind=FindingKind.PROTOCOL_ERROR,
            severity=Severity.WARNING,
            key=("bacnet", "network", setting.kind(first.asker), *cause[1:]),
            title=f"router {routers} rejects messages of {askers} to {where}: "
            f"{reason(NETWORK_REJECTS, first.reason)}",
            detail=_counted([(_between(key.asker, key.router), tally) for key, tally in held.items()])
            + ". Reject-Message-To-Network",
            advice=_routed(first.reason, where, routers),
            frames=frames_of(held.values()),
            flows=flows,
        )


def _routed(reason: int | None, where: str, routers: str) -> str:
    """What to do about a message that a router rejects (6.4.4)."""
    if reason == _BUSY:
        return (
            f"{routers} takes no more messages for {where} for now: that network is slow or overloaded. "
            "Ask less often there, or have the load on it measured."
        )
    if reason == _TOO_LONG:
        return (
            f"{where.capitalize()} carries shorter messages than this one. Ask there for fewer properties at "
            "a time, or lower the maximum APDU length of the device that asks."
        )
    return (
        f"Check the routing table of {routers}, and that {where} is the right number and its router is up. "
        "Devices there cannot be reached while this lasts."
    )
