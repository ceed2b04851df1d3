"""What to do about a transfer: a carrier's paragraph for the cause, with the facts of this one filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.model import Cause

Facts = Mapping[str, str]
"""What the texts name in braces: ``client`` and ``server`` as addresses, and what else a carrier knows."""


def advise(
    texts: Mapping[Cause, str], cause: Cause | None, facts: Facts, hint: Callable[[Cause], str] = lambda _: ""
) -> str:
    """What to do. ``hint`` adds what is known of the server's make for a cause."""
    if cause is None:
        return ""
    # Not str.format: a file name or address is data, and may hold braces.
    said = texts[cause]
    for name, value in facts.items():
        said = said.replace("{" + name + "}", value)
    more = hint(cause)
    return f"{said} {more}" if more else said
