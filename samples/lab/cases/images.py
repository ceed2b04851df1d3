"""Images that travel otherwise than by TFTP: block-wise over CoAP, and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import coap
import web

from cases.transfers import GATEWAY, IMAGE, NODE, rules, update

PATH = f"fw/{IMAGE}"


def coap_pull_ok(out: Path) -> None:
    """The node fetches its image from the gateway, in blocks of 1024 bytes."""
    with update(out, "pull") as (_network, gateway, node):
        coap.serve(gateway, "gateway", images={PATH: bytes(20_000)})
        node.run(coap.ask(coap.client(node), GATEWAY, PATH, patience=20))


def coap_push_stalled(out: Path) -> None:
    """The gateway sends the image; after about 10 kB the node's packet filter drops what comes in."""
    with update(out, "push") as (_network, gateway, node):
        coap.serve(node, "node", images={PATH: b""})
        node.firewall(rules("udp dport 5683 quota over 10 kbytes drop"))
        context = coap.client(gateway)
        gateway.run(coap.ask(context, NODE, PATH, code=coap.PUT, payload=bytes(20_000), patience=60))


def coap_not_found(out: Path) -> None:
    """The node asks for a name that the gateway does not have."""
    with update(out, "nowhere") as (_network, gateway, node):
        coap.serve(gateway, "gateway", images={PATH: bytes(20_000)})
        node.run(coap.ask(coap.client(node), GATEWAY, PATH.replace("node", "Node"), patience=20))


def http_cut_off(out: Path) -> None:
    """The gateway's server announces the whole image and closes the connection half-way."""
    with update(out, "cutoff") as (network, gateway, node):
        coap.serve(gateway, "gateway")
        others = [network.host(f"node{number}", f"10.20.1.{number}") for number in (22, 23, 24)]
        for one in (node, *others):
            one.run(coap.ask(coap.client(one), GATEWAY, "register", code=coap.POST, payload=b"node"))
        web.serve_image(gateway, 8080, announced=20_000, sent=12_000)
        node.command("curl", "-s", "--max-time", "10", "-o", "/dev/null", f"http://{GATEWAY}:8080/{PATH}")


CASES: dict[str, Callable[[Path], None]] = {
    "coap-push-stalled": coap_push_stalled,
    "coap-pull-ok": coap_pull_ok,
    "coap-not-found": coap_not_found,
    "http-cut-off": http_cut_off,
}
