"""What speaks for a role beside the sheets: who receives images, who serves BACnet, who connects twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from analyzer.conversation import Address, Conversation
from analyzer.infer.roles import Hint
from analyzer.protocols.tftp import PORT as TFTP

GATEWAY, NODE = "igor-gateway", "igor-node"
DEVICE, CLIENT = "biostar-device", "biostar-client"
SERVER_PORT: Final = 1480

IMAGE: Final = 6.0
"""A firmware image goes from the gateway to the node, whichever of them asks for the transfer."""
SERVES: Final = 4.0
"""The BACnet service of a site runs on the gateway's host; nodes speak no BACnet."""
TWICE: Final = 5.0
"""A BioStar device opens two connections to its server, one for commands and one for what it tells
(BioStar SDK Manual V1.9, section 3.11)."""
REACHES: Final = 8.0
"""Who opens connections to devices and takes none is a client: a server is there to be connected to."""
DEVICE_PORTS: Final = (1470, 1471)
READ, WRITE = b"\0\1", b"\0\2"


def hints(found: Sequence[Conversation]) -> Iterator[Hint]:
    """What the traffic says of its ends, each thing once."""
    yield from _images(found)
    yield from _bacnet(found)
    yield from _twice(found)
    yield from _reaches(found)


def _images(found: Iterable[Conversation]) -> Iterator[Hint]:
    """Both ends of TFTP transfers that carried data."""
    seen: dict[tuple[Address, Address], None] = {}
    for conversation in found:
        if conversation.protocol != "tftp" or conversation.port != TFTP or conversation.parent is not None:
            continue
        if not any(all(leg.packets) for leg in conversation.legs):
            continue
        asks = {head.data[:2] for head in conversation.oriented(conversation.heads)[0]}
        client, server = conversation.originator, conversation.responder
        if READ in asks:
            seen[client, server] = None
        elif WRITE in asks:
            seen[server, client] = None
    for receiver in dict.fromkeys(receiver for receiver, _ in seen):
        yield Hint(receiver, NODE, IMAGE, "receives a file by TFTP")
    for sender in dict.fromkeys(sender for _, sender in seen):
        yield Hint(sender, GATEWAY, IMAGE, "gives out a file by TFTP")


def _bacnet(found: Iterable[Conversation]) -> Iterator[Hint]:
    seen = {
        address: None
        for conversation in found
        if conversation.protocol == "bacnet"
        for side, address in enumerate((conversation.a, conversation.b))
        if conversation.packets[side]
    }
    for address in seen:
        yield Hint(address, GATEWAY, SERVES, "speaks BACnet/IP")


def _twice(found: Iterable[Conversation]) -> Iterator[Hint]:
    """Who holds two connections to a server's port at the same time."""
    held: dict[tuple[Address, Address], list[Conversation]] = defaultdict(list)
    for conversation in found:
        if conversation.transport == "tcp" and conversation.port == SERVER_PORT and all(conversation.packets):
            held[conversation.originator, conversation.responder].append(conversation)
    for (origin, _), flows in held.items():
        ordered = sorted(flows, key=lambda flow: flow.start)
        if any(later.start < earlier.end for earlier, later in pairwise(ordered)):
            yield Hint(origin, DEVICE, TWICE, f"holds two connections to TCP {SERVER_PORT}")


def _reaches(found: Iterable[Conversation]) -> Iterator[Hint]:
    """Who opens connections to devices and serves nobody."""
    opened: dict[Address, None] = {}
    serving: set[Address] = set()
    for conversation in found:
        if conversation.transport == "tcp" and all(conversation.packets):
            if conversation.port in DEVICE_PORTS:
                opened[conversation.originator] = None
            elif conversation.port == SERVER_PORT:
                serving.add(conversation.responder)
    for address in opened:
        if address not in serving:
            yield Hint(address, CLIENT, REACHES, f"opens TCP 147x and accepts no TCP {SERVER_PORT}")
