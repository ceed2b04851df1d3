"""Expected traffic as an expression over packets, and what is not expected of the site's equipment.

A filter sees packets, not conversations: each permit stands in both directions, and TFTP's data as a range
of ports. ICMP (it tells who blocked) and IP fragments after the first (they carry no ports) always stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from analyzer.export.firewall import Abilities, Term, fits, terms
from analyzer.export.parties import Party
from analyzer.export.permits import Ports
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=False, tftp=False)


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes it; a version is 4 or 6, a side is ``src`` or ``dst``."""

    address: Callable[[int, str, Party], str]
    """A side's address is one of a party's."""
    ports: Callable[[str, str, tuple[Ports, ...]], str]
    """A side's port is one of these, of a transport."""
    transport: Callable[[int, str], str]
    either: Callable[[int, Party], str]
    """One of the two addresses is a party's."""
    always: tuple[str, ...]
    """What every filter keeps."""
    negated: str = "not"


def expression(policy: Policy, language: Language) -> str:
    """The filter that the policy's wishes ask for."""
    expected = [*_alternatives(policy, language)]
    if policy.wishes.unexpected:
        here = _any_of(
            language.either(version, policy.subjects)
            for version in policy.versions
            if policy.subjects.of(version)
        )
        return _any_of([f"({here} and {language.negated} {_any_of(expected)})", *language.always])
    return _any_of([*expected, "arp", *language.always])


def _any_of(parts: Iterable[str]) -> str:
    found = list(dict.fromkeys(parts))
    return found[0] if len(found) == 1 else f"({' or '.join(found)})"


def _alternatives(policy: Policy, language: Language) -> Iterable[str]:
    for version in policy.versions:
        for term in _merged(
            term for term in terms(policy, ABLE) if term.rule.permits and fits(term, version)
        ):
            parts = [] if term.transport == "any" else [language.transport(version, term.transport)]
            for side, party in (("src", term.source), ("dst", term.target)):
                if party.spans is not None:
                    parts.append(language.address(version, side, party))
            for side, ports in (("src", term.source_ports), ("dst", term.ports)):
                if ports:
                    parts.append(language.ports(term.transport, side, ports))
            yield f"({' and '.join(parts)})" if parts else _everything(language, version)


def _everything(language: Language, version: int) -> str:
    return language.transport(version, "")


def _merged(found: Iterable[Term]) -> list[Term]:
    """Terms that differ in one side's ports only as one; a handshake's answer needs no state here."""
    merged: dict[tuple[object, ...], Term] = {}
    for term in found:
        ports = "src" if term.source_ports and term.source_ports != term.ports else "dst"
        fixed = term.source_ports if ports == "dst" else term.ports
        key = (term.source.label, term.target.label, term.transport, ports, fixed)
        before = merged.get(key)
        if before is None:
            merged[key] = term
        elif ports == "dst":
            merged[key] = replace(before, ports=_union(before.ports, term.ports))
        else:
            merged[key] = replace(before, source_ports=_union(before.source_ports, term.source_ports))
    return list(merged.values())


def _union(one: tuple[Ports, ...] | None, other: tuple[Ports, ...] | None) -> tuple[Ports, ...] | None:
    """The ports of both as ranges in order; None, every port, if either is."""
    if one is None or other is None:
        return None
    found: list[Ports] = []
    for ports in sorted((*one, *other)):
        if found and ports.low <= found[-1].high + 1:
            found[-1] = found[-1]._replace(high=max(found[-1].high, ports.high))
        else:
            found.append(ports)
    return tuple(found)
