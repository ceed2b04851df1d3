"""Sites whose traffic the sheets do not allow for, or where ports only look wrong."""

from __future__ import annotations

import time
from pathlib import Path

import background
import bacnet
import coap
import formats
import opaque
import tftp
import upnp
import web
from network import Host, ip, site

from cases.healthy import nodes, post

OUTSIDE = "198.51.100.23"


def everyday(gateway: Host, floor: list[Host], server: coap.aiocoap.Context) -> None:
    """The CoAP both ways that a working site shows."""
    for host in floor:
        gateway.run(coap.ask(server, host.address, "light/level"))
        post(host)


def retired_upnp(out: Path) -> None:
    """After an upgrade to 5.1.0 and 6.0.2 a node still announces itself and the gateway still fetches."""
    with site("retired") as network:
        gateway = network.host("gateway", "10.20.0.10")
        network.capture(out / "capture.pcap", gateway)
        floor = nodes(network, 2)
        server = coap.serve(gateway, "gateway")
        web.serve(floor[0], 1901)
        for _ in range(2):
            everyday(gateway, floor, server)
            upnp.announce(floor[0], 1)
            time.sleep(0.5)
            web.ask(gateway, floor[0].address, 1901, ("/description.xml",))
            time.sleep(2)


def unexpected_service(out: Path) -> None:
    """A laptop opens a port on a node that no sheet lists; the gateway connects out to a stranger."""
    with site("service") as network:
        router = network.router()
        ip("-n", router.namespace, "addr", "add", f"{OUTSIDE}/32", "dev", "lo")
        gateway, laptop = network.host("gateway", "10.20.0.10"), network.host("laptop", "10.20.0.99")
        network.capture(network.files / "capture.pcap", network.switch)
        floor = nodes(network, 2)
        server = coap.serve(gateway, "gateway")
        everyday(gateway, floor, server)
        opaque.tcp_server(floor[1], 9999)
        stranger = network.hosts["infrastructure"]
        stranger.address = OUTSIDE
        opaque.tcp_server(stranger, 4444)
        opaque.tcp_session(laptop, floor[1].address, 9999, count=3)
        opaque.tcp_session(laptop, floor[1].address, 2323)
        opaque.tcp_session(gateway, OUTSIDE, 4444, count=4, size=200)
        time.sleep(1)
        network.stop_captures()
        formats.pcapng(network.files / "capture.pcap", out / "capture.pcapng")


def wrong_direction(out: Path) -> None:
    """A node opens the emergency port of the gateway; the sheets have it from the gateway to nodes."""
    with site("direction") as network:
        gateway = network.host("gateway", "10.20.0.10")
        network.capture(out / "capture.pcap", gateway)
        floor = nodes(network, 2)
        server = coap.serve(gateway, "gateway")
        coap.serve(gateway, "gateway", 50201)
        coap.serve(floor[1], "node", 50201)
        everyday(gateway, floor, server)
        caller = coap.client(floor[0])
        for _ in range(3):
            floor[0].run(coap.ask(caller, "10.20.0.10:50201", "emergency", code=coap.POST, payload=b"1"))
            time.sleep(1)
        gateway.run(coap.ask(server, f"{floor[1].address}:50201", "emergency/test"))


def mixed_versions(out: Path) -> None:
    """Two nodes were left at 5.0.2 when the gateway went to 5.1.0. Their traffic looks as it should."""
    with site("mixed") as network:
        gateway = network.host("gateway", "10.20.0.10")
        network.capture(out / "capture.pcap", gateway)
        floor = nodes(network, 3)
        server = coap.serve(gateway, "gateway")
        for _ in range(2):
            everyday(gateway, floor, server)
            time.sleep(1)


def tricky_ports(out: Path) -> None:
    """Clients whose own ports are ports of the sheets; one connection is older than the capture."""
    with site("ports") as network:
        router = network.router()
        gateway, bms = network.host("gateway", "10.20.0.10"), network.host("bms", "10.20.0.40")
        laptop = network.host("laptop", "10.20.0.99")
        background.serve(router)
        web.serve(gateway, 80, 8080)
        web.serve(gateway, 443, tls=web.certificate(network.files, "gateway.example"))
        bacnet.Device(gateway, 100)
        system = bacnet.Device(bms, 200)
        floor, quiet = nodes(network, 2), network.host("node3", "10.20.1.23")
        server = coap.serve(gateway, "gateway")
        old = web.ask(bms, "10.20.0.10", 8080, source=1480, close=False)
        image = network.image("node-6.0.2.bin", 10_000)
        tftp.serve(gateway, image.parent, "--port-range", "50198:50198")
        time.sleep(0.5)
        network.capture(out / "capture.pcap", network.switch)
        everyday(gateway, floor, server)
        both_ends = coap.serve(quiet, "node")
        quiet.run(coap.ask(both_ends, "10.20.0.10", "events", code=coap.POST, payload=b"motion"))
        web.ask(bms, "10.20.0.10", 8080, ("/api/lights", "/api/events"), sock=old)
        for host, source in ((gateway, 50197), (floor[0], 1050), (laptop, 51110), (floor[1], 50201)):
            background.dns(host, "time.example", source=source, number=source)
        background.ntp(gateway, source=50202)
        background.ntp(floor[0], source=1901)
        for source, port in ((1470, 80), (1900, 8080), (50199, 80)):
            web.ask(bms, "10.20.0.10", port, source=source)
        web.ask(bms, "10.20.0.10", 443, tls=True, source=5683)
        tftp.fetch(floor[0], "10.20.0.10", "node-6.0.2.bin", "--local-port", "50196")
        system.read("10.20.0.10")
        time.sleep(1)
