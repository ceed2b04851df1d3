"""What to do about a transfer: a carrier's paragraph for the cause, with the facts of this one filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from analyzer.model import Cause

UNDELIVERED: Final = (
    "No filter says this: {server} does not answer in its own network, or there is no route to it. In this "
    "order: is {server} switched on and connected, are its address, mask and VLAN right, is there a route to "
    "its network. Begin at the sender of the ICMP error, named above."
)
"""Of a request that is ``blocked`` because nobody finds the server."""

Facts = Mapping[str, str]
"""What the texts name in braces: ``client`` and ``server`` as addresses, and what else a carrier knows."""


def advise(
    texts: Mapping[Cause, str],
    cause: Cause | None,
    facts: Facts,
    hint: Callable[[Cause], str] = lambda _: "",
    undelivered: bool = False,
) -> str:
    """What to do. ``hint`` adds what is known of the server's make for a cause; ``undelivered`` says that
    what is blocked found no way, or nobody at its end."""
    if cause is None:
        return ""
    # Not str.format: a file name or address is data, and may hold braces.
    said = UNDELIVERED if undelivered else texts[cause]
    for name, value in facts.items():
        said = said.replace("{" + name + "}", value)
    more = hint(cause)
    return f"{said} {more}" if more else said
