"""What a protocol that carries files is to the collector: what it needs of packets, and what it makes of them.

A file or package beside this one that holds ``CARRIER`` is one carrier; the folder is the registry
(:func:`analyzer.transfers.registry.load`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from analyzer.model import Cause, Transfer
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
    one_sided: Callable[[Address, Address], bool] = lambda _client, _server: False
    """Whether answers of the server to the client could not have been seen."""
    hint: Callable[[Cause, Address], str] = lambda _cause, _server: ""
    """What is known of the server's make for a cause."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transfer and the rows of FLOWS that carried it, the request's first.

    ``image`` is False where nothing says that it is more than ordinary data.
    """

    transfer: Transfer
    rows: tuple[int, ...]
    image: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of the messages that no transfer tells of, between one client and one server.

    ``what`` is ``error`` (requests answered by an error; ``code`` and ``subject`` say which error and to what)
    or ``silence`` (a message that the other end never acknowledged, though it had acknowledged others).
    """

    what: str
    protocol: str
    client: Address
    server: Address
    row: int
    code: str
    subject: str
    count: int
    first: int
    last: int
    frames: tuple[int, ...]


class Gatherer(Protocol):
    """The state of one carrier over consecutive batches."""

    def add(self, part: Packets) -> None:
        """Take what the carrier's picker kept of the next batch, in frame order."""

    def drafts(self, known: Circumstances) -> Iterable[Draft]:
        """The transfers; their ids are given later."""

    def troubles(self, known: Circumstances) -> Iterable[Trouble]:
        """Faults that are no transfer's."""


Picker = Callable[[Packets], Packets]
"""Keeps of each batch, in order, what the gatherer reads: as a small batch, whose columns may be the carrier's
own. Those named in ``FRAMES`` hold frame numbers."""
FRAMES = ("frame", "last_frame")


@dataclass(frozen=True, slots=True)
class Carrier:
    """One protocol that carries files.

    ``picker(later)`` begins with a capture, or with a ``later`` segment of one, before whose first frame
    anything may have happened.
    """

    name: str
    picker: Callable[[bool], Picker]
    gatherer: Callable[[], Gatherer]
