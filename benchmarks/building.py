"""Days of a made-up building as the files of a ring: ``python benchmarks/building.py FOLDER [options]``.

Gateways, nodes, a BMS, door controllers, office computers and one scanner, the same for the same seed. What
grows with time on a real site grows here: client ports that are new each time, connections that reconnect,
files that are fetched again and again, searches, failures and their ICMP errors. ``--days`` is the time that
the captures tell of, ``--flows`` how many conversations begin in it, ``--files`` how many files hold it. The
file ``site.yaml`` beside the folder says who is who.
"""

from __future__ import annotations

import argparse
import heapq
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

START: Final = 1_790_000_000
MICRO: Final = 10**6
DAY: Final = 86_400
MAC: Final = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0"
ALL: Final = b"\xff" * 6
GATEWAYS: Final = ("10.20.0.10", "10.20.0.11")
NODES: Final = tuple(f"10.20.{third}.{last}" for third in (1, 2) for last in range(10, 250))
OFF: Final = "10.20.1.251"
BMS, TOOL, SERVER, SCANNER = "10.20.0.40", "10.20.0.41", "10.20.0.50", "10.20.9.66"
DOORS: Final = tuple(f"10.20.3.{last}" for last in range(11, 251))
OFFICE: Final = tuple(f"10.20.5.{last}" for last in range(10, 250))
RESOLVER, CLOCK, GROUP, SUBNET = "10.20.0.2", "10.20.0.3", "239.255.255.250", "10.20.0.255"
CLOUD: Final = tuple(f"198.51.100.{last}" for last in range(1, 250))
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

SITE: Final = """\
site: A building
hosts:
  - {name: gateways, address: [10.20.0.10, 10.20.0.11], role: igor-gateway, version: 5.1.0}
  - {name: nodes, address: [10.20.1.0/24, 10.20.2.0/24], role: igor-node, version: 6.0.2}
  - {name: bms, address: [10.20.0.40, 10.20.0.41], role: bacnet-system}
  - {name: access server, address: 10.20.0.50, role: biostar-server, mode: server}
  - {name: doors, address: 10.20.3.0/24, role: biostar-device}
"""


def packed(address: str) -> int:
    one, two, three, four = map(int, address.split("."))
    return one << 24 | two << 16 | three << 8 | four


