"""SSDP as UPnP Device Architecture 1.0 writes it: searches, unicast answers, announcements."""

from __future__ import annotations

import asyncio
import socket
import struct

from network import Host

GROUP, PORT = "239.255.255.250", 1900
UUID = "uuid:4c420000-0000-4000-8000-0000000000"


def _text(first: str, *headers: str) -> bytes:
    return "\r\n".join([first, *headers, "", ""]).encode()


def _socket(host: Host, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host.address))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 4)
    sock.bind(("", port))
    sock.setblocking(False)
    return sock


def respond(host: Host, number: int, *, same_port: bool = True) -> None:
    """Answer searches by unicast, from port 1900 or from an ephemeral one as some stacks do."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        listener = _socket(host, PORT)
        request = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(host.address))
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        answerer = listener if same_port else _socket(host, 0)
        while True:
            data, address = await loop.sock_recvfrom(listener, 2048)
            if not data.startswith(b"M-SEARCH") or address[0] == host.address:
                continue
            await asyncio.sleep(0.05 * number)
            answer = _text(
                "HTTP/1.1 200 OK", "CACHE-CONTROL: max-age=1800", "EXT:",
                f"LOCATION: http://{host.address}:1901/description.xml", "SERVER: lab/1.0 UPnP/1.0 lab/1.0",
                "ST: upnp:rootdevice", f"USN: {UUID}{number:02x}::upnp:rootdevice",
            )  # fmt: skip
            await loop.sock_sendto(answerer, answer, address)

    host.start(work())


def search(host: Host, wait: float = 1.5) -> int:
    """Multicast M-SEARCH twice from an ephemeral port; how many answers came."""

    async def work() -> int:
        loop, sock, answers = asyncio.get_running_loop(), _socket(host, 0), 0
        request = _text(
            "M-SEARCH * HTTP/1.1", f"HOST: {GROUP}:{PORT}", 'MAN: "ssdp:discover"', "MX: 1",
            "ST: upnp:rootdevice",
        )  # fmt: skip
        with sock:
            for _ in range(2):
                await loop.sock_sendto(sock, request, (GROUP, PORT))
                try:
                    async with asyncio.timeout(wait):
                        while True:
                            await loop.sock_recvfrom(sock, 2048)
                            answers += 1
                except TimeoutError:
                    continue
        return answers

    return host.run(work())


def announce(host: Host, number: int, *, kind: str = "ssdp:alive", source: int = PORT) -> None:
    """Multicast a NOTIFY."""

    async def work() -> None:
        message = _text(
            "NOTIFY * HTTP/1.1", f"HOST: {GROUP}:{PORT}", "CACHE-CONTROL: max-age=1800",
            f"LOCATION: http://{host.address}:1901/description.xml", "NT: upnp:rootdevice", f"NTS: {kind}",
            "SERVER: lab/1.0 UPnP/1.0 lab/1.0", f"USN: {UUID}{number:02x}::upnp:rootdevice",
        )  # fmt: skip
        with _socket(host, source) as sock:
            await asyncio.get_running_loop().sock_sendto(sock, message, (GROUP, PORT))

    host.run(work())
