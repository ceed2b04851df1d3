"""Sites that work as their vendors' sheets say."""

from __future__ import annotations

import time
from pathlib import Path

import background
import bacnet
import coap
import opaque
import upnp
import web
from network import Host, Network, site


def nodes(network: Network, count: int = 3) -> list[Host]:
    """Nodes 10.20.1.21 and up, each with its CoAP service."""
    hosts = [network.host(f"node{number}", f"10.20.1.{20 + number}") for number in range(1, count + 1)]
    for host in hosts:
        coap.serve(host, "node")
    return hosts


def post(host: Host, payload: bytes = b"motion", **options: object) -> None:
    """A node reports an event to the gateway, from an ephemeral port."""
    host.run(coap.ask(coap.client(host), "10.20.0.10", "events", code=coap.POST, payload=payload, **options))


def healthy_current(out: Path) -> None:
    """Gateway 5.1.0 and three nodes 6.0.2 with a BMS, for long enough that an absent row would be missing."""
    with site("current") as network:
        router = network.router()
        gateway = network.host("gateway", "10.20.0.10")
        bms, laptop = network.host("bms", "10.20.0.40"), network.host("laptop", "10.20.0.99")
        background.serve(router)
        web.serve(gateway, 80, 8080)
        web.serve(gateway, 443, 8081, tls=web.certificate(network.files, "gateway.example"))
        network.capture(out / "capture.pcap", gateway)
        floor = nodes(network)
        for host in floor:
            opaque.udp_server(host, 50201)
            opaque.tcp_server(host, 88)
        opaque.udp_server(gateway, 50202, answer=False)
        server = coap.serve(gateway, "gateway")
        device, system = bacnet.Device(gateway, 100), bacnet.Device(bms, 200)
        begun = time.monotonic()
        device.announce()
        system.search(0.5)
        opaque.tcp_session(gateway, "10.20.1.21", 88)
        for turn in range(12):
            for number, host in enumerate(floor):
                path = ("light/level", "sensor/motion", "sensor/lux")[(turn + number) % 3]
                gateway.run(coap.ask(server, host.address, path))
                kind = coap.NON if turn % 3 == 2 else coap.CON
                post(host, b"motion" if turn % 2 else b"lux 412", kind=kind)
                opaque.udp_send(host, "10.20.0.10", 50202, source=49300 + number, wait=0.05)
            if turn % 3 == 0:
                background.dns(gateway, "time.example", number=turn)
                background.ntp(gateway)
                background.chatter(laptop, "printer")
                background.dhcp(floor[0])
            if turn % 4 == 1:
                system.read("10.20.0.10")
                device.change(float(turn))
                web.ask(bms, "10.20.0.10", 80, ("/api/lights", "/api/lights/1"))
                web.ask(bms, "10.20.0.10", 8081, tls=True)
            if turn == 6:
                web.ask(bms, "10.20.0.10", 8080)
                web.ask(bms, "10.20.0.10", 443, tls=True)
                for host in floor:
                    opaque.udp_send(gateway, host.address, 50201)
            time.sleep(max(0.0, begun + (turn + 1) * 28 - time.monotonic()))


def healthy_legacy_upnp(out: Path) -> None:
    """Gateway 4.5.3 and nodes 5.0.2 that find each other by UPnP."""
    with site("legacy") as network:
        gateway = network.host("gateway", "10.20.0.10")
        network.capture(out / "capture.pcap", gateway)
        floor = nodes(network)
        server = coap.serve(gateway, "gateway")
        for number, host in enumerate(floor, 1):
            upnp.respond(host, number, same_port=number != 2)
            web.serve(host, 1901)
        web.serve(gateway, 1901)
        time.sleep(0.5)
        upnp.search(gateway)
        for number, host in enumerate(floor):
            web.ask(gateway, host.address, 1901, ("/description.xml",))
            web.ask(host, "10.20.0.10", 1901, ("/gateway.xml",))
            gateway.run(coap.ask(server, host.address, "sensor/lux"))
            post(host, kind=coap.NON if number else coap.CON)
        time.sleep(2)
        upnp.announce(gateway, 16)
        upnp.search(gateway)


def bacnet_subnet(out: Path) -> None:
    """The BACnet of a /25: Who-Is and I-Am go to 10.20.0.127, which no address shows to be a broadcast."""
    with site("bacnet-subnet") as network:
        gateway, bms = network.host("gateway", "10.20.0.10", 25), network.host("bms", "10.20.0.40", 25)
        network.capture(out / "capture.pcap", gateway)
        node = network.host("node1", "10.20.0.21", 25)
        coap.serve(node, "node")
        server = coap.serve(gateway, "gateway")
        device, system = bacnet.Device(gateway, 100), bacnet.Device(bms, 200)
        device.announce()
        system.search(1)
        system.read("10.20.0.10")
        gateway.run(coap.ask(server, node.address, "light/level"))
        post(node)
        time.sleep(2)


def bacnet_site(out: Path) -> None:
    """A BMS finds the gateway, reads, subscribes; a second reader comes from an ephemeral port."""
    with site("bacnet") as network:
        gateway, bms = network.host("gateway", "10.20.0.10"), network.host("bms", "10.20.0.40")
        tool = network.host("tool", "10.20.0.41")
        network.capture(out / "capture.pcap", gateway)
        (node,) = nodes(network, 1)
        server = coap.serve(gateway, "gateway")
        device, system = bacnet.Device(gateway, 100), bacnet.Device(bms, 200)
        reader = bacnet.Device(tool, 201, 34453)
        device.announce()
        system.search(1)
        for name in ("object-name", "present-value", "status-flags"):
            system.read("10.20.0.10", name)
        system.read("10.20.0.10", instance=7)
        reader.read("10.20.0.10")
        system.subscribe("10.20.0.10", 5)
        for value in (40.0, 55.0, 90.0):
            time.sleep(1)
            device.change(value)
            reader.read("10.20.0.10")
        gateway.run(coap.ask(server, node.address, "light/level"))
        post(node)
        time.sleep(3)
