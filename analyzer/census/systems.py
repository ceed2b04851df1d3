"""BACnet systems: hosts that ask a gateway over BACnet/IP. No sheet is theirs, yet rows are due with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from analyzer.addresses import Address
from analyzer.conversation import Conversation
from analyzer.infer.roles import Guess
from analyzer.protocol import Fit

BACNET, BACNET_SYSTEM, GATEWAY = "bacnet", "bacnet-system", "igor-gateway"


def systems(found: Iterable[Conversation], guesses: Sequence[Guess]) -> list[Guess]:
    """Who opens BACnet/IP to a gateway and has no role of its own; never surer than the gateway."""
    gateways = {guess.address: guess for guess in guesses if guess.role == GATEWAY}
    others = {guess.address for guess in guesses if guess.enough and guess.role}
    asked: dict[Address, list[Conversation]] = defaultdict(list)
    for conversation in found:
        if (conversation.protocol, conversation.fit, conversation.parent) != (BACNET, Fit.YES, None):
            continue
        if conversation.responder in gateways and conversation.originator not in others:
            asked[conversation.originator].append(conversation)
    guessed = []
    for address, flows in sorted(asked.items()):
        gateway = gateways[flows[0].responder]
        answered = any(all(flow.packets) for flow in flows)
        frames = sorted(min(frame for frame in flow.first_frame if frame) for flow in flows)
        guessed.append(
            Guess(
                address,
                BACNET_SYSTEM,
                "likely" if answered and gateway.level != "unsure" else "unsure",
                True,
                (f"opens UDP {flows[0].port} (BACnet/IP) to the gateway",),
                (),
                (gateway.address,),
                tuple(frames[:4]),
            )
        )
    return guessed
