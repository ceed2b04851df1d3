"""A made-up site at work, from a seed, and a capture of it that is not what the network was.

``site`` plays the hosts with their timers over a network that may lose packets, on either side of the point
where the capture is taken; the functions after it spoil the capture, of which the hosts know nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from bacnetwire import answer, request, unicast
from coapwire import ACK as ACKED
from coapwire import CON, CONTENT, GET, POST, message, path
from judging import BMS, GATEWAY
from tftpwire import ack, data, rrq
from traffic import ACK, FIN, PSH, SYN, Traffic

HOSTS = (
    f"igor-gateway={GATEWAY}@5.1.0",
    "igor-node=10.20.1.0/24@6.0.2",
    f"bacnet-system={BMS}",
    "biostar-server=10.20.0.50@server",
    "biostar-device=10.20.3.0/24@server",
)
CHANGED = 0x44


def nodes(count: int) -> list[str]:
    return [f"10.20.1.{21 + number}" for number in range(count)]


class Network:
    """Hosts on a network that loses ``loss`` of all packets, half of them before the capture sees them."""

    def __init__(self, seed: int, loss: float = 0.0) -> None:
        self.chance, self.loss = random.Random(seed), loss
        self.seen = Traffic()
        self.ports: dict[str, int] = {}
        self.given_up: list[tuple[str, str]] = []
        """Who asked whom and had no answer, however often it asked."""

    def port(self, host: str) -> int:
        """The next ephemeral port of a host."""
        self.ports[host] = (self.ports.get(host, self.chance.randrange(10_000)) + 1) % 10_000
        return 49_152 + self.ports[host]

    def carry(self, show: Callable[[], object]) -> bool:
        """Whether a packet arrives; ``show`` puts it into the capture where it came that far."""
        fate = self.chance.random()
        if fate >= self.loss / 2:
            show()
        return fate >= self.loss

    def datagram(self, at: float, one: tuple[str, int], other: tuple[str, int], payload: bytes) -> bool:
        return self.carry(lambda: self.seen.udp(at, *one, *other, payload))

    def ask(
        self,
        at: float,
        client: str,
        server: str,
        port: int,
        payloads: tuple[bytes, bytes],
        timers: tuple[float, ...],
        sport: int | None = None,
    ) -> float:
        """A request with its retransmissions and its answer. When it is over."""
        ends = (client, self.port(client) if sport is None else sport), (server, port)
        for wait in timers:
            if self.datagram(at, *ends, payloads[0]) and self.datagram(
                at + 0.004 + self.chance.random() / 100, *reversed(ends), payloads[1]
            ):
                return at + 0.02
            at += wait
        self.given_up.append((client, server))
        return at

    def coap(self, at: float, client: str, server: str, code: int = GET, sport: int | None = None) -> float:
        """A confirmable request (RFC 7252 section 4.2: 2 to 3 s, doubled, four retransmissions)."""
        mid, token = self.chance.randrange(1 << 16), self.chance.randbytes(4)
        body = b"" if code == GET else self.chance.randbytes(12)
        ask = message(CON, code, mid, token, *path("/state"), payload=body)
        reply = message(ACKED, CONTENT if code == GET else CHANGED, mid, token, payload=b"on" * (code == GET))
        first = 2 + self.chance.random()
        return self.ask(at, client, server, 5683, (ask, reply), tuple(first * 2**n for n in range(5)), sport)

    def bacnet(self, at: float, client: str, server: str, invoke: int, sport: int | None = None) -> float:
        both = unicast(request(invoke & 255)), unicast(answer(invoke & 255))
        return self.ask(at, client, server, 47808, both, (3.0,) * 4, sport)

    def web(self, at: float, client: str, server: str, port: int = 80, gap: float = 0.0) -> float:
        """A connection with one request; ``gap`` is how long it stays open."""
        one, other = (client, self.port(client)), (server, port)

        def send(at: float, there: bool, flags: int, payload: bytes, seq: int, acked: int) -> bool:
            ends = (*one, *other) if there else (*other, *one)
            return self.carry(lambda: self.seen.tcp(at, *ends, flags, payload, seq, acked))

        def until(at: float, there: bool, flags: int, payload: bytes, seq: int, acked: int) -> float | None:
            wait = 1.0
            for _ in range(6):
                length = len(payload) + bool(flags & (SYN | FIN))
                reply = SYN | ACK if flags == SYN else ACK
                answer = 100 if flags == SYN else acked
                if send(at, there, flags, payload, seq, acked) and send(
                    at + 0.003, not there, reply, b"", answer, seq + length
                ):
                    return at + 0.005
                at += wait
                wait *= 2
            self.given_up.append((client, server))
            return None

        ask, reply = (
            b"GET /api/lights HTTP/1.1\r\nHost: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        )
        if port != 80:
            ask, reply = b"\x01\x02\x03\x04", b"\x05\x06"
        now = until(at, True, SYN, b"", 1, 0)
        if now is None:
            return at + 63
        send(now, True, ACK, b"", 2, 101)
        steps = ((True, PSH | ACK, ask, 2, 101), (False, PSH | ACK, reply, 101, 2 + len(ask)))
        for step in steps:
            now = until(now + gap, *step)
            if now is None:
                return at + 63
        until(now, True, FIN | ACK, b"", 2 + len(ask), 101 + len(reply))
        until(now + 0.01, False, FIN | ACK, b"", 101 + len(reply), 3 + len(ask))
        return now + 0.1

    def read_file(self, at: float, client: str, server: str, blocks: int) -> float:
        """A TFTP read in lockstep; timers of one second (RFC 1350)."""
        mine, tid = self.port(client), 50_000 + self.chance.randrange(200)
        ask, got = rrq(f"{client}.bin"), False
        for block in range(1, blocks + 1):
            for _ in range(20):
                out = self.datagram(
                    at, (client, mine), (server, tid if got else 69), ack(block - 1) if got else ask
                )
                size = 512 if block < blocks else 100
                if out and self.datagram(at + 0.003, (server, tid), (client, mine), data(block, size)):
                    got = True
                    at += 0.01
                    break
                at += 1
            else:
                self.given_up.append((client, server))
                return at
        self.datagram(at, (client, mine), (server, tid), ack(blocks))
        return at

    def fetch(self, at: float, client: str, server: str, blocks: int) -> float:
        """A file in blocks by CoAP (RFC 7959), each a confirmable request of its own."""
        mine = self.port(client)
        for number in range(blocks):
            from coapwire import BLOCK2, block

            more = number < blocks - 1
            mid, token = self.chance.randrange(1 << 16), self.chance.randbytes(4)
            ask = message(
                CON,
                GET,
                mid,
                token,
                *path("/fw/node.bin"),
                *([(BLOCK2, block(number, False, 64))] if number else []),
            )
            reply = message(
                ACKED,
                CONTENT,
                mid,
                token,
                (BLOCK2, block(number, more, 64)),
                payload=b"x" * (64 if more else 20),
            )
            at = self.ask(at, client, server, 5683, (ask, reply), (2.5, 5, 10, 20, 40), mine)
        return at


def site(  # noqa: C901 - one story, told in order
    seed: int,
    *,
    count: int = 8,
    minutes: float = 12,
    loss: float = 0.0,
    own_ports: bool = True,
    files: bool = True,
) -> Network:
    """Nodes and gateway talk CoAP both ways, the gateway reads nodes by HTTP, a BMS reads the gateway, doors
    keep connections to their server, two nodes are updated."""
    net = Network(seed, loss)
    chance, end = net.chance, minutes * 60
    sport = None if own_ports else 5683
    for node in nodes(count):
        for play, every in (
            (lambda at, node=node: net.coap(at, node, GATEWAY, POST, sport), 20),
            (lambda at, node=node: net.coap(at, GATEWAY, node, GET, sport), 30),
            (lambda at, node=node: net.web(at, GATEWAY, node), 90),
        ):
            at = chance.random() * every
            while at < end:
                at = max(play(at), at) + every * (0.8 + 0.4 * chance.random())
        at = chance.random() * 10
        while at < end:
            net.datagram(at, (node, 50202), (GATEWAY, 50202), b"\x07" + chance.randbytes(20))
            at += 10
    at = 1.0
    invoke = 1
    while at < end:
        at = net.bacnet(at, BMS, GATEWAY, invoke, None if own_ports else 47808) + 5
        invoke += 1
    for number in range(3):
        door = f"10.20.3.{11 + number}"
        at = chance.random() * 60
        while at < end:
            at = net.web(at, door, "10.20.0.50", 1480, gap=20) + 60
    if files:
        for number, node in enumerate(nodes(2)):
            net.read_file(60 + 100 * number, node, GATEWAY, 60)
            net.fetch(90 + 100 * number, node, GATEWAY, 40)
    for second in range(0, int(end), 30):
        net.seen.arp(second, BMS, GATEWAY)
    net.seen.frames = [frame for frame in net.seen.frames if frame[0] <= end]
    net.seen.frames.sort(key=lambda item: item[0])
    return net


def dropped(traffic: Traffic, seed: int, share: float, *, burst: float = 0.0) -> Traffic:
    """A capture that lost ``share`` of the frames, one by one or for ``burst`` seconds at a time."""
    chance, kept, blind = random.Random(seed), Traffic(), -1.0
    times = [at for at, _ in traffic.frames]
    span = times[-1] - times[0]
    starts = sorted(chance.random() * span for _ in range(int(share * span / burst))) if burst else []
    for at, frame in traffic.frames:
        if burst:
            while starts and starts[0] <= at:
                blind = starts.pop(0) + burst
            if at < blind:
                continue
        elif chance.random() < share:
            continue
        kept.frames.append((at, frame))
    return kept