class Queue:
    """Frames that wait for their time, µs since START."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, int, bytes]] = []
        self.made = 0
        self.ident = 0

    def ip(self, at: int, source: str, target: str, protocol: int, body: bytes, mac: bytes = MAC) -> None:
        self.ident = self.ident % 65535 + 1
        fields = (0x45, 0, 20 + len(body), self.ident, 0, 64, protocol, 0, packed(source), packed(target))
        self.frame(at, mac + struct.pack(">BBHHHBBHII", *fields) + body)

    def frame(self, at: int, data: bytes) -> None:
        self.made += 1
        heapq.heappush(self.waiting, (at, self.made, data))

    def udp(self, at: int, source: str, sport: int, target: str, dport: int, data: bytes) -> None:
        last = target.rsplit(".", 1)[1]
        mac = ALL + MAC[6:] if last == "255" or target == GROUP else MAC
        self.ip(at, source, target, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data, mac)

    def tcp(
        self,
        at: int,
        source: str,
        sport: int,
        target: str,
        dport: int,
        flags: int,
        seq: int,
        data: bytes = b"",
    ) -> None:
        head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, 1, 0x50, flags, 8192, 0, 0)
        self.ip(at, source, target, 6, head + data)

    def unreachable(self, at: int, reporter: str, source: str, sport: int, target: str, dport: int) -> None:
        """A port unreachable about a datagram from ``source``."""
        quoted = struct.pack(">BBHHHBBHII", 0x45, 0, 40, 1, 0, 63, 17, 0, packed(source), packed(target))
        quoted += struct.pack(">HHHH", sport, dport, 20, 0)
        self.ip(at, reporter, source, 1, struct.pack(">BBHI", 3, 3, 0, 0) + quoted)


class Building:
    """What happens; each method is one event at ``at``, µs since START."""

    def __init__(self, seed: int, nodes: int) -> None:
        self.draw = random.Random(seed)
        self.nodes, self.doors = NODES[:nodes], DOORS[: nodes * 3 // 20]
        self.office, self.cloud = OFFICE[: nodes // 5], CLOUD[: nodes * 3 // 10]
        self.queue = Queue()
        self.number = 0
        self.ports: dict[str, int] = {}

    def port(self, host: str) -> int:
        """The next ephemeral port of a host."""
        port = self.ports.get(host, self.draw.randrange(49152, 65535)) + 1
        self.ports[host] = port = port if port < 65536 else 49152
        return port

    def coap(self, at: int) -> None:
        """A node asks its gateway, from a new port; sometimes it meets an error, or a long answer."""
        chance, send = self.draw.random(), self.queue.udp
        node = self.draw.choice(self.nodes)
        gateway, port = GATEWAYS[packed(node) % 2], self.port(node)
        self.number += 1
        mid, token = self.number & 0xFFFF, struct.pack(">I", self.number & 0xFFFFFFFF)
        path = b"\xb5state" if chance > 0.05 else b"\xb3old"
        request = struct.pack(">BBH", 0x44, 1, mid) + token + path
        if 0.05 <= chance < 0.07:  # a list in four blocks (RFC 7959)
            for block in range(4):
                more, value = block < 3, block << 4 | 2
                mid = (mid + 1) & 0xFFFF
                asked = b"\xb5lists" + (b"\xc1" + bytes((value,)) if block else b"")
                send(at, node, port, gateway, 5683, struct.pack(">BBH", 0x44, 1, mid) + token + asked)
                head = struct.pack(">BBH", 0x64, 0x45, mid) + token
                option = b"\xd1\x0a" + bytes((value | more << 3,))
                send(at + 4000, gateway, 5683, node, port, head + option + b"\xff" + b"x" * 64)
                at += 9000
            return
        send(at, node, port, gateway, 5683, request)
        code = 0x84 if chance < 0.05 else 0x45
        answer = struct.pack(">BBH", 0x64, code, mid) + token + (b"" if code == 0x84 else b"\xff{'on':1}")
        send(at + 6000, gateway, 5683, node, port, answer)

    def notification(self, at: int) -> None:
        """A gateway tells a node something between the two well-known ports."""
        node = self.draw.choice(self.nodes)
        self.number += 1
        data = struct.pack(">BBHI", 0x54, 2, self.number & 0xFFFF, self.number) + b"\xb5light\xff1"
        self.queue.udp(at, GATEWAYS[packed(node) % 2], 5683, node, 5683, data)

    def silent(self, at: int) -> None:
        """A gateway asks a node that is off: five copies, and no answer (RFC 7252 section 4.2)."""
        port = self.port(GATEWAYS[0])
        self.number += 1
        data = struct.pack(">BBHI", 0x44, 1, self.number & 0xFFFF, self.number) + b"\xb5state"
        for delay in (0, 2, 6, 14, 30):
            self.queue.udp(at + delay * MICRO, GATEWAYS[0], port, OFF, 5683, data)

    def bacnet(self, at: int) -> None:
        """The BMS or a tool with a new port reads a property; now and then there is none of that name."""
        tool = self.draw.random() < 0.5
        asker, port = (TOOL, self.port(TOOL)) if tool else (BMS, 47808)
        gateway = self.draw.choice(GATEWAYS)
        self.number += 1
        invoke = self.number & 0xFF
        asked = b"\x81\x0a\0\x11\1\4\0\5%c\x0c\x0c\0\0\0\1\x19\x55" % invoke
        answer = b"\x81\x0a\0\x17\1\0\x30%c\x0c\x0c\0\0\0\1\x19\x55\x3e\x44\x42\x28\0\0\x3f"
        if tool and self.draw.random() < 0.1:
            answer = b"\x81\x0a\0\x0d\1\0\x50%c\x0c\x91\2\x91\x20"
        self.queue.udp(at, asker, port, gateway, 47808, asked)
        self.queue.udp(at + 9000, gateway, 47808, asker, port, answer % invoke)

    def search(self, at: int) -> None:
        """Who-Is for one instance to everyone; the gateway says that it is here."""
        who = b"\x81\x0b\0\x10\1\x20\xff\xff\0\xff\x10\x08\x09\x0a\x19\x0a"
        self.queue.udp(at, BMS, 47808, SUBNET, 47808, who)
        here = b"\x81\x0b\0\x18\1\x20\xff\xff\0\xff\x10\0\xc4\2\0\0\x0a\x22\1\xe0\x91\0\x21\x0f"
        self.queue.udp(at + 70_000, GATEWAYS[0], 47808, SUBNET, 47808, here)

    def door(self, at: int, device: str, until: int) -> None:
        """Two connections of a door to the server, heard once a minute, renewed after an hour or so."""
        over = at + self.draw.randrange(1800, 9000) * MICRO
        for _ in range(2):
            port, seq = self.port(device), self.draw.randrange(1 << 31)
            now = at
            self.queue.tcp(now, device, port, SERVER, 1480, SYN, seq)
            self.queue.tcp(now + 800, SERVER, 1480, device, port, SYN | ACK, 7)
            self.later(
                now + MICRO, lambda at, port=port, seq=seq: self.alive(at, device, port, seq + 1, over)
            )
            at += 50_000
        if over < until:
            self.later(over + 4 * MICRO, lambda at: self.door(at, device, until))

    def alive(self, at: int, device: str, port: int, seq: int, over: int) -> None:
        if at >= over:
            self.queue.tcp(at, device, port, SERVER, 1480, FIN | ACK, seq)
            self.queue.tcp(at + 900, SERVER, 1480, device, port, FIN | ACK, 8)
            return
        self.queue.tcp(at, device, port, SERVER, 1480, PSH | ACK, seq, b"\1keepalive")
        self.queue.tcp(at + 900, SERVER, 1480, device, port, ACK, 8)
        self.later(at + 60 * MICRO, lambda at: self.alive(at, device, port, seq + 10, over))

    def update(self, at: int) -> None:
        """An announcement, a file over TFTP from a new port, seven seconds of silence; one in ten fails."""
        node = self.draw.choice(self.nodes)
        gateway, port, tid = GATEWAYS[packed(node) % 2], self.port(node), self.port(GATEWAYS[0])
        send = self.queue.udp
        send(at, gateway, self.port(gateway), node, 50195, b"\xf1announce")
        chance = self.draw.random()
        name = b"none.bin" if chance < 0.05 else b"node-6.0.3.bin"
        send(at + 40_000, node, port, gateway, 69, b"\0\1" + name + b"\0octet\0")
        if chance < 0.05:
            send(at + 50_000, gateway, tid, node, port, b"\0\5\0\1File not found\0")
            return
        if chance < 0.1:
            return
        for block in range(1, 13):
            size = 512 if block < 12 else 77
            send(at + 50_000 * block, gateway, tid, node, port, struct.pack(">HH", 3, block) + b"f" * size)
            send(at + 50_000 * block + 900, node, port, gateway, tid, struct.pack(">HH", 4, block))

    def web(self, at: int) -> None:
        """A name is looked up and a TLS connection made, from new ports; one in fifty is never closed."""
        host, cloud = self.draw.choice(self.office), self.draw.choice(self.cloud)
        self.name(at, host)
        port, seq = self.port(host), self.draw.randrange(1 << 31)
        self.queue.tcp(at + 9000, host, port, cloud, 443, SYN, seq)
        self.queue.tcp(at + 19_000, cloud, 443, host, port, SYN | ACK, 7)
        hello = b"\x16\x03\x01\0\x40\1" + b"h" * 63
        self.queue.tcp(at + 20_000, host, port, cloud, 443, PSH | ACK, seq + 1, hello)
        if self.draw.random() > 0.02:
            self.queue.tcp(at + 90_000, host, port, cloud, 443, FIN | ACK, seq + 70)

    def name(self, at: int, host: str) -> None:
        port, mid = self.port(host), self.draw.randrange(65536)
        question = b"\3www\7example\3org\0\0\1\0\1"
        self.queue.udp(at, host, port, RESOLVER, 53, struct.pack(">HHHHHH", mid, 256, 1, 0, 0, 0) + question)
        answer = struct.pack(">HHHHHH", mid, 0x8180, 1, 1, 0, 0) + question
        answer += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\1"
        self.queue.udp(at + 3000, RESOLVER, 53, host, port, answer)

    def clock(self, at: int) -> None:
        host = self.draw.choice(self.office)
        port = self.port(host)
        self.queue.udp(at, host, port, CLOCK, 123, b"\x23" + bytes(47))
        self.queue.udp(at + 2000, CLOCK, 123, host, port, b"\x24\1" + bytes(46))

    def discovery(self, at: int) -> None:
        """An office computer searches for UPnP devices, from a new port; a gateway answers."""
        host = self.draw.choice(self.office)
        port = self.port(host)
        asked = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n\r\n'
        self.queue.udp(at, host, port, GROUP, 1900, asked)
        here = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"
        self.queue.udp(at + 300_000, GATEWAYS[0], 1900, host, port, here)

    def scan(self, at: int) -> None:
        """A port of a gateway is tried and refused."""
        port, asked = self.port(SCANNER), self.draw.choice((22, 23, 3389, 8080))
        self.queue.tcp(at, SCANNER, port, GATEWAYS[0], asked, SYN, 5)
        self.queue.tcp(at + 400, GATEWAYS[0], asked, SCANNER, port, RST | ACK, 0)

    def closed(self, at: int) -> None:
        """A node asks for a port of its gateway on which nothing listens."""
        node = self.draw.choice(self.nodes[:5])
        port, gateway = self.port(node), GATEWAYS[packed(node) % 2]
        self.queue.udp(at, node, port, gateway, 50201, b"\xf2emergency")
        self.queue.unreachable(at + 500, gateway, node, port, gateway, 50201)

    def arp(self, at: int) -> None:
        host = self.draw.choice(self.nodes)
        body = struct.pack(">HHBBHHII", 1, 0x0800, 6, 4, 1, 0x0200, packed(host), packed(host))
        body += bytes(6) + struct.pack(">I", packed(GATEWAYS[0]))
        self.queue.frame(at, ALL + MAC[6:12] + b"\x08\x06" + body)

    def later(self, at: int, event: Callable[[int], None]) -> None:
        self.queue.made += 1
        heapq.heappush(self._events, (at, self.queue.made, event))

    def frames(self, seconds: int, flows: int) -> Iterator[tuple[int, bytes]]:
        """``(µs since START, frame)`` in order of time: ``flows`` conversations spread evenly."""
        events: list[Callable[[int], None]] = [one.make for one in MIX]
        self._events: list[tuple[int, int, Callable[[int], None]]] = []
        until = seconds * MICRO
        for number, device in enumerate(self.doors):
            self.later(number * MICRO, lambda at, device=device: self.door(at, device, until))
        made = [event.__get__(self) for event in events]
        weights = [one.share / one.flows for one in MIX]
        each = sum(one.share for one in MIX) / sum(weights)
        step = until * each / flows
        at, waiting = 0.0, self.queue.waiting
        while at < until:
            at += self.draw.expovariate(1 / step)
            now = int(at)
            while self._events and self._events[0][0] <= now:
                moment, _, event = heapq.heappop(self._events)
                event(moment)
            self.draw.choices(made, weights)[0](now)
            while waiting and waiting[0][0] <= now:
                moment, _, data = heapq.heappop(waiting)
                yield moment, data
        for moment, _, data in sorted(waiting):
            yield moment, data


class Share(NamedTuple):
    """An event, its share of all conversations, and how many of those it begins."""

    make: Callable[[Building, int], None]
    share: float
    flows: int = 1


MIX: Final = (
    Share(Building.coap, 0.42),
    Share(Building.web, 0.24, 2),
    Share(Building.bacnet, 0.1),
    Share(Building.discovery, 0.08, 2),
    Share(Building.clock, 0.06),
    Share(Building.notification, 0.03),
    Share(Building.scan, 0.02),
    Share(Building.closed, 0.01),
    Share(Building.silent, 0.01),
    Share(Building.update, 0.012, 3),
    Share(Building.search, 0.004),
    Share(Building.arp, 0.014),
)


def write(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder.with_name("site.yaml").write_text(SITE)
    seconds = round(options.days * DAY)
    span = seconds * MICRO / options.files
    number, parts = 0, []
    for at, frame in Building(options.seed, options.nodes).frames(seconds, options.flows):
        if at >= (number + 1) * span and number + 1 < options.files:
            _file(options.folder, number, parts)
            number, parts = number + 1, []
        moment, rest = divmod(at, MICRO)
        parts.append(struct.pack("<IIII", START + moment, rest, len(frame), len(frame)) + frame)
    _file(options.folder, number, parts)


def _file(folder: Path, number: int, parts: list[bytes]) -> None:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    (folder / f"ring.pcap{number}").write_bytes(head + b"".join(parts))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("folder", type=Path)
    made.add_argument("--days", type=float, default=3.0)
    made.add_argument("--flows", type=int, default=1_000_000)
    made.add_argument("--nodes", type=int, default=200, help="some doors and computers come with them")
    made.add_argument("--files", type=int, default=1500)
    made.add_argument("--seed", type=int, default=1)
    return made


if __name__ == "__main__":
    write(parser().parse_args())
