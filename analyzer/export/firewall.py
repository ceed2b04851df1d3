"""Rules as an aerleon policy, and the configuration that aerleon makes of it (extra ``export``).

Each rule becomes one term per address family: a term of both families pairs addresses of one with
addresses of the other. Sources and comments are ours, written around aerleon's output by each exporter,
since its generators treat comments each in its own way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from analyzer.errors import MissingExtra, PortmatrixError
from analyzer.export.parties import ANYONE, Party, networks
from analyzer.export.permits import HIGH, Ports
from analyzer.export.plain import name
from analyzer.export.rules import Policy, Rule

FAMILIES: Final = {4: "inet", 6: "inet6"}
_OTHER_FAMILY: Final = {4: "icmpv6", 6: "icmp"}


class Abilities(NamedTuple):
    """What a target does by itself: let answers pass, and follow a TFTP transfer to its ports."""

    stateful: bool = True
    tftp: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One aerleon term with the rule it stands for; ``leg`` says what else it stands for, if anything."""

    name: str
    rule: Rule
    source: Party
    target: Party
    transport: str
    source_ports: tuple[Ports, ...] | None
    ports: tuple[Ports, ...] | None
    established: bool = False
    leg: str = ""


def terms(policy: Policy, able: Abilities) -> tuple[Term, ...]:
    """The terms of a policy for a target's abilities, in order, without regard to the address family."""
    listed = {row.port for row in policy.matrix.rows if row.transport == "udp"}
    found: list[Term] = []
    for rule in policy.rules:
        permit = rule.permit
        ports = without(HIGH, listed) if permit.source_ports else permit.ports
        found.append(
            Term(rule.name, rule, permit.source, permit.target, permit.transport, permit.source_ports, ports)
        )
        if permit.source_ports:
            found += _own_port(rule, permit.source, permit.target, permit.source_ports, listed)
        if rule.permits:
            found += _legs(policy, rule, able, listed)
    return tuple(found)


def without(whole: Ports, taken: Iterable[int]) -> tuple[Ports, ...]:
    """``whole`` as the ranges that ``taken`` leaves."""
    found: list[Ports] = []
    low = whole.low
    for port in sorted(port for port in taken if whole.low <= port <= whole.high):
        if port > low:
            found.append(Ports(low, port - 1))
        low = port + 1
    if low <= whole.high:
        found.append(Ports(low, whole.high))
    return tuple(found)


def _legs(policy: Policy, rule: Rule, able: Abilities, listed: set[int]) -> Iterator[Term]:
    """Terms for what comes back, where the target does not know by itself."""
    permit = rule.permit
    if permit.helper and not able.tftp:
        high = without(policy.wishes.tftp_ports, listed)
        for number, (client, server) in enumerate(_transfers(policy, rule), 1):
            what = "TFTP data: the server answers from a port of its own (RFC 1350 section 4)"
            yield Term(f"{rule.name}-d{number}", rule, server, client, "udp", high, high, leg=what)
            if not able.stateful:
                what = "TFTP acknowledgements to the server's own port"
                yield Term(f"{rule.name}-a{number}", rule, client, server, "udp", high, high, leg=what)
    if able.stateful or permit.target.group or permit.source_ports:
        return
    back = f"{rule.name}-r"
    if permit.transport == "tcp":
        yield Term(
            back, rule, permit.target, permit.source, "tcp", permit.ports, None, established=True,
            leg="answers",
        )  # fmt: skip
    elif permit.transport == "udp":
        high = without(HIGH, listed)
        yield Term(back, rule, permit.target, permit.source, "udp", permit.ports, high, leg="answers")
        yield from _own_port(rule, permit.target, permit.source, permit.ports or (), listed)
    elif permit.source != permit.target:
        yield Term(back, rule, permit.target, permit.source, permit.transport, None, None, leg="answers")


def _transfers(policy: Policy, rule: Rule) -> Iterator[tuple[Party, Party]]:
    """Client and server of the transfers that a rule permits: hosts of the site, never just anyone.

    A range of ports is a wide door, so it opens between hosts whose sheets list the transfer only.
    """
    services = {row.service.protocol for row in rule.permit.rows}
    speakers = [
        party
        for party in policy.parties.subjects
        if any(
            row.service.protocol in services
            for subject in party.subjects
            for row in policy.matrix.of(subject)
        )
    ]
    ends = [
        [party] if party.spans is not None else speakers for party in (rule.permit.source, rule.permit.target)
    ]
    for client in ends[0]:
        for server in ends[1]:
            if client is not server:
                yield client, server


