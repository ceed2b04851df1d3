"""Two captures of one path: how they fit together, and where the packets of a transfer died."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Way:
    """The packets of a transfer in one direction. ``sent`` and ``lost`` are those that the near point saw.

    ``arrived`` of them reached the far point; ``unseen`` are in the far capture only. Frames of the last of
    them are numbered as in the analysis: ``lost_frames`` in the near capture, ``arrived_frames`` in the far.
    """

    sent: int = 0
    arrived: int = 0
    lost: int = 0
    unseen: int = 0
    lost_frames: tuple[int, ...] = ()
    arrived_frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Where the packets of a transfer died.

    ``place`` is ``none`` (the path did its work), ``between`` the two points, ``after`` the far one (or
    nothing was sent behind it), or ``unknown``; ``direction`` is that of the packets lost or not heeded.
    """

    place: Literal["none", "between", "after", "unknown"]
    direction: Literal["to-gateway", "to-node"] | None
    detail: str
    to_gateway: Way = Way()
    to_node: Way = Way()


@dataclass(frozen=True, slots=True)
class Pair:
    """How two captures of one path fit together. Times are ns.

    ``begin`` and ``end`` are the time both cover, on the node's clock. ``judged`` is False where they do not
    fit, for ``reason``. ``offset`` is the gateway's clock less the node's; ``uncertainty`` is None where
    packets of one direction only were matched.
    """

    judged: bool
    reason: str
    node: str
    gateway: str
    matched: int = 0
    offset: int | None = None
    uncertainty: int | None = None
    drift_ppm: float | None = None
    delay: int | None = None
    begin: int | None = None
    end: int | None = None
