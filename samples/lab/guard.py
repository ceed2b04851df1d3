"""Rules on trial: ``python samples/lab/guard.py router|host [RULES]`` prints what passes, as JSON.

``router``: gateway, node, BioStar server, door and laptop, each in a subnet of its own behind one router
whose forwarding the rules filter. ``host``: gateway, node and BMS on one network; the rules guard the
gateway. Every attempt has a listener that answers, so that without rules all of them pass. A file that
ends in ``.iptables`` is loaded with iptables-restore, any other with nft.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiocoap
import coap
import tftp
from network import Host, Network, site

PATIENCE = 1.0
"""Seconds until an attempt counts as stopped; the lab answers within milliseconds."""
SSDP = ("239.255.255.250", 1900)
Attempts = dict[str, Callable[[], bool]]


async def _echo_tcp(address: str, port: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(await reader.read(100))
            await writer.drain()
        writer.close()

    await asyncio.start_server(answer, address, port)


def listen(host: Host, *ports: int) -> None:
    """Echo servers on TCP ports."""
    for port in ports:
        host.run(_echo_tcp(host.address, port))


class _Echo(asyncio.DatagramProtocol):
    """Sends back what came, ``from_port`` or from where it came to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)  # type: ignore[attr-defined]


def echo(host: Host, *ports: int, group: bool = False) -> None:
    """Echo servers on UDP ports; with ``group`` they hear searches, too, and answer by unicast."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        for port in ports:
            address = "0.0.0.0" if group else host.address
            transport, _ = await loop.create_datagram_endpoint(_Echo, (address, port), allow_broadcast=True)
            host.kept[f"echo {port}"] = transport
            if group:
                membership = socket.inet_aton(SSDP[0]) + socket.inet_aton(host.address)
                transport.get_extra_info("socket").setsockopt(
                    socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership
                )

    host.run(work())


def tcp(host: Host, server: str, port: int) -> bool:
    """Whether a connection is made and answered."""

    async def work() -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(server, port)
                writer.write(b"hello")
                return await reader.read(5) == b"hello"
        except (OSError, TimeoutError):
            return False

    return host.run(work())


class _Answer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        self.came.set()


def udp(host: Host, server: str, port: int, source: int = 0) -> bool:
    """Whether a datagram is answered, whoever answers."""

    async def work() -> bool:
        made = await asyncio.get_running_loop().create_datagram_endpoint(
            _Answer, (host.address, source), allow_broadcast=True
        )
        transport, protocol = made
        try:
            transport.sendto(b"hello", (server, port))
            async with asyncio.timeout(PATIENCE):
                await protocol.came.wait()
            return True
        except (OSError, TimeoutError):
            return False
        finally:
            transport.close()

    return host.run(work())


def ping(host: Host, server: str) -> bool:
    """Whether an echo request (RFC 792) is answered."""

    def work() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.settimeout(PATIENCE)
            raw.sendto(bytes.fromhex("0800f7ff00000000"), (server, 0))
            try:
                return raw.recv(100)[20] == 0
            except TimeoutError:
                return False

    return bool(host.call(work))


def ask(host: Host, context: aiocoap.Context, server: str) -> bool:
    """Whether a CoAP resource can be read."""

    async def work() -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                resource = "light/level" if host.name == "gateway" else "events"
                return (await coap.ask(context, server, resource)).startswith("2.05")
        except TimeoutError:
            return False

    return host.run(work())


def routed(network: Network) -> tuple[Host, Attempts]:
    """One router, five subnets."""
    router = network.router()
    gateway, node, server, door, laptop = (
        network.behind(router, name, f"10.22.{net}.{last}", f"10.22.{net}.1")
        for net, (name, last) in enumerate(
            (("gateway", 10), ("node", 21), ("server", 50), ("door", 11), ("laptop", 99))
        )
    )
    here, there = coap.serve(gateway, "gateway"), coap.serve(node, "node")
    image, pushed = network.image("node.bin", 60_000), network.image("push.bin", 20_000, "out")
    tftp.serve(gateway, image.parent)
    tftp.serve(node, network.image("x.bin", 100, "node").parent, "-c")
    listen(server, 1480, 22)
    listen(door, 1480)
    listen(node, 9999)
    listen(laptop, 4444)
    echo(gateway, 50201, 50202)
    echo(node, 50201)
    time.sleep(0.5)
    return router, {
        "tftp pull": lambda: tftp.fetch(node, gateway.address, "node.bin", patience=4) == 0,
        "tftp push": lambda: _pushed(gateway, node, pushed),
        "coap from the node": lambda: ask(node, there, gateway.address),
        "coap from the gateway": lambda: ask(gateway, here, node.address),
        "samples": lambda: udp(node, gateway.address, 50202),
        "emergency": lambda: udp(gateway, node.address, 50201),
        "door to server": lambda: tcp(door, server.address, 1480),
        "ping": lambda: ping(laptop, gateway.address),
        "emergency the wrong way": lambda: udp(node, gateway.address, 50201),
        "laptop to node": lambda: tcp(laptop, node.address, 9999),
        "gateway to laptop": lambda: tcp(gateway, laptop.address, 4444),
        "server to door": lambda: tcp(server, door.address, 1480),
        "laptop to server": lambda: tcp(laptop, server.address, 22),
    }


def _pushed(gateway: Host, node: Host, image: Path) -> bool:
    """Whether a file that the gateway puts arrives whole."""
    with contextlib.suppress(subprocess.TimeoutExpired):  # the client itself gives up after 25 s
        gateway.command(
            "tftp", "-4", "-m", "binary", node.address, "-c", "put", str(image), image.name, timeout=4
        )
    arrived = image.parent.parent / "node" / image.name
    return arrived.is_file() and arrived.stat().st_size == image.stat().st_size


def flat(network: Network) -> tuple[Host, Attempts]:
    """One network, searches to everyone; the rules are the gateway's own."""
    gateway = network.host("gateway", "10.20.0.10")
    node = network.host("node", "10.20.1.21")
    bms = network.host("bms", "10.20.0.40")
    for host in (gateway, node, bms):
        with contextlib.suppress(subprocess.CalledProcessError):
            subprocess.run(
                ["ip", "-n", host.namespace, "route", "add", "224.0.0.0/4", "dev", "eth0"], check=True
            )
    echo(node, 1900, group=True)
    echo(gateway, 47808, group=True)
    listen(gateway, 80, 9999)
    listen(bms, 4444)
    return gateway, {
        "ssdp search": lambda: udp(gateway, *SSDP),
        "who-is to the subnet": lambda: udp(bms, "10.20.255.255", 47808, source=47808),
        "who-is to everyone": lambda: udp(bms, "255.255.255.255", 47808),
        "web": lambda: tcp(bms, gateway.address, 80),
        "node to another port": lambda: tcp(node, gateway.address, 9999),
        "gateway to another port": lambda: tcp(gateway, bms.address, 4444),
    }


def load(host: Host, rules: Path) -> None:
    """The rules into a host's namespace."""
    program = ["iptables-restore"] if rules.suffix == ".iptables" else ["nft", "-f", "-"]
    subprocess.run(["ip", "netns", "exec", host.namespace, *program], input=rules.read_bytes(), check=True)


def main() -> int:
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in ("router", "host"):
        print("guard.py: router|host [RULES]", file=sys.stderr)
        return 2
    with site(f"guard-{sys.argv[1]}") as network:
        guard, attempts = (routed if sys.argv[1] == "router" else flat)(network)
        if len(sys.argv) == 3:
            load(guard, Path(sys.argv[2]))
        order = list(attempts)
        with ThreadPoolExecutor(len(order)) as pool:
            passed = dict(zip(order, pool.map(lambda name: attempts[name](), order), strict=True))
        print(json.dumps(passed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
