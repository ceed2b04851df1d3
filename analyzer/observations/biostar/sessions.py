"""What connections between declared hosts tell: closed at once, alone, silent, some of them encrypted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from analyzer.conversation import Address, Conversation
from analyzer.model import FindingKind, Severity
from analyzer.observation import FRAMES, SECOND, Observation, Setting, named, times
from analyzer.observations.biostar.link import LISTENER, OPENER, Gap, Link
from analyzer.observations.biostar.pick import AT_DEVICE
from analyzer.protocols.biostar_server import PROTOCOL as SERVER_PORTS

SERVER, CLIENT, DEVICE = "biostar-server", "biostar-client", "biostar-device"
AT_SERVER: Final = frozenset(port for _, port in SERVER_PORTS.ports)

QUICK: Final = 5 * SECOND
"""A connection that lasts less long was closed at once; devices and servers keep theirs for hours."""
REPEATED: Final = 3
"""Quick closes between the same two hosts from which on it is no accident."""
KEEP_ALIVE: Final = 100 * SECOND
"""Default of KEEP_ALIVE_INTERVAL (BioStar SDK Manual V1.9): a server drops a connection on which it received
nothing for so long."""
SLACK: Final = 5 * SECOND
"""A timer that runs out a little late is no lost keep-alive."""
TOO_LONG: Final = KEEP_ALIVE + SLACK
WATCHED: Final = 150 * SECOND
"""How long a device has to be seen before its second connection is missed: one and a half keep-alives."""
TLS_RECORD: Final = frozenset({0x14, 0x15, 0x16, 0x17})
"""First byte of a TLS record (RFC 8446 section 5.1)."""
TLS_FATAL: Final = (b"\x15\x03", b"\0\2\2")
"""How a fatal alert in the clear begins, and goes on after the version (RFC 8446, 5.1 and 6)."""


class Pair(NamedTuple):
    """Who opens connections to whom, and to which port."""

    opener: Address
    listener: Address
    port: int

    @property
    def device_side(self) -> int:
        """Which side of the connection is the device's: it calls the server, and is called by a PC."""
        return OPENER if self.port in AT_SERVER else LISTENER

    @property
    def device(self) -> Address:
        """The device."""
        return self.opener if self.device_side == OPENER else self.listener

    @property
    def other(self) -> Address:
        """The server or client."""
        return self.listener if self.device_side == OPENER else self.opener


def declared(setting: Setting, address: Address, *roles: str) -> bool:
    """Whether the user says that the host at ``address`` has one of ``roles``."""
    return any(
        host.basis == "declared" and role in host.roles for host in setting.hosts(address) for role in roles
    )


def of_devices(links: Iterable[Link], setting: Setting) -> dict[Pair, list[Link]]:
    """The connections in which a declared device takes part on the side that the modes give it."""
    found: dict[Pair, list[Link]] = defaultdict(list)
    for link in links:
        (opener, _), (listener, port) = link.opener, link.listener
        from_device = port in AT_SERVER and declared(setting, opener, DEVICE)
        to_device = port in AT_DEVICE and declared(setting, listener, DEVICE)
        peer = listener if from_device else opener
        if (from_device or to_device) and declared(setting, peer, SERVER, CLIENT):
            found[Pair(opener, listener, port)].append(link)
    return found


def tell(links: Sequence[Link], setting: Setting) -> Iterator[Observation]:
    """One observation for each cause between the same kinds of host."""
    pairs = of_devices(links, setting)
    quick = {pair: [link for link in held if closed_at_once(link)] for pair, held in pairs.items()}
    quick = {pair: held for pair, held in quick.items() if len(held) >= REPEATED}
    yield from _quick(pairs, quick, setting)
    yield from _alone(pairs, quick, setting)
    yield from _silent(pairs, setting)
    yield from _mixed(links, setting)


# ---------------------------------------------------------------- closed at once


