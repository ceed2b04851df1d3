"""One node fetches an image, and each case has another reason why it does not get it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import stubborn
import tftp
from network import Host, Network, site

IMAGE = "node-6.0.2.bin"
GATEWAY, NODE = "10.20.0.10", "10.20.1.21"


@contextmanager
def update(out: Path, name: str) -> Iterator[tuple[Network, Host, Host]]:
    """A gateway and a node, recorded at the gateway's port; a few seconds of silence at the end."""
    with site(name) as network:
        gateway = network.host("gateway", GATEWAY)
        network.capture(out / "capture.pcap", gateway)
        node = network.host("node", NODE)
        yield network, gateway, node
        time.sleep(6)


def serve(network: Network, gateway: Host, size: int = 20_000) -> Path:
    image = network.image(IMAGE, size)
    tftp.serve(gateway, image.parent)
    time.sleep(0.5)
    return image


def transfer_not_found(out: Path) -> None:
    """The node asks for a name that the server does not have."""
    with update(out, "absent") as (network, gateway, node):
        serve(network, gateway)
        tftp.fetch(node, GATEWAY, "Node-6.0.2.bin")


def transfer_access(out: Path) -> None:
    """The image is there and not readable for the server."""
    with update(out, "access") as (network, gateway, node):
        serve(network, gateway).chmod(0o600)
        tftp.fetch(node, GATEWAY, IMAGE)


def transfer_refused(out: Path) -> None:
    """No TFTP service runs on the gateway."""
    with update(out, "noserver") as (_network, _gateway, node):
        tftp.fetch(node, GATEWAY, IMAGE, patience=6)


def transfer_blocked(out: Path) -> None:
    """The gateway's packet filter rejects the request as administratively prohibited."""
    with update(out, "rejected") as (network, gateway, node):
        serve(network, gateway)
        gateway.firewall(rules("udp dport 69 reject with icmp type admin-prohibited"))
        tftp.fetch(node, GATEWAY, IMAGE, patience=6)


def transfer_no_response(out: Path) -> None:
    """The gateway's packet filter drops the request."""
    with update(out, "dropped") as (network, gateway, node):
        serve(network, gateway)
        gateway.firewall(rules("udp dport 69 drop"))
        tftp.fetch(node, GATEWAY, IMAGE, patience=15)


def transfer_ack_blocked(out: Path) -> None:
    """The gateway's packet filter lets port 69 in and nothing else: acknowledgements go to another port."""
    with update(out, "acks") as (network, gateway, node):
        serve(network, gateway)
        gateway.firewall(rules("udp dport 69 accept\n udp dport > 1023 drop"))
        tftp.fetch(node, GATEWAY, IMAGE, patience=20)


def transfer_fragments_lost(out: Path) -> None:
    """Blocks of 4096 bytes: the node's side drops IP fragments."""
    with update(out, "fragments") as (network, gateway, node):
        serve(network, gateway)
        node.firewall(rules("ip frag-off & 0x3fff != 0 drop", "ip", "hook prerouting priority -450"))
        tftp.fetch(node, GATEWAY, IMAGE, block=4096, patience=20)


def transfer_wrong_mode(out: Path) -> None:
    """The node fetches in netascii."""
    with update(out, "netascii") as (network, gateway, node):
        serve(network, gateway)
        target = str(network.files / "fetched")
        node.command("tftp", "-4", "-m", "ascii", GATEWAY, "-c", "get", IMAGE, target)


def transfer_gave_up(out: Path) -> None:
    """The node ends it at block 12 with an ERROR: checksum."""
    with update(out, "checksum") as (network, gateway, node):
        serve(network, gateway)
        stubborn.fetch(node, GATEWAY, IMAGE, stop_at=12, error=(0, "bad checksum"))


def transfer_disk_full(out: Path) -> None:
    """The node's flash is full at block 20."""
    with update(out, "full") as (network, gateway, node):
        serve(network, gateway)
        stubborn.fetch(node, GATEWAY, IMAGE, stop_at=20, error=(3, "flash full"))


def transfer_option(out: Path) -> None:
    """The node does not take the server's answer to its options."""
    with update(out, "option") as (network, gateway, node):
        serve(network, gateway)
        stubborn.fetch(node, GATEWAY, IMAGE, error=(8, "block size refused"), ask={"blksize": "1024"})


def transfer_other_address(out: Path) -> None:
    """The gateway has two addresses and answers from the one that was not asked."""
    with update(out, "twoways") as (network, gateway, node):
        network.address(gateway, "10.20.0.11", 16)
        stubborn.serve(gateway, network.image(IMAGE, 20_000), answer_from="10.20.0.11")
        time.sleep(0.3)
        stubborn.insist(node, GATEWAY, IMAGE)


def transfer_no_last_block(out: Path) -> None:
    """The image is a multiple of 512, and the server leaves out the empty block."""
    with update(out, "last") as (network, gateway, node):
        stubborn.serve(gateway, network.image(IMAGE, 20_480), empty_last=False)
        time.sleep(0.3)
        tftp.fetch(node, GATEWAY, IMAGE, patience=15)


def transfer_short(out: Path) -> None:
    """The server announces more than it has."""
    with update(out, "short") as (network, gateway, node):
        stubborn.serve(gateway, network.image(IMAGE, 20_000), announce=40_000)
        time.sleep(0.3)
        tftp.fetch(node, GATEWAY, IMAGE, patience=10)


def transfer_stalled(out: Path) -> None:
    """Half-way the node's packet filter begins to drop what comes in."""
    with update(out, "halfway") as (network, gateway, node):
        stubborn.serve(gateway, network.image(IMAGE, 20_000), pace=0.1)
        time.sleep(0.3)
        client = node.daemon("curl", "-s", "--max-time", "30", "-o", "/dev/null", f"tftp://{GATEWAY}/{IMAGE}")
        time.sleep(1.5)
        node.firewall(rules("udp dport > 1023 drop"))
        client.wait(40)


def rules(lines: str, family: str = "inet", hook: str = "hook input priority 0") -> str:
    """An nftables table with one chain that holds ``lines``."""
    return f"table {family} lab {{\n chain lab {{\n type filter {hook}\n {lines}\n }}\n}}\n"


CASES: dict[str, Callable[[Path], None]] = {
    "transfer-stalled": transfer_stalled,
    "transfer-ack-blocked": transfer_ack_blocked,
    "transfer-fragments-lost": transfer_fragments_lost,
    "transfer-no-response": transfer_no_response,
    "transfer-other-address": transfer_other_address,
    "transfer-no-last-block": transfer_no_last_block,
    "transfer-short": transfer_short,
    "transfer-blocked": transfer_blocked,
    "transfer-refused": transfer_refused,
    "transfer-not-found": transfer_not_found,
    "transfer-access": transfer_access,
    "transfer-wrong-mode": transfer_wrong_mode,
    "transfer-gave-up": transfer_gave_up,
    "transfer-disk-full": transfer_disk_full,
    "transfer-option": transfer_option,
}
