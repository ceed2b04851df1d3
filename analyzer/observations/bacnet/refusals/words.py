"""Words that all refusals are told with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analyzer.conversation import Address
from analyzer.observation import Tally, named, times


def form(words: str, who: Collection[object]) -> str:
    """``words`` with their verbs for one or several."""
    return words.replace("{s}", "s" if len(who) == 1 else "").replace(
        "{is_}", "is" if len(who) == 1 else "are"
    )


def between(asker: Address, refuser: Address) -> str:
    """Who refused whom."""
    return f"{named([refuser])} to {named([asker])}"


def counted(said: Sequence[tuple[str, Tally]]) -> str:
    """Who said it to whom and how often, the first few."""
    told = [f"{who}, {times(tally.count)}" for who, tally in said[:3]]
    more = len(said) - 3
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")
