"""Services whose bytes the vendor does not publish: plain sockets with made-up binary messages."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from network import Host


def message(kind: int, number: int, size: int = 24) -> bytes:
    """A length-prefixed message: type, sequence number, filler, sum. Invented for the lab."""
    body = struct.pack("!HHI", 0x4C42, kind, number) + bytes((number * 7 + i) & 0xFF for i in range(size))
    return struct.pack("!H", len(body) + 2) + body + struct.pack("!H", sum(body) & 0xFFFF)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, answer: bool) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self.answer:
            self.transport.sendto(message(0x80, len(data), 8), address)


def udp_server(host: Host, *ports: int, answer: bool = True) -> None:
    """Listen on UDP ports; answer each datagram with a short one, or take it in silence."""

    async def work() -> None:
        for port in ports:
            await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Udp(answer), local_addr=(host.address, port)
            )

    host.run(work())


def udp_send(
    host: Host, target: str, port: int, *, count: int = 1, source: int = 0, size: int = 24, wait: float = 0.2
) -> int:
    """Send datagrams from one socket and read the answers that come; how many came."""

    async def work() -> int:
        loop, got = asyncio.get_running_loop(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind((host.address, source))
            for number in range(count):
                await loop.sock_sendto(sock, message(1, number, size), (target, port))
                with contextlib.suppress(OSError, TimeoutError):
                    await asyncio.wait_for(loop.sock_recvfrom(sock, 2048), wait)
                    got += 1
        return got

    return host.run(work())


def tcp_server(host: Host, *ports: int, size: int = 16) -> None:
    """Listen on TCP ports; answer each piece that arrives with one message."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                writer.write(message(0x80, len(data), size))
                await writer.drain()
        writer.close()

    async def work() -> None:
        for port in ports:
            await asyncio.start_server(serve, host.address, port)

    host.run(work())


def tcp_session(
    host: Host, target: str, port: int, *, count: int = 2, source: int = 0, gap: float = 0.2, size: int = 24
) -> str:
    """Connect, exchange ``count`` messages, close; the name of the error if it does not work."""

    async def work() -> str:
        try:
            async with asyncio.timeout(5 + count * (gap + 1)):
                reader, writer = await asyncio.open_connection(
                    target, port, local_addr=(host.address, source)
                )
                for number in range(count):
                    writer.write(message(2, number, size))
                    await reader.read(4096)
                    await asyncio.sleep(gap)
                writer.close()
        except OSError as problem:
            return type(problem).__name__
        return "ok"

    return host.run(work())
