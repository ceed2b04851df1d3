"""Roles, modes and editions that nobody stated, read from the traffic, each with its reason.

Whatever stands on an inference is at most a warning. Roles are inferred only where the user declared none;
a mode or an edition is inferred for any host that has none. The sheets themselves say what to look for: a
host is likely to be the role whose rows explain what it opens and accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.addresses import text
from analyzer.conversation import Conversation
from analyzer.infer.editions import settled
from analyzer.model import Host, Ruleset, Site

if TYPE_CHECKING:
    from analyzer.infer.roles import Guess


def complete(site: Site, found: Sequence[Conversation], rulesets: Sequence[Ruleset]) -> Site:
    """``site`` with what the traffic adds: roles if none were declared, then modes and editions."""
    hosts = site.hosts if site.declared else tuple(_guessed(found, rulesets))
    return replace(site, hosts=settled(hosts, found, rulesets))


def _guessed(found: Sequence[Conversation], rulesets: Sequence[Ruleset]) -> Iterable[Host]:
    from analyzer.infer.hints import hints  # noqa: PLC0415 - where roles are declared nobody guesses them
    from analyzer.infer.roles import guess  # noqa: PLC0415

    return stated(guess(found, rulesets, hints=hints(found)))


def stated(guesses: Iterable[Guess]) -> Iterable[Host]:
    """The guesses that have evidence enough, as inferred hosts."""
    for one in guesses:
        if one.role and one.enough:
            several = len(one.partners)
            yield Host(
                name=text(*one.address),
                networks=(text(*one.address),),
                roles=(one.role,),
                basis="inferred",
                reason=f"behaves like {one.role}: {', '.join(one.reasons[:4])}"
                + (f", with {several} partners" if several > 1 else ""),
            )
