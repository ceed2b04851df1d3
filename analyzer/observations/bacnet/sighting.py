"""One BACnet message with its ends, and who really said it."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.addresses import text
from analyzer.conversation import Address
from analyzer.observation import Endpoint
from analyzer.protocols.bacnet import Message, Npdu, sender

IP_STATION = 6
"""Length of a B/IP address as a station address (annex J.1.2)."""


class Party(NamedTuple):
    """Who spoke or is meant: a host, or a station of a network behind a router.

    ``network`` and ``station`` are of a routed party that has no IP address of its own; ``address`` is
    then its router's.
    """

    address: Address
    network: int | None = None
    station: bytes = b""

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for one device, whichever router or BBMD its messages come by."""
        return self.address if self.network is None else (self.network, self.station)

    @property
    def name(self) -> str:
        """As a sentence names it."""
        if self.network is None:
            return text(*self.address)
        station = f" station {self.station.hex()}" if self.station else ""
        return f"network {self.network}{station} behind {text(*self.address)}"


class Sighting(NamedTuple):
    """A message, when and where it was seen."""

    time: int
    frame: int
    source: Endpoint
    target: Endpoint
    message: Message

    @property
    def forwarded(self) -> bool:
        """Whether a BBMD passed it on."""
        return self.message.origin is not None

    @property
    def speaker(self) -> Party:
        """Who first sent it: behind a BBMD (J.4.5) and behind routers (6.2.2)."""
        address = sender(self.message.origin)[0] if self.message.origin else self.source[0]
        npdu = self.message.npdu
        return _party(address, npdu.source, npdu.origin) if npdu else Party(address)

    @property
    def hearer(self) -> Party:
        """Who is meant."""
        npdu: Npdu | None = self.message.npdu
        return _party(self.target[0], npdu.destination, npdu.target) if npdu else Party(self.target[0])


def _party(address: Address, network: int | None, station: bytes) -> Party:
    if network is None or not station:
        return Party(address)
    if len(station) == IP_STATION:
        return Party(sender(station)[0])
    return Party(address, network, station)
