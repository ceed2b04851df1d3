"""Access control by BioStar 1, in either of its modes."""

from __future__ import annotations

import time
from pathlib import Path

import biostar
from network import site


def server_mode(out: Path) -> None:
    """Two doors keep two connections each to the server; a client works with the server and searches."""
    with site("biostar-server") as network:
        server, client = network.host("server", "10.20.0.50"), network.host("client", "10.20.0.60")
        doors = [network.host(f"door{number}", f"10.20.3.{10 + number}") for number in (1, 2)]
        network.capture(out / "capture.pcap", server)
        biostar.serve(server)
        for door in doors:
            biostar.answer_search(door)
            biostar.register(door, server.address)
        time.sleep(1)
        biostar.use(client, server.address, 5)
        biostar.search(client)
        time.sleep(20)


def direct_mode(out: Path) -> None:
    """The client holds the doors' connections itself, one of each device family, and asks the server."""
    with site("biostar-direct") as network:
        server, client = network.host("server", "10.20.0.50"), network.host("client", "10.20.0.60")
        doors = [network.host(f"door{number}", f"10.20.3.{10 + number}") for number in (1, 2)]
        network.capture(out / "capture.pcap", client)
        biostar.serve(server)
        for door, port in zip(doors, (1470, 1471), strict=True):
            biostar.answer_search(door)
            biostar.serve(door, port)
        biostar.search(client, source=biostar.SEARCH)
        biostar.search(client)
        for door, port in zip(doors, (1470, 1471), strict=True):
            biostar.use(client, door.address, 6, port)
        biostar.use(client, server.address, 3)
        time.sleep(1)
