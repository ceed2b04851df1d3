"""What was refused, counted as it comes."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

from analyzer.conversation import Address
from analyzer.observation import SECOND, Endpoint, Tally
from analyzer.observations.bacnet.sighting import Party, Sighting
from analyzer.protocols.bacnet import REGISTER, REJECT_MESSAGE, RESULT, Apdu, Npdu, error, result

K = TypeVar("K")
Exchange = tuple[Endpoint, Endpoint, int | None, bytes, int | None]
"""Asker, responder, network and station behind it, invoke id: what ties a reply to its request (5.4.1)."""

KEPT: Final = 4096
"""Requests, and causes of each sort, that are remembered."""
ANSWER_WITHIN: Final = 60 * SECOND
"""How long a refusal may come after its request: the application timeout is some seconds (12.11.28), retried
a few times, and devices on slow lines are given a minute."""


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