def closed_at_once(link: Link) -> bool:
    """Whether a connection that came about did not last, in a way that is no visit.

    A PC may look in at a device in direct mode, exchange a few words and go. A device in server mode stays,
    and whoever is called does not hang up.
    """
    if not (link.opened and link.established and link.ended_by is not None) or link.lasted(0) >= QUICK:
        return False
    from_device = link.listener[1] in AT_SERVER
    return from_device or link.ended_by == LISTENER or not link.sides[LISTENER].bytes


def _quick(
    pairs: dict[Pair, list[Link]], quick: dict[Pair, list[Link]], setting: Setting
) -> Iterator[Observation]:
    groups: dict[tuple[str, str, int, str, bool], dict[Pair, list[Link]]] = defaultdict(dict)
    for pair, held in quick.items():
        last = pairs[pair][-1]
        recovered = last.established and last.lasted(setting.seen.end) >= QUICK and last not in held
        kinds = setting.kind(pair.opener), setting.kind(pair.listener)
        groups[(*kinds, pair.port, _why(held, setting), recovered)][pair] = held
    for (one, other, port, why, recovered), some in groups.items():
        links = [link for held in some.values() for link in held]
        openers, listeners = named(pair.opener for pair in some), named(pair.listener for pair in some)
        by_listener = _count(link for link in links if link.ended_by == LISTENER)
        who = listeners if by_listener * 2 > _count(links) else openers
        longest = max(link.lasted(0) for link in links) / SECOND
        all_of_them = _count(links)
        yield Observation(
            kind=FindingKind.UNSTABLE_SESSION,
            severity=Severity.NOTE if recovered else Severity.WARNING,
            key=("biostar", "quick", one, other, str(port), why[:20]),
            title=f"connections of {openers} to TCP {port} of {listeners} are closed at once"
            + (", and later ones last" if recovered else ""),
            detail=f"{all_of_them} connections came about and lasted {longest:.1f} s at the most; {who} "
            f"ended {by_listener if who == listeners else all_of_them - by_listener} of them first, "
            f"{_count(link for link in links if link.reset)} by RST. {why}".rstrip(),
            advice=_quick_advice(port, why, listeners),
            frames=_frames(links),
            flows=_flows(links, setting),
        )


def _why(links: Iterable[Link], setting: Setting) -> str:
    """What the first bytes tell of the reason, empty if nothing."""
    for link in links:
        flow = setting.flow("tcp", link.opener, link.listener)
        heads = [head.data for side in flow.heads for head in side] if flow is not None else []
        if any((data[:2], data[3:6]) == TLS_FATAL for data in heads):
            return "The TLS handshake ends with an alert"
        spoken = _first_words(flow)
        if None not in spoken and len({octet in TLS_RECORD for octet in spoken}) > 1:
            return "One end speaks TLS and the other does not"
    return ""


def _first_words(flow: Conversation | None) -> tuple[int | None, int | None]:
    """The first byte of each side's first payload where that is a TLS record, 0 where not; None: unknown."""
    if flow is None:
        return None, None
    told: list[int | None] = []
    for heads in flow.oriented(flow.heads):
        data = min(heads, key=lambda head: head.frame).data if heads else b""
        record = len(data) > 1 and data[0] in TLS_RECORD and data[1] == 3
        told.append(None if len(data) < 2 else data[0] if record else 0)
    return told[0], told[1]


def _quick_advice(port: int, why: str, listeners: str) -> str:
    if "TLS" in why:
        return (
            "Make both ends use the same kind of connection: secure communication on at the server and at "
            "the device, or off at both, and issue the device's certificate again. Check the clocks as well: "
            "certificates that came with BioStar 1's SDK run until December 2026."
        )
    if port in AT_SERVER:
        return (
            f"In this order: is the device registered at {listeners}; does the server's limit of connections "
            "allow one more; is the device set to BioStar and not to BioAdmin; is secure communication on "
            "at both ends or off at both."
        )
    return (
        "A device talks with one PC at a time: see whether another client or the server holds it, and "
        "whether its limit of connections is reached. Then check that secure communication is on at both "
        "ends or off at both."
    )


# ---------------------------------------------------------------- one connection of two


