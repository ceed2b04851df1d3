"""Firmware images on their way to nodes, and what stops them."""

from __future__ import annotations

import time
from pathlib import Path

import coap
import opaque
import tftp
from network import Host, Network, site

from cases.healthy import nodes, post

SIGNALS = (1050, 50195, 50196, 50197, 50198, 50199)


def update_site(network: Network, out: Path, count: int = 2) -> tuple[Host, list[Host]]:
    """A gateway with update signalling and its nodes, recorded at the gateway's port."""
    gateway = network.host("gateway", "10.20.0.10")
    network.capture(out / "capture.pcap", gateway)
    floor = nodes(network, count)
    server = coap.serve(gateway, "gateway")
    for host in floor:
        opaque.udp_server(host, *SIGNALS)
    opaque.udp_server(gateway, *SIGNALS)
    for host in floor:
        gateway.run(coap.ask(server, host.address, "light/level"))
        post(host)
    return gateway, floor


def signal(gateway: Host, node: Host) -> None:
    """The gateway tells a node of an image; the node acknowledges on the pool of update ports."""
    opaque.udp_send(gateway, node.address, 1050)
    opaque.udp_send(node, gateway.address, 1050)
    for port in SIGNALS[1:]:
        opaque.udp_send(gateway, node.address, port)
    opaque.udp_send(node, gateway.address, 50195)


def firmware_update_ok(out: Path) -> None:
    """Two nodes pull the image from the gateway and report."""
    with site("update") as network:
        gateway, floor = update_site(network, out)
        image = network.image("node-6.0.2.bin", 60_000)
        tftp.serve(gateway, image.parent)
        time.sleep(0.5)
        for host in floor:
            signal(gateway, host)
            tftp.fetch(host, "10.20.0.10", "node-6.0.2.bin")
            post(host, b"updated 6.0.2")
            time.sleep(1)


def firmware_update_data_blocked(out: Path) -> None:
    """One node's stateful filter knows nothing of TFTP: it drops answers that come from a new port."""
    with site("blocked-data") as network:
        gateway, floor = update_site(network, out)
        image = network.image("node-6.0.2.bin", 48_000)
        tftp.serve(gateway, image.parent)
        floor[1].firewall("""
            table inet node {
                chain input {
                    type filter hook input priority 0; policy drop;
                    iif lo accept
                    ct state established,related accept
                    udp dport { 1050, 5683, 50195-50199, 50201 } accept
                    tcp dport { 80, 88 } accept
                    icmp type echo-request accept
                }
            }
        """)
        time.sleep(0.5)
        for host in floor:
            signal(gateway, host)
            tftp.fetch(host, "10.20.0.10", "node-6.0.2.bin", patience=28)
        time.sleep(8)


def firmware_push_ok(out: Path) -> None:
    """The gateway pushes the image to a node that serves TFTP itself."""
    with site("push") as network:
        gateway, floor = update_site(network, out)
        image = network.image("node-6.0.2.bin", 30_720)  # a multiple of 512: ends with an empty block
        folder = network.files / "node"
        folder.mkdir()
        tftp.serve(floor[0], folder, "-c")
        time.sleep(0.5)
        signal(gateway, floor[0])
        tftp.push(gateway, floor[0].address, image)
        post(floor[0], b"updated 6.0.2")
        time.sleep(1)
