"""BioStar 1: who connects to whom is the vendor's, the bytes are invented (the format is not published).

Server mode: each device opens a command connection (the server asks) and a request connection (the device
tells) to the server's port 1480. Direct mode: the client connects to the device's port 1470 or 1471.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

from network import Host
from opaque import message

SEARCH = 51110


async def _server_side(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greets the caller, asks a command connection now and then, acknowledges what arrives."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        first = await reader.read(4096)
        writer.write(message(0x81, len(first), 12))
        command, number = first[4:6] == b"\x00\x10", 0
        while True:
            try:
                async with asyncio.timeout(4):
                    data = await reader.read(4096)
                if not data:
                    break
                if not command:
                    writer.write(message(0x82, len(data), 4))
            except TimeoutError:
                if command:
                    number += 1
                    writer.write(message(0x20, number, 32))
    writer.close()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hears the caller's first words and ends the connection."""
    with contextlib.suppress(OSError):
        await reader.read(4096)
        await asyncio.sleep(0.2)
    writer.close()


def refuse(host: Host, *callers: str, port: int = 1480) -> None:
    """The BioStar server's listening port, with a server that does not know some callers."""

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known = writer.get_extra_info("peername")[0] not in callers
        await (_server_side if known else _hangs_up)(reader, writer)

    async def work() -> None:
        await asyncio.start_server(welcome, host.address, port)

    host.run(work())


def knock(host: Host, server: str, count: int, port: int = 1480) -> None:
    """A device that the server does not know tries again and again."""

    async def work() -> None:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(server, port)
            writer.write(message(0x10, 1, 40))
            await reader.read(4096)
            writer.close()
            await asyncio.sleep(2)

    host.run(work())


def send_upgrade(server: Host, size: int, port: int = 1480) -> None:
    """The BioStar server's listening port, with firmware for the first device that calls."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(4096)
        writer.write(message(0x81, len(first), 12))
        if first[4:6] == b"\x00\x10" and not server.kept.get("sent"):
            server.kept["sent"] = True
            await asyncio.sleep(1)
            for number in range(size // 1024):
                writer.write(message(0x50, number, 1012))
                await writer.drain()
                await asyncio.sleep(0.01)
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                writer.write(message(0x82, len(data), 4))
        writer.close()

    async def work() -> None:
        await asyncio.start_server(send, server.address, port)

    server.run(work())


def take_upgrade(host: Host, server: str, size: int, restart: float, port: int = 1480) -> None:
    """A device takes its firmware on the command connection, drops both, restarts and calls again."""

    async def work() -> None:
        streams = []
        for kind in (0x10, 0x11):
            streams.append(await asyncio.open_connection(server, port))
            streams[-1][1].write(message(kind, 1, 40))
        got = 0
        while got < size:
            got += len(await streams[0][0].read(65536))
        await asyncio.sleep(2)
        for _, writer in streams:
            writer.transport.abort()

    host.run(work())
    time.sleep(restart)
    register(host, server, port)


def serve(host: Host, port: int = 1480) -> None:
    """The BioStar server's listening port."""

    async def work() -> None:
        await asyncio.start_server(_server_side, host.address, port)

    host.run(work())


def register(host: Host, server: str, port: int = 1480) -> None:
    """A device in server mode: its two connections, kept open, with events and keep-alives."""

    async def command() -> None:
        reader, writer = await asyncio.open_connection(server, port)
        writer.write(message(0x10, 1, 40))
        while data := await reader.read(4096):
            if data[4:6] == b"\x00\x20":
                writer.write(message(0xA0, len(data), 60))

    async def request() -> None:
        await asyncio.sleep(0.4)
        reader, writer = await asyncio.open_connection(server, port)
        writer.write(message(0x11, 1, 20))
        number = 0
        while await reader.read(4096):
            await asyncio.sleep(3)
            number += 1
            writer.write(message(0x30 if number % 3 else 0x01, number, 48 if number % 3 else 0))

    host.start(command())
    host.start(request())


def use(host: Host, server: str, count: int, port: int = 1480) -> None:
    """A client works with the server: one connection, a question every second."""

    async def work() -> None:
        reader, writer = await asyncio.open_connection(server, port)
        writer.write(message(0x12, 1, 20))
        for number in range(count):
            await reader.read(4096)
            await asyncio.sleep(1)
            writer.write(message(0x40, number, 24))
        await reader.read(4096)
        writer.close()
        await writer.wait_closed()

    host.run(work())


def answer_search(host: Host) -> None:
    """A device answers the client's search by unicast."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind(("", SEARCH))
            while True:
                _data, address = await loop.sock_recvfrom(sock, 2048)
                await loop.sock_sendto(sock, message(0xC1, int(host.address.split(".")[3]), 52), address)

    host.start(work())


def search(host: Host, *, source: int = 0) -> int:
    """The client's broadcast search; how many devices answered."""

    async def work() -> int:
        loop, found = asyncio.get_running_loop(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.bind((host.address, source))
            await loop.sock_sendto(sock, message(0xC0, 1, 8), ("10.20.255.255", SEARCH))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while True:
                        await loop.sock_recvfrom(sock, 2048)
                        found += 1
        return found

    return host.run(work())