def _alone(
    pairs: dict[Pair, list[Link]], quick: dict[Pair, list[Link]], setting: Setting
) -> Iterator[Observation]:
    """In server mode a device opens a command connection and, when told to, a request connection."""
    servers: dict[tuple[Address, int], dict[Pair, tuple[int, list[Link]]]] = defaultdict(dict)
    for pair, links in pairs.items():
        if pair.port not in AT_SERVER or pair in quick:
            continue
        held = [link for link in links if link.established]
        if held and setting.seen.end - held[0].begun >= WATCHED:
            servers[pair.listener, pair.port][pair] = most_at_once(held, setting.seen.end), held
    for (server, port), devices in servers.items():
        single = {
            pair: held
            for pair, (most, held) in devices.items()
            if most == 1 and max(link.lasted(setting.seen.end) for link in held) >= WATCHED
        }
        both = [pair for pair, (most, _) in devices.items() if most > 1]
        if not single:
            continue
        links = [link for lone in single.values() for link in lone]
        who = named((pair.opener for pair in single), "devices")
        compared = f"; {named((pair.opener for pair in both), 'devices')} has two" if both else ""
        yield Observation(
            kind=FindingKind.UNSTABLE_SESSION,
            severity=Severity.WARNING if both else Severity.NOTE,
            key=("biostar", "alone", setting.kind(server), str(port)),
            title=f"{who} holds one connection to the server {named([server])}, not two",
            detail="In server mode a device keeps a command connection and a request connection; the second "
            f"carries real-time logs{compared}",
            advice="See whether real-time logs of this device arrive at the server. If not: restart the "
            "BioStar service or reconnect the device; the server's limit of connections may be reached, "
            "and a firewall may allow one connection a device only.",
            frames=_frames(links),
            flows=_flows(links, setting),
        )


def most_at_once(links: Sequence[Link], end: int) -> int:
    """How many connections of one device were open at the same time at the most."""
    moments = []
    for link in links:
        over = link.ended if link.ended_by is not None else end
        moments += [(link.begun, 1), (over, -1)]
    now, most = 0, max((link.together for link in links), default=0)
    for _, step in sorted(moments, key=lambda moment: (moment[0], -moment[1])):
        now += step
        most = max(most, now)
    return most


# ---------------------------------------------------------------- silent for too long


class Silence(NamedTuple):
    """A connection on which the device was silent for too long. ``over``: that was its end."""

    link: Link
    gap: Gap
    over: bool


