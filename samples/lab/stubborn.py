"""TFTP ends with the faults that no healthy program has: a server and a client of a few lines."""

from __future__ import annotations

import socket
import struct
import threading
import time
from pathlib import Path

from network import Host

BLOCK = 512
PATIENCE = 1.0
RETRIES = 4


def options(data: bytes) -> dict[bytes, bytes]:
    fields = data[2:].split(b"\0")[2:-1]
    return dict(zip(fields[::2], fields[1::2], strict=False))


def _exchange(here: socket.socket, packet: bytes, wanted: bytes, client: tuple[str, int]) -> bool:
    """Send until the wanted acknowledgement comes; False when patience ends."""
    for _ in range(RETRIES):
        here.sendto(packet, client)
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            here.settimeout(left)
            try:
                answer, _ = here.recvfrom(2048)
            except (TimeoutError, ConnectionError):
                break
            if answer[:4] == wanted:
                return True
            if answer[:2] == b"\0\5":
                return False
    return False


def serve(
    host: Host,
    image: Path,
    *,
    answer_from: str = "",
    announce: int | None = None,
    empty_last: bool = True,
    pace: float = 0.0,
) -> None:
    """Serve ``image`` to one request after the other.

    ``answer_from``: another address; ``announce``: another size; ``empty_last`` False: no empty last block;
    ``pace``: seconds between blocks.
    """
    content = image.read_bytes()

    def one(request: bytes, client: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.bind((answer_from or host.address, 0))
            if b"tsize" in options(request):
                size = len(content) if announce is None else announce
                packet = b"\0\6tsize\0" + str(size).encode() + b"\0"
                if not _exchange(here, packet, b"\0\4\0\0", client):
                    return
            for number in range(len(content) // BLOCK + 1):
                data = content[number * BLOCK : (number + 1) * BLOCK]
                if not data and not empty_last:
                    return
                time.sleep(pace)
                label = struct.pack("!H", number + 1)
                if not _exchange(here, b"\0\3" + label + data, b"\0\4" + label, client):
                    return

    def listen() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.bind((host.address, 69))
            while True:
                request, client = here.recvfrom(2048)
                threading.Thread(target=one, args=(request, client), daemon=True).start()

    # A thread is born in the namespace of the thread that starts it.
    host.call(lambda: threading.Thread(target=listen, daemon=True).start())


def insist(host: Host, server: str, name: str, tries: int = 3) -> None:
    """Ask for ``name`` and take nothing from any other address than the one that was asked."""

    def work() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.bind((host.address, 0))
            for _ in range(tries):
                here.sendto(b"\0\1" + name.encode() + b"\0octet\0", (server, 69))
                deadline = time.monotonic() + 5
                while (left := deadline - time.monotonic()) > 0:
                    here.settimeout(left)
                    try:
                        _, sender = here.recvfrom(2048)
                    except TimeoutError:
                        break
                    if sender[0] == server:
                        return

    host.call(work)


def fetch(
    host: Host,
    server: str,
    name: str,
    *,
    stop_at: int = 0,
    error: tuple[int, str] | None = None,
    ask: dict[str, str] | None = None,
) -> None:
    """Fetch ``name`` up to block ``stop_at``, then send ``error``; at block 0 it answers the OACK."""

    def work() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.bind((host.address, 0))
            here.settimeout(3)
            wish = b"".join(f"{key}\0{value}\0".encode() for key, value in (ask or {}).items())
            here.sendto(b"\0\1" + name.encode() + b"\0octet\0" + wish, (server, 69))
            while True:
                packet, sender = here.recvfrom(2048)
                number = struct.unpack("!H", packet[2:4])[0] if packet[1] == 3 else 0
                if number >= stop_at and error is not None:
                    code, words = error
                    here.sendto(struct.pack("!HH", 5, code) + words.encode() + b"\0", sender)
                    return
                here.sendto(struct.pack("!HH", 4, number), sender)
                if number and len(packet) < 4 + BLOCK:
                    return

    host.call(work)
