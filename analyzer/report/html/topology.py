"""Who talks to whom: hosts while they are few, else groups of hosts, as a drawing and as a table."""

from __future__ import annotations

import ipaddress
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from analyzer.model import GRAVITY, Endpoint, FlowRecord, HostResult, Outcome, Verdict

FEW: Final = 12
"""Hosts that are drawn one by one; more are drawn as groups."""

GROUPS: Final = 14
"""Groups that are drawn; the smallest undeclared ones become one."""

LISTED: Final = 400
"""Hosts of a group that are listed by name."""

WIDTH: Final = 1000
HEIGHTS: Final = ((2, 190), (4, 360), (GROUPS, 520))
"""Units of the drawing: circles around the middle, and how high it is for so many."""

LABEL: Final = 24
"""Characters of a label beside a circle."""

_BAD: Final = frozenset({Outcome.REFUSED, Outcome.BLOCKED, Outcome.UNANSWERED})
SIGNS: Final = {"unexpected": "!", "disputed": "~", "review": "?", "failing": "\u2715"}
OTHERS: Final = "other hosts"


@dataclass(slots=True)
class _Talk:
    """Flows between two ends, counted."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    bad: int = 0
    services: Counter[str] = field(default_factory=Counter)

    def join(self, other: _Talk) -> None:
        self.verdicts.update(other.verdicts)
        self.services.update(other.services)
        self.bad += other.bad


@dataclass(frozen=True, slots=True)
class Circle:
    """A host or a group in the drawing."""

    label: str
    below: str
    x: int
    y: int
    radius: int
    hosts: int
    declared: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """Flows between two circles, both directions together. ``path`` is SVG path data, ``x`` and ``y``
    where the mark stands."""

    path: str
    x: int
    y: int
    weight: float
    kind: str
    """The gravest verdict; ``failing`` where no sheet objects and flows were not answered; ``none``."""
    sign: str
    said: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Flows that ``originator`` opened to ``responder``."""

    originator: str
    responder: str
    flows: int
    verdicts: list[tuple[str, int]]
    bad: int
    services: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its hosts: address, name (empty where there is none), flows."""

    label: str
    hosts: list[tuple[str, str, int]]
    left: int
    count: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The section's values. ``single`` says that circles are hosts."""

    single: bool
    circles: list[Circle]
    edges: list[Edge]
    pairs: list[Pair]
    groups: list[Group]
    background: int
    height: int
    width: int = WIDTH


