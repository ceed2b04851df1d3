"""Files on their way, how each ended, and the updates that they are part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from analyzer.model.pair import Path
    from analyzer.model.words import Cause, TransferOutcome


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file on its way, with all requests for it that belong together.

    ``client`` asked and ``server`` was asked (or answered a request to a group). ``bytes`` and ``blocks``
    are what the receiver acknowledged, ``expected_bytes`` what was announced, ``retransmissions`` the packets
    of either side seen again (copies that the capture made are none). Times are ns since 1970.
    """

    id: str
    protocol: str
    operation: Literal["read", "write"]
    client: str
    server: str
    file: str | None
    mode: str | None
    outcome: TransferOutcome
    cause: Cause | None
    detail: str
    advice: str
    first: int
    last: int
    frames: tuple[int, int]
    requested: Mapping[str, str] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)
    block_size: int | None = None
    window_size: int | None = None
    bytes: int = 0
    expected_bytes: int | None = None
    blocks: int = 0
    retransmissions: int = 0
    longest_gap: int = 0
    """Longest silence between two of its packets, ns."""
    attempts: int = 1
    """Requests sent, repetitions included; 0 where it began before the capture."""
    answered: int | None = None
    """When the first answer came, ns, and its frame."""
    answered_frame: int = 0
    evidence: tuple[int, ...] = ()
    """The frames that show what happened."""
    flows: tuple[str, ...] = ()
    path: Path | None = None
    """Where its packets died, where two captures of its path were compared."""
    parts: tuple[int, ...] = ()
    """The first frame of each request that belongs to it."""
    counts: int = 1
    """Transfers that it stands for: itself, and those of its kind that were over long ago, where a capture is
    followed for days."""
    file_cut: bool = False
    """Whether the capture holds only the beginning of the file's name: two files may share it."""

    @property
    def rate(self) -> float:
        """Acknowledged bytes per second, 0 for no time at all."""
        span = self.last - self.first
        return self.bytes * 1e9 / span if span > 0 else 0.0
