"""Roles, modes and editions that nobody stated, read from the traffic, each with its reason.

Whatever stands on an inference is at most a warning. Roles are inferred only where the user declared none;
a mode or an edition is inferred for any host that has none. The sheets themselves say what to look for: a
host is likely to be the role whose rows explain what it opens and accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.addresses import text
from analyzer.conversation import Conversation
from analyzer.infer.editions import Use, settled, uses_of
from analyzer.infer.hints import hints
from analyzer.infer.roles import Guess, Hint, guess
from analyzer.model import Host, Ruleset, Site

__all__ = ["Guess", "Hint", "Use", "complete", "guess", "hints", "settled", "stated", "uses_of"]


def complete(site: Site, found: Sequence[Conversation], rulesets: Sequence[Ruleset]) -> Site:
    """``site`` with what the traffic adds: roles if none were declared, then modes and editions."""
    hosts = site.hosts if site.declared else tuple(stated(guess(found, rulesets, hints=hints(found))))
    return replace(site, hosts=settled(hosts, found, rulesets))


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
