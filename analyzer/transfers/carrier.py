"""What a protocol that carries files is to the collector: what it makes of packets, and is told of them.

A file or package beside this one that holds ``CARRIER`` is one carrier; the folder is the registry
(:func:`analyzer.transfers.registry.load`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from analyzer.late import Late
from analyzer.model import Cause, Transfer
from analyzer.observation import Ends, Observation, Setting
from analyzer.tables import Packets

Endpoint = tuple[int, int, int, int]
"""``(version, hi, lo, port)`` as in the tables."""
Address = tuple[int, int, int]
FlowsOf = Callable[[Endpoint, Endpoint, str], Iterable[int]]
"""Rows of FLOWS between two ends, by transport."""


class Circumstances(NamedTuple):
    """What is known when the last packet was read. Times are ns since 1970."""

    begin: int
    end: int
    flows_of: FlowsOf
    one_sided: Callable[[Address, Address], bool] = lambda *_: False
    """Whether answers of the server to the client could not have been seen."""
    hint: Callable[[Cause, Address, str, int], str] = lambda *_: ""
    """What is known of the server's make for a cause, and of its transport and port."""
    filtered: bool = False
    """Whether the capture was taken with a filter of ports, or looks so: it holds nothing but TCP,
    UDP and ICMP."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transfer and the rows of FLOWS that carried it, the request's first.

    ``image`` is False where nothing says that it is more than ordinary data.
    """

    transfer: Transfer
    rows: tuple[int, ...]
    image: bool = True


class Gatherer(Protocol):
    """The state of one carrier over consecutive batches."""

    @property
    def dropped(self) -> int:
        """Requests beyond what is kept: nothing is known of them."""

    def add(self, packets: Packets) -> None:
        """Take the next batch, whole or as far as the carrier wants it, in frame order."""

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers; their ids are given later."""

    def observe(self, setting: Setting) -> Iterable[Observation]:
        """Faults that are no transfer's."""

    def ends(self) -> Iterable[Ends]:
        """The ends of the flows of which ``observe`` may still speak."""

    def forget(self, kept: Collection[int], counted: Mapping[int, int], before: int) -> None:
        """Give up what ended before ``before``, ns, and what nothing that comes can ask for.

        ``kept`` are the first frames of the requests that stay, ``counted`` tells for some of them how many
        more transfers they stand for now.
        """


Carrier = Late[Gatherer]
"""One protocol that carries files."""