class Topology:
    """Counts flows as they come, by group, and by host while hosts are few."""

    def __init__(self, hosts: Sequence[HostResult]) -> None:
        self._names: dict[str, str] = {}
        for host in hosts:
            for address in host.addresses:
                if host.name != address:
                    self._names.setdefault(address, host.name)
        self._by_group: defaultdict[tuple[str, str], _Talk] = defaultdict(_Talk)
        self._by_host: defaultdict[tuple[str, str], _Talk] | None = defaultdict(_Talk)
        self._members: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._roles: dict[str, bool] = {}
        self._hosts: set[str] = set()
        self._background = 0

    def add(self, record: FlowRecord) -> None:
        """Count one flow; background of the network is counted and not drawn."""
        if record.verdict is Verdict.INFRASTRUCTURE:
            self._background += 1
            return
        ends = record.originator, record.responder
        groups = group_of(ends[0]), group_of(ends[1])
        for end, group in zip(ends, groups, strict=True):
            self._members[group][end.address] += 1
            self._roles[group] = self._roles.get(group, False) or bool(end.roles)
        talks = [self._by_group[groups]]
        if self._by_host is not None:
            self._hosts.update(end.address for end in ends)
            if len(self._hosts) > FEW:
                self._by_host = None
            else:
                talks.append(self._by_host[ends[0].address, ends[1].address])
        service = record.service or record.protocol or record.transport
        for talk in talks:
            if record.verdict is not None:
                talk.verdicts[record.verdict] += 1
            talk.bad += record.outcome in _BAD
            # A scan has a service a port: names beyond the first few are not shown, so not kept.
            if service in talk.services or len(talk.services) < 40:
                talk.services[service] += 1

    def drawn(self) -> Drawing:
        """The section's values."""
        single = self._by_host is not None
        by_host = self._by_host if self._by_host is not None else {}
        talks = dict(by_host) if single else _merged(self._by_group, self._small())
        circles = self._circles(talks, single)
        return Drawing(
            single=single,
            circles=list(circles.values()),
            edges=_edges(talks, circles),
            pairs=[_pair(*ends, talk, self._names if single else {}) for ends, talk in _ranked(talks)],
            groups=self._groups(),
            background=self._background,
            height=_height(len(circles) - (len(circles) > 2)),
        )

    def _small(self) -> frozenset[str]:
        """Undeclared groups that are drawn as one: the smallest, where there are too many."""
        declared = [group for group in self._members if self._roles[group]]
        others = [group for group in self._members if not self._roles[group]]
        if len(declared) + len(others) <= GROUPS:
            return frozenset()
        others.sort(key=lambda group: -self._members[group].total())
        return frozenset(others[max(0, GROUPS - 1 - len(declared)) :])

    def _groups(self) -> list[Group]:
        found = []
        for label, members in sorted(
            self._members.items(), key=lambda item: (not self._roles[item[0]], item)
        ):
            listed = sorted(members, key=_numeric)[:LISTED]
            hosts = [(address, self._names.get(address, ""), members[address]) for address in listed]
            found.append(Group(label, hosts, len(members) - len(listed), len(members)))
        return found

    def _circles(self, talks: dict[tuple[str, str], _Talk], single: bool) -> dict[str, Circle]:
        """The busiest end in the middle, the others on an ellipse around it in the order of their names."""
        degree: Counter[str] = Counter()
        for ends in talks:
            for end in set(ends):
                degree[end] += len(set(ends))
        if not degree:
            return {}
        names = sorted(degree, key=lambda end: (not self._is_declared(end, single), _numeric(end)))
        middle = max(names, key=lambda end: degree[end]) if len(names) > 2 else ""
        around = [name for name in names if name != middle]
        height = _height(len(around))
        found = {middle: self._circle(middle, WIDTH // 2, height // 2 - 12, single)} if middle else {}
        for at, name in enumerate(around):
            angle = math.pi + 2 * math.pi * at / len(around)
            x = WIDTH / 2 + 370 * math.cos(angle)
            y = height / 2 - 12 + (height / 2 - 64) * math.sin(angle)
            found[name] = self._circle(name, round(x), round(y), single)
        return found

    def _is_declared(self, end: str, single: bool) -> bool:
        if not single:
            return self._roles.get(end, False)
        return any(self._roles[group] and end in members for group, members in self._members.items())

    def _circle(self, name: str, x: int, y: int, single: bool) -> Circle:
        if single:
            roles = next((g for g, members in self._members.items() if name in members), "")
            label = self._names.get(name, name)
            below = name if label != name else roles
            return Circle(_short(label), _short(below), x, y, 17, 1, self._is_declared(name, True))
        hosts = len(self._members[name]) if name in self._members else 0
        if name == OTHERS:
            hosts = sum(len(self._members[group]) for group in self._small())
        radius = round(min(34, 13 + 4 * math.log2(max(1, hosts))))
        below = f"{hosts} host" + ("s" if hosts != 1 else "")
        return Circle(_short(name), below, x, y, radius, hosts, self._is_declared(name, False))


def _height(around: int) -> int:
    return next(height for most, height in HEIGHTS if around <= most)


def group_of(end: Endpoint) -> str:
    """The group of an end: its roles, else what kind of address it has."""
    return "+".join(end.roles) or _kind(end.address)


@lru_cache(maxsize=100_000)
def _kind(address: str) -> str:
    """Multicast, broadcast, the internet, or the network of 256 addresses (IPv4) or /64 (IPv6)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return OTHERS
    # A capture does not tell subnet masks: a broadcast address is known by its end.
    if parsed.is_multicast or (parsed.version == 4 and address.endswith(".255")):
        return "multicast and broadcast"
    if parsed.is_global:
        return "internet"
    network = ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False)
    return f"others in {network}"


def _merged(talks: dict[tuple[str, str], _Talk], small: frozenset[str]) -> dict[tuple[str, str], _Talk]:
    found: defaultdict[tuple[str, str], _Talk] = defaultdict(_Talk)
    for (one, other), talk in talks.items():
        found[OTHERS if one in small else one, OTHERS if other in small else other].join(talk)
    return dict(found)


def _worst(talk: _Talk) -> Verdict | None:
    return next((verdict for verdict in GRAVITY if talk.verdicts[verdict]), None)


def _ranked(talks: dict[tuple[str, str], _Talk]) -> list[tuple[tuple[str, str], _Talk]]:
    """The gravest first, then the most flows."""

    def rank(item: tuple[tuple[str, str], _Talk]) -> tuple[int, int, tuple[str, str]]:
        worst = _worst(item[1])
        return (GRAVITY.index(worst) if worst else len(GRAVITY), -item[1].verdicts.total(), item[0])

    return sorted(talks.items(), key=rank)


def _pair(originator: str, responder: str, talk: _Talk, names: dict[str, str]) -> Pair:
    worst = _worst(talk)
    most = [name for name, _ in talk.services.most_common(5)]
    rest = len(talk.services) - len(most)
    return Pair(
        _named(originator, names),
        _named(responder, names),
        talk.verdicts.total(),
        [(verdict.value, talk.verdicts[verdict]) for verdict in GRAVITY if talk.verdicts[verdict]],
        talk.bad,
        ", ".join(most) + (f" and {rest} more" if rest else ""),
        worst.value if worst else "",
    )


def _kind_of(talk: _Talk) -> str:
    worst = _worst(talk)
    if worst is None:
        return "none"
    return "failing" if worst is Verdict.EXPECTED and talk.bad else worst.value


def _named(end: str, names: dict[str, str]) -> str:
    return f"{names[end]} ({end})" if end in names else end


def _edges(talks: dict[tuple[str, str], _Talk], circles: dict[str, Circle]) -> list[Edge]:
    both: defaultdict[tuple[str, str], _Talk] = defaultdict(_Talk)
    for (one, other), talk in talks.items():
        both[min(one, other), max(one, other)].join(talk)
    found = []
    # The gravest last: what is drawn last lies on top.
    for (one, other), talk in reversed(_ranked(dict(both))):
        start, end = circles[one], circles[other]
        kind = _kind_of(talk)
        flows = talk.verdicts.total()
        path, x, y = _loop(start) if one == other else _curve(start, end)
        found.append(
            Edge(
                path,
                x,
                y,
                round(1.2 + 0.9 * math.log10(max(1, flows)), 1),
                kind,
                SIGNS.get(kind, ""),
                f"{start.label} and {end.label}: {flows} flow" + ("s" if flows != 1 else ""),
            )
        )
    return found


def _loop(circle: Circle) -> tuple[str, int, int]:
    x, y, r = circle.x, circle.y - circle.radius + 4, circle.radius
    return f"M{x - 8},{y} C{x - r - 22},{y - 48} {x + r + 22},{y - 48} {x + 8},{y}", x, y - 36


def _curve(start: Circle, end: Circle) -> tuple[str, int, int]:
    """Bent a little, so that a line does not seem to end at a third circle that lies on its way."""
    middle_x, middle_y = (start.x + end.x) / 2, (start.y + end.y) / 2
    bend = 0.12
    control_x = middle_x + (end.y - start.y) * bend
    control_y = middle_y - (end.x - start.x) * bend
    mark = round((middle_x + control_x) / 2), round((middle_y + control_y) / 2)
    return f"M{start.x},{start.y} Q{control_x:.0f},{control_y:.0f} {end.x},{end.y}", *mark


def _short(text: str) -> str:
    return text if len(text) <= LABEL else f"{text[: LABEL - 1]}\u2026"


def _numeric(address: str) -> tuple[int, int, str]:
    """Addresses in their own order, names behind them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return 9, 0, address
    return parsed.version, int(parsed), ""