def _silent(pairs: dict[Pair, list[Link]], setting: Setting) -> Iterator[Observation]:
    groups: dict[tuple[str, str, int, bool], list[Silence]] = defaultdict(list)
    for pair, links in pairs.items():
        if pair.port not in AT_SERVER:
            continue
        for link in links:
            silence = silence_of(link, links, setting.seen.end)
            if silence is not None:
                key = setting.kind(pair.opener), setting.kind(pair.listener), pair.port, silence.over
                groups[key].append(silence)
    for (one, other, port, over), held in groups.items():
        longest = max(held, key=lambda silence: silence.gap.length)
        devices = named({silence.link.opener[0] for silence in held}, "devices")
        servers = named({silence.link.listener[0] for silence in held}, "servers")
        yield Observation(
            kind=FindingKind.UNSTABLE_SESSION,
            severity=Severity.WARNING if over else Severity.NOTE,
            key=("biostar", "silent", one, other, str(port), "over" if over else ""),
            title=f"{devices} is silent for {longest.gap.length // SECOND} s on its connection to {servers}"
            + (", which then ends" if over else ""),
            detail=f"{times(_count(one.link for one in held))}. A device is heard at least every "
            f"{KEEP_ALIVE // SECOND} s: after that the server takes the connection for dead",
            advice="Look for what forgets idle connections on the way (a firewall's or NAT's timeout below "
            f"{KEEP_ALIVE // SECOND} s is the usual one), and for a device that hangs or loses its "
            "network: compare a capture at the device.",
            frames=tuple(
                sorted(
                    {
                        frame
                        for silence in held[: FRAMES // 3]
                        for frame in (
                            silence.gap.first_frame or silence.link.frame,
                            silence.gap.last_frame,
                            silence.link.end_frame,
                        )
                        if frame
                    }
                )
            ),
            flows=_flows([silence.link for silence in held], setting),
        )


def silence_of(link: Link, links: Sequence[Link], end: int) -> Silence | None:
    """The longest silence of the device on a connection until ``end``, if it was too long.

    A silence in which the device was heard on its other connection tells of no lost keep-alive, unless the
    connection ended with it.
    """
    if link.settled:
        return None if link.silence is None else Silence(link, *link.silence)
    if not link.established:
        return None
    tail, worst = _tail(link, end), _worst(link, end)
    reopened = any(
        other.opened and other is not link and tail.first < other.begun <= tail.last for other in links
    )
    if tail.length > TOO_LONG and (link.ended_by is not None or reopened):
        return Silence(link, tail, True)
    heard = any(
        other.begun < worst.last
        and other.last > worst.first
        and _shared(worst, _worst(other, end)) <= TOO_LONG
        for other in links
        if other is not link and other.established
    )
    excused = heard or worst == link.excused
    return Silence(link, worst, False) if worst.length > TOO_LONG and not excused else None


def _tail(link: Link, end: int) -> Gap:
    """From the device's last data to the end of the connection, or of the capture."""
    side = link.sides[OPENER]
    until = link.ended if link.ended_by is not None else end
    return Gap(side.last_data or link.begun, until, side.last_frame, link.end_frame)


def _worst(link: Link, end: int) -> Gap:
    """The longest silence of the device on a connection."""
    inner, tail = link.sides[OPENER].gap, _tail(link, end)
    return inner if inner is not None and inner.length > tail.length else tail


def _shared(one: Gap, other: Gap) -> int:
    """How long two silences last together, ns."""
    return min(one.last, other.last) - max(one.first, other.first)


# ---------------------------------------------------------------- encrypted or not


def _mixed(links: Iterable[Link], setting: Setting) -> Iterator[Observation]:
    servers: dict[tuple[Address, int], dict[bool, list[Link]]] = defaultdict(lambda: {True: [], False: []})
    for link in links:
        (opener, _), (server, port) = link.opener, link.listener
        known = declared(setting, server, SERVER) and declared(setting, opener, DEVICE, CLIENT)
        if link.opened and port in AT_SERVER and known:
            first, _ = _first_words(setting.flow("tcp", link.opener, link.listener))
            if first is not None:
                servers[server, port][first in TLS_RECORD].append(link)
    for (server, port), kinds in servers.items():
        if not all(kinds.values()):
            continue
        sealed, plain = (named({link.opener[0] for link in kinds[tls]}) for tls in (True, False))
        yield Observation(
            kind=FindingKind.PAYLOAD_MISMATCH,
            severity=Severity.NOTE,
            key=("biostar", "tls", setting.kind(server), str(port)),
            title=f"some connections to TCP {port} of {named([server])} are encrypted, others are not",
            detail=f"TLS: {sealed}. Plain: {plain}. Both kinds share the port",
            advice="If all connections are meant to be encrypted, switch secure communication on for the "
            "hosts whose connections are plain, and issue their certificates.",
            frames=_frames([kinds[True][0], kinds[False][0]]),
            flows=_flows([*kinds[True], *kinds[False]], setting),
        )


# ---------------------------------------------------------------- evidence


def _count(links: Iterable[Link]) -> int:
    """How many connections they stand for."""
    return sum(1 + link.alike for link in links)


def _frames(links: Sequence[Link]) -> tuple[int, ...]:
    """Where the first few begin and end."""
    return tuple(sorted({frame for link in links[: FRAMES // 2] for frame in link.frames}))


def _flows(links: Iterable[Link], setting: Setting) -> tuple[Conversation, ...]:
    flows = (setting.flow("tcp", link.opener, link.listener) for link in links)
    return tuple({flow.row: flow for flow in flows if flow is not None}.values())
