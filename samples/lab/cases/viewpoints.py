"""The same kind of traffic as other capture points and file formats show it."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import background
import bacnet
import coap
import formats
import opaque
import tftp
import trunk
import web
from network import ip, site

from cases.healthy import nodes, post

VLAN = 20


def one_sided_mirror(out: Path) -> None:
    """A mirror port that carries only what goes to the gateway; its twin carries only what comes from it."""
    twin = out.parent / "one-sided-mirror-outbound"
    twin.mkdir(parents=True, exist_ok=True)
    with site("one-sided") as network:
        gateway, bms = network.host("gateway", "10.20.0.10"), network.host("bms", "10.20.0.40")
        network.capture(out / "capture.pcap", gateway, "-Q", "out")
        network.capture(twin / "capture.pcap", gateway, "-Q", "in")
        web.serve(gateway, 80)
        floor = nodes(network, 2)
        opaque.udp_server(gateway, 50202, answer=False)
        server = coap.serve(gateway, "gateway")
        image = network.image("node-6.0.2.bin", 40_000)
        tftp.serve(gateway, image.parent)
        time.sleep(0.5)
        for _ in range(3):
            for host in floor:
                gateway.run(coap.ask(server, host.address, "light/level"))
                post(host)
                opaque.udp_send(host, "10.20.0.10", 50202, wait=0.05)
            web.ask(bms, "10.20.0.10", 80, ("/api/lights", "/api/lights/1", "/api/events"))
            time.sleep(1)
        tftp.fetch(floor[0], "10.20.0.10", "node-6.0.2.bin")
        time.sleep(1)


def same_traffic(out: Path) -> None:
    """One stretch of traffic as six files: three formats, and three other places, recorded at once.

    gateway -- access switch == trunk, VLAN 20 == switch with everything else; the access switch mirrors
    the gateway's port to a collector.
    """
    with site("same") as network:
        access = network.namespace("access")
        gateway = network.namespace("gateway", "10.20.0.10")
        collector = network.namespace("collector")
        network.cable(gateway, "eth0", access, "a0")
        network.cable(access, "t0", network.switch, "t1")
        network.cable(network.switch, "u0", network.switch, "u1")
        network.cable(access, "m0", collector, "eth0")
        for host, interface, mtu in ((access, "t0", 1600), (network.switch, "t1", 1600),
                                     (access, "m0", 9000), (collector, "eth0", 9000)):  # fmt: skip
            ip("-n", host.namespace, "link", "set", interface, "mtu", str(mtu))
        ip("-n", network.switch.namespace, "link", "set", "u1", "master", "br0")
        network.address(gateway, "10.20.0.10")
        network.address(access, "10.30.0.1", 24, "m0")
        network.address(collector, "10.30.0.2", 24)
        trunk.join(access, "a0", "t0", VLAN)
        trunk.join(network.switch, "u0", "t1", VLAN)

        network.capture_on(out / "ethernet.pcap", access, "a0")
        network.capture_on(out / "vlan.pcap", network.switch, "t1")
        network.capture_on(out / "cooked.pcap", gateway, "any", "-y", "LINUX_SLL2")
        network.capture_on(out / "erspan.pcap", collector, "eth0", "-Q", "in", "ip proto 47")
        trunk.mirror(access, "a0", "10.30.0.2", VLAN)
        time.sleep(0.5)

        router, bms = network.router(), network.host("bms", "10.20.0.40")
        background.serve(router)
        web.serve(gateway, 80)
        floor = nodes(network, 2)
        network.host("node3", "10.20.1.23")  # its CoAP service does not run
        opaque.udp_server(gateway, 50202, answer=False)
        server = coap.serve(gateway, "gateway")
        bacnet.Device(gateway, 100)
        system = bacnet.Device(bms, 200)
        image = network.image("node-6.0.2.bin", 12_000)
        tftp.serve(gateway, image.parent)
        background.dns(gateway, "time.example")
        system.search(0.5)
        system.read("10.20.0.10")
        web.ask(bms, "10.20.0.10", 80)
        for host in floor:
            gateway.run(coap.ask(server, host.address, "light/level"))
            post(host)
            opaque.udp_send(host, "10.20.0.10", 50202, wait=0.05)
        gateway.run(coap.ask(server, "10.20.1.23", "light/level"))
        tftp.fetch(floor[0], "10.20.0.10", "node-6.0.2.bin")
        time.sleep(8)  # until the last ARP probes are over, so that every file holds the same frames

    formats.pcapng(out / "ethernet.pcap", out / "ethernet.pcapng")
    (out / "ethernet.pcap.gz").write_bytes(gzip.compress((out / "ethernet.pcap").read_bytes(), mtime=0))
