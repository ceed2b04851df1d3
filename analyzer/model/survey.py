"""What a survey proposes: lines of a site file, each with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzer.model.capture import CaptureInfo


@dataclass(frozen=True, slots=True)
class NameHeard:
    """What a host was called: by which protocol, in a stranger's words, how often, first in which frame."""

    kind: str
    text: str
    count: int
    frame: int


@dataclass(frozen=True, slots=True)
class SurveyHost:
    """One address and what the capture tells of it.

    ``mac`` is None where no frame showed it; ``vendor`` is empty where nobody registered it or the extra is
    missing. ``link`` says what else the MAC means: a router's, or shared with other addresses.
    """

    address: str
    mac: str | None = None
    vendor: str = ""
    link: str = ""
    names: tuple[NameHeard, ...] = ()
    evidence: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SurveyLine:
    """One entry of ``hosts``. An ``unsure`` one is written, but commented out.

    ``addresses`` are networks as a site file has them. ``edition`` is the table that the traffic speaks for,
    ``edition_evidence`` by what. ``explained`` counts the relations that the role's sheet lists, of all that
    it would judge. ``doubt`` says why the line is unsure, or what to look at.
    """

    name: str
    addresses: tuple[str, ...]
    role: str
    level: Literal["certain", "likely", "unsure"]
    hosts: tuple[SurveyHost, ...]
    mode: str = ""
    edition: str = ""
    edition_evidence: str = ""
    explained: tuple[int, int] = (0, 0)
    rivals: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def in_force(self) -> bool:
        """Whether the file states it; an unsure line is commented out."""
        return self.level != "unsure"


@dataclass(frozen=True, slots=True)
class Survey:
    """A site as its traffic shows it.

    ``activities`` maps an activity to the services of it that were seen. ``others`` are hosts without a role
    that talk with hosts that have one. ``routers`` maps a MAC to the number of addresses behind it.
    """

    version: str
    captures: tuple[CaptureInfo, ...]
    lines: tuple[SurveyLine, ...]
    activities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: tuple[SurveyHost, ...] = ()
    routers: Mapping[str, int] = field(default_factory=dict)
    vendors_known: bool = True
    """Whether the extra that knows MAC vendors is installed."""
