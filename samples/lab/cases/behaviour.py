"""Hosts that talk on the right ports and still do not get what they want."""

from __future__ import annotations

import time
from pathlib import Path

import bacnet
import biostar
import coap
import opaque
import tftp
from network import site

from cases.firmware import SIGNALS, signal
from cases.healthy import nodes, post


def bacnet_refused(out: Path) -> None:
    """A BMS registers with a gateway that is no BBMD; a tool keeps looking for a device that is not there."""
    with site("bacnet-refused") as network:
        gateway, bms = network.host("gateway", "10.20.0.10"), network.host("bms", "10.20.0.40")
        tool = network.host("tool", "10.20.0.41")
        network.capture(out / "capture.pcap", network.switch)
        bacnet.Device(gateway, 100)
        system, reader = bacnet.Device(bms, 200, bbmd="10.20.0.10"), bacnet.Device(tool, 201)
        time.sleep(1)
        system.read("10.20.0.10")
        for target in ("10.20.0.10", "10.20.0.40"):
            reader.read(target)
        reader.search(1, 100)
        for _ in range(3):
            reader.search(1, 1000)
            time.sleep(2)
        time.sleep(9)
        reader.read("10.20.0.10")


def bacnet_duplicate(out: Path) -> None:
    """A panel was given the instance number that the gateway has."""
    with site("bacnet-duplicate") as network:
        gateway, bms = network.host("gateway", "10.20.0.10"), network.host("bms", "10.20.0.40")
        panel = network.host("panel", "10.20.0.45")
        network.capture(out / "capture.pcap", bms)
        bacnet.Device(gateway, 100)
        bacnet.Device(panel, 100)
        system = bacnet.Device(bms, 200)
        system.search(1)
        system.read("10.20.0.10")
        system.read("10.20.0.45")
        system.search(1, 100)
        time.sleep(1)


def biostar_quick_close(out: Path) -> None:
    """The server does not know one of two doors and hangs up on it."""
    with site("biostar-quick") as network:
        server = network.host("server", "10.20.0.50")
        doors = [network.host(f"door{number}", f"10.20.3.{10 + number}") for number in (1, 2)]
        network.capture(out / "capture.pcap", server)
        biostar.refuse(server, doors[1].address)
        biostar.register(doors[0], server.address)
        biostar.knock(doors[1], server.address, 5)
        time.sleep(1)


def biostar_upgrade(out: Path) -> None:
    """The server sends firmware down a door's connection; the door restarts."""
    with site("biostar-upgrade") as network:
        server, door = network.host("server", "10.20.0.50"), network.host("door", "10.20.3.11")
        network.capture(out / "capture.pcap", server)
        biostar.send_upgrade(server, 104_448)
        biostar.take_upgrade(door, server.address, 104_448, restart=12)
        time.sleep(5)


def firmware_never_requested(out: Path) -> None:
    """Two nodes answer the signalling; one of them never asks for the image."""
    with site("never-requested") as network:
        gateway = network.host("gateway", "10.20.0.10")
        network.capture(out / "capture.pcap", gateway)
        floor = nodes(network, 2)
        server = coap.serve(gateway, "gateway")
        for host in (gateway, *floor):
            opaque.udp_server(host, *SIGNALS)
        image = network.image("node-6.0.2.bin", 20_000)
        tftp.serve(gateway, image.parent)
        time.sleep(0.5)
        for host in floor:
            signal(gateway, host)
        tftp.fetch(floor[0], "10.20.0.10", "node-6.0.2.bin")
        for _ in range(5):
            time.sleep(26)
            for host in floor:
                gateway.run(coap.ask(server, host.address, "light/level"))
                post(host)


CASES = {
    "firmware-never-requested": firmware_never_requested,
    "bacnet-refused": bacnet_refused,
    "bacnet-duplicate": bacnet_duplicate,
    "biostar-quick-close": biostar_quick_close,
    "biostar-upgrade": biostar_upgrade,
}
