"""Messages in segments (ANSI/ASHRAE 135, 5.2 and 5.4): requests and answers that never became whole.

A segmented message that is refused shows as the Abort that refuses it (``refusals``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from analyzer.model import FindingKind, Severity
from analyzer.observation import (
    SECOND,
    Endpoint,
    Observation,
    Setting,
    Tally,
    frames_of,
    listed,
)
from analyzer.observations.bacnet.sighting import Party, Sighting
from analyzer.protocols.bacnet import CONFIRMED, Apdu, Npdu

KEPT: Final = 4096
"""Segmented messages under way that are remembered."""
OVER: Final = 60 * SECOND
"""Silence after which the same invoke id is another exchange."""
PATIENCE: Final = 30 * SECOND
"""How long the capture has to go on after the last segment: the segment timeout is 2 s by default, ten at
the most in practice, with three retries (12.11.27, 12.11.29)."""
NUMBERS: Final = 256

Exchange = tuple[Endpoint, Endpoint, int | None, bytes, int | None, bool]
"""Sender of the segments, receiver, network and station behind a router, invoke id, whether a request."""


@dataclass(slots=True)
class Segmented:
    """One message on its way: the last number sent, the last one acknowledged, how many of each."""

    sender: Party
    receiver: Party
    request: bool
    service: int | None
    tally: Tally = field(default_factory=Tally)
    highest: int = -1
    acked: int | None = None
    acks: int = 0
    repeated: int = 0
    ended: bool = False
    lost: bool = False
    """Acknowledged beyond what was seen: the capture lacks segments."""


class Segments:
    """Segmented messages of a capture; those that end leave no trace but ``complete``."""

    def __init__(self) -> None:
        self.open: dict[Exchange, Segmented] = {}
        self.complete = 0

    def add(self, seen: Sighting) -> None:
        """Look at one message, in frame order."""
        npdu = seen.message.npdu
        if npdu is None or npdu.apdu is None:
            return
        apdu = npdu.apdu
        if apdu.segmented and apdu.sequence is not None:
            self._segment(seen, npdu, apdu, apdu.sequence)
        elif apdu.type == 4 and apdu.sequence is not None:
            self._acknowledge(seen, npdu, apdu, apdu.sequence)
        elif apdu.type in (2, 3, 5, 6, 7):
            self._settled(seen, npdu, apdu)

    def forget(self, before: int) -> None:
        """Give up the messages that ended, or of which segments are missing here, before ``before``, ns."""
        self.open = {
            key: held
            for key, held in self.open.items()
            if held.tally.last >= before or not (held.ended or held.lost)
        }

    def _segment(self, seen: Sighting, npdu: Npdu, apdu: Apdu, number: int) -> None:
        request = apdu.type == 0
        remote = (npdu.destination, npdu.target) if request else (npdu.source, npdu.origin)
        key = (seen.source, seen.target, *remote, apdu.invoke, request)
        held = self.open.get(key)
        if held is None or held.ended or seen.time - held.tally.last > OVER:
            self.open.pop(key, None)
            if len(self.open) >= KEPT:
                del self.open[next(iter(self.open))]
            held = self.open[key] = Segmented(seen.speaker, seen.hearer, request, apdu.service)
            held.highest = number - 1
        ahead = (number - held.highest) % NUMBERS
        if 0 < ahead < NUMBERS // 2:
            held.highest = number
        else:
            held.repeated += 1
        held.tally.add(seen.time, seen.frame, seen.source, seen.target)
        if not apdu.more:
            held.ended = True
            self.complete += 1

    def _acknowledge(self, seen: Sighting, npdu: Npdu, apdu: Apdu, number: int) -> None:
        # The server's acknowledgement is of segments of the request, the client's of segments of the answer.
        remote = (npdu.source, npdu.origin) if apdu.server else (npdu.destination, npdu.target)
        held = self.open.get((seen.target, seen.source, *remote, apdu.invoke, apdu.server))
        if held is None or held.ended:
            return
        held.acks += 1
        if 0 < (number - held.highest) % NUMBERS < NUMBERS // 2:
            held.lost = True
        held.acked = number
        held.tally.add(seen.time, seen.frame, seen.target, seen.source)

    def _settled(self, seen: Sighting, npdu: Npdu, apdu: Apdu) -> None:
        """A whole answer or a refusal ends what was under way."""
        back = (seen.target, seen.source, npdu.source, npdu.origin, apdu.invoke, True)
        keys: list[Exchange] = [back]
        if apdu.type == 7:
            for remote in ((npdu.source, npdu.origin), (npdu.destination, npdu.target)):
                keys.append((seen.source, seen.target, *remote, apdu.invoke, not apdu.server))
                keys.append((seen.target, seen.source, *remote, apdu.invoke, apdu.server))
        for key in keys:
            held = self.open.get(key)
            if held is not None:
                held.ended = True


def tell(segments: Segments, setting: Setting) -> Iterator[Observation]:
    """One observation for unfinished messages of one service between the same two kinds of host."""
    groups: dict[tuple[str, str, int | None, bool], list[Segmented]] = defaultdict(list)
    for held in segments.open.values():
        sender, receiver = held.sender.address, held.receiver.address
        late = held.tally.last > setting.seen.end - PATIENCE
        if not (held.ended or held.lost or late or setting.seen.one_sided(sender, receiver)):
            kinds = setting.kind(sender), setting.kind(receiver)
            groups[(*kinds, held.service, held.request)].append(held)
    for (one, other, service, request), unfinished in groups.items():
        name = CONFIRMED.get(service or 0, f"service {service}")
        senders = listed(sorted({held.sender.name for held in unfinished}), "devices")
        receivers = listed(sorted({held.receiver.name for held in unfinished}), "devices")
        what = f"{name} request" if request else f"answer to {name}"
        first = unfinished[0]
        acked = "none was acknowledged" if not first.acks else f"acknowledged up to number {first.acked}"
        # Whoever misses a segment or its acknowledgement says something again: without that it is only
        # likely.
        sure = any(held.repeated or not held.acks for held in unfinished)
        yield Observation(
            kind=FindingKind.FAILING_FLOW,
            severity=Severity.WARNING if sure else Severity.NOTE,
            key=("bacnet", "segments", one, other, name, str(request)),
            title=f"the segmented {what} from {senders} to {receivers} never ends",
            detail=f"{len(unfinished)} such messages. The first: segments up to number {first.highest}, "
            f"{acked}, {first.repeated} sent again, then silence",
            advice=f"Segments or their acknowledgements get lost on the way: compare captures at {senders} "
            f"and at {receivers}. A smaller window size or fewer properties in one request makes it less "
            "likely.",
            frames=frames_of(held.tally for held in unfinished),
            flows=setting.flows("udp", (held.tally for held in unfinished)),
        )
