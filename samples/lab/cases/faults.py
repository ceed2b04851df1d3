"""Sites where something between gateway and nodes does not work."""

from __future__ import annotations

import time
from pathlib import Path

import coap
import opaque
from network import site


def coap_refused(out: Path) -> None:
    """The node's CoAP service does not run: its kernel answers with ICMP port unreachable."""
    with site("refused") as network:
        gateway = network.host("gateway", "10.20.0.10")
        node1 = network.host("node1", "10.20.1.21")
        network.host("node2", "10.20.1.22")
        network.capture(out / "capture.pcap", gateway)
        server = coap.serve(gateway, "gateway")
        coap.serve(node1, "node")
        first = coap.client(node1)
        for _ in range(2):
            gateway.run(coap.ask(server, "10.20.1.21", "light/level"))
            gateway.run(coap.ask(server, "10.20.1.22", "light/level"))
            node1.run(coap.ask(first, "10.20.0.10", "events", code=coap.POST, payload=b"motion"))
            time.sleep(1.2)


def coap_blocked(out: Path) -> None:
    """A router's filter between the gateway and one node rejects CoAP as administratively prohibited."""
    with site("blocked") as network:
        router = network.router()
        gateway = network.host("gateway", "10.20.0.10")
        node1 = network.host("node1", "10.20.1.21")
        node3 = network.behind(router, "node3", "10.21.1.31", "10.21.1.1")
        router.firewall("""
            table inet floor {
                chain forward {
                    type filter hook forward priority 0;
                    ip daddr 10.21.1.31 udp dport 5683 reject with icmp type admin-prohibited
                }
            }
        """)
        network.capture(out / "capture.pcap", gateway)
        server = coap.serve(gateway, "gateway")
        coap.serve(node1, "node")
        first = coap.client(node1)
        coap.serve(node3, "node")
        third = coap.client(node3)
        for _ in range(3):
            gateway.run(coap.ask(server, "10.20.1.21", "light/level"))
            gateway.run(coap.ask(server, "10.21.1.31", "light/level"))
            node1.run(coap.ask(first, "10.20.0.10", "events", code=coap.POST, payload=b"motion"))
            node3.run(coap.ask(third, "10.20.0.10", "events", code=coap.POST, payload=b"motion"))
            time.sleep(1.2)


def coap_silent(out: Path) -> None:
    """One node drops CoAP without a word: the gateway repeats each request four times, then gives up."""
    with site("silent") as network:
        gateway = network.host("gateway", "10.20.0.10")
        node1 = network.host("node1", "10.20.1.21")
        node2 = network.host("node2", "10.20.1.22")
        node2.firewall("""
            table inet node {
                chain input {
                    type filter hook input priority 0;
                    udp dport 5683 drop
                }
            }
        """)
        network.capture(out / "capture.pcap", gateway)
        server = coap.serve(gateway, "gateway")
        coap.serve(node1, "node")
        first = coap.client(node1)
        coap.serve(node2, "node")
        gateway.start(coap.every(20, server, "10.20.1.21", "light/level"))
        node1.start(coap.every(20, first, "10.20.0.10", "events", code=coap.POST, payload=b"motion"))
        gateway.run(coap.ask(server, "10.20.1.22", "light/level", patience=95))


def coap_missing(out: Path) -> None:
    """Gateway and nodes sample and configure for over five minutes, and no CoAP is even tried."""
    with site("missing") as network:
        gateway = network.host("gateway", "10.20.0.10")
        floor = [network.host(f"node{number}", f"10.20.1.{20 + number}") for number in (1, 2)]
        network.capture(out / "capture.pcap", gateway)
        opaque.udp_server(gateway, 50202, answer=False)
        begun = time.monotonic()
        for host in floor:
            opaque.tcp_server(host, 88)
        for turn in range(13):
            for number, host in enumerate(floor):
                opaque.udp_send(host, "10.20.0.10", 50202, source=49300 + number, wait=0.05)
                opaque.tcp_session(gateway, host.address, 88, gap=0.05)
            time.sleep(max(0.0, begun + (turn + 1) * 28 - time.monotonic()))