def _own_port(
    rule: Rule, source: Party, target: Party, ports: Sequence[Ports], listed: set[int]
) -> Iterator[Term]:
    """Answers to a service that uses its port at both ends, as CoAP and BACnet do.

    Other answers go to ports that clients take for themselves, less those that a sheet gives a meaning.
    """
    known = [one for one in ports if one.low in listed and one.low >= HIGH.low]
    for number, one in enumerate(known):
        label = f"{rule.name}-o{number or ''}"
        yield Term(label, rule, source, target, "udp", (one,), (one,), leg="answers to its own port")


class Hook(NamedTuple):
    """A place in the packet path of Linux; ``closed``: what no rule takes is dropped."""

    name: str
    closed: bool


def hooks(policy: Policy) -> tuple[Hook, ...]:
    """Where to filter. A router that is to drop what is left still lets its own traffic in and out."""
    deny = policy.wishes.default == "deny"
    own = deny and policy.wishes.place == "host"
    found = [Hook("forward", deny)] if policy.wishes.place != "host" else []
    if policy.wishes.place != "router":
        found += [Hook("input", own), Hook("output", own)]
    return tuple(found)


def at_hook(found: Sequence[Term], hook: Hook) -> tuple[Term, ...]:
    """The terms of a hook: the last denial, of everything, only where it is closed."""
    return tuple(
        term
        for term in found
        if hook.closed or term.rule.permits or term.source is not ANYONE or term.target is not ANYONE
    )


def fits(term: Term, version: int) -> bool:
    """Whether a term says anything in an address family."""
    ends = term.source.of(version), term.target.of(version)
    return (
        () not in ends
        and term.transport != _OTHER_FAMILY[version]
        and (version == 4 or term.transport != "igmp")
    )


def policy_of(found: Sequence[Term], headers: Mapping[str, str], version: int) -> tuple[Any, Any]:
    """Aerleon's policy and definitions: ``headers`` maps its platform to the options of the filter.

    Raises :class:`MissingExtra` without aerleon.
    """
    naming = _aerleon().lib.naming
    addresses: dict[str, list[str]] = {}
    services: dict[str, list[dict[str, str]]] = {}
    written = [_term(term, version, addresses, services) for term in found if fits(term, version)]
    definitions = naming.Naming()
    definitions.ParseDefinitionsObject(
        {
            "networks": {
                token: {"values": [{"address": one} for one in values]} for token, values in addresses.items()
            },
            "services": services,
        },
        "site",
    )
    header = {"targets": dict(headers), "comment": "portmatrix"}
    return {"filename": "portmatrix", "filters": [{"header": header, "terms": written}]}, definitions


def _term(
    term: Term, version: int, addresses: dict[str, list[str]], services: dict[str, list[dict[str, str]]]
) -> dict[str, Any]:
    found: dict[str, Any] = {"name": term.name, "action": "accept" if term.rule.permits else "deny"}
    for key, party in (("source-address", term.source), ("destination-address", term.target)):
        spans = party.of(version)
        if spans is not None:
            token = name(f"H {party.label} {party.spans}" if party.group else f"H {party.label}", 40).upper()
            addresses[token] = networks(spans)
            found[key] = token
    for key, ports in (("source-port", term.source_ports), ("destination-port", term.ports)):
        if ports:
            written = [f"{one.low}" if one.low == one.high else f"{one.low}-{one.high}" for one in ports]
            token = name(f"{term.transport} {' '.join(written)}", 40).upper()
            services[token] = [{"protocol": term.transport, "port": one} for one in written]
            found[key] = token
    if term.transport != "any":
        found["protocol"] = term.transport
    if term.established:
        found["option"] = "tcp-established"
    if not term.rule.permits:
        found["logging"] = "true"
    return found


def generate(found: Sequence[Term], headers: Mapping[str, str], version: int) -> str:
    """The configuration of the one platform that ``headers`` names, without version control tags.

    Raises :class:`PortmatrixError` where aerleon refuses, or leaves out a term.
    """
    aerleon = _aerleon()
    policy, definitions = policy_of(found, headers, version)
    with _silent():
        try:
            written = aerleon.api.Generate([policy], definitions)
        except Exception as error:  # its generators each have exceptions of their own
            said = " ".join(str(error).split())
            raise PortmatrixError(f"aerleon cannot write {', '.join(headers)}: {said}") from error
    text = "".join((written or {}).values())
    lost = [term.name for term in found if fits(term, version) and term.name not in text]
    if lost:
        raise PortmatrixError(f"aerleon left out of {', '.join(headers)}: {', '.join(lost)}")
    tags = ("$Id:$", "$Date:$", "$Revision:$")
    return "\n".join(line for line in text.split("\n") if not any(tag in line for tag in tags))


def _aerleon() -> Any:
    try:
        import aerleon.api  # noqa: PLC0415 - heavy, and an extra
        import aerleon.lib.naming  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("making firewall rules (aerleon)", "export") from None
    return aerleon


@contextmanager
def _silent() -> Iterator[None]:
    """Aerleon warns on standard error about terms that are none of ours to change."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
