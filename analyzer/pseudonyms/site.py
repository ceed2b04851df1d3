"""A site with pseudonyms, and the site file that says so."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from analyzer.addresses import IpNetwork
from analyzer.directory import span
from analyzer.model import Allow, Host, Site
from analyzer.pseudonyms.mapping import Pseudonyms


def networks(site: Site) -> list[IpNetwork]:
    """The networks that the site's hosts are in, single addresses left out."""
    found: list[IpNetwork] = []
    for host in site.hosts:
        for written in host.networks:
            found += [network for network in _parts(written) if network.num_addresses > 1]
    return found


def pseudonymised(site: Site, pseudonyms: Pseudonyms) -> Site:
    """``site`` with other addresses, and names by role; owners and reasons of waivers are names, too."""
    names = {host.name for host in site.hosts}
    return replace(
        site,
        name=pseudonyms.name(site.name, "site"),
        hosts=tuple(_host(host, pseudonyms) for host in site.hosts),
        allow=tuple(_allow(entry, names, pseudonyms) for entry in site.allow),
    )


def called(host: Host, pseudonyms: Pseudonyms) -> str:
    """A host's name: by role, or the pseudonym of the address that stands for a name."""
    if not host.name or host.name in host.networks or host.basis == "inferred":
        return pseudonyms.text(host.name)
    return pseudonyms.name(host.name, "+".join(sorted(host.roles)) or "host")


def _host(host: Host, pseudonyms: Pseudonyms) -> Host:
    return replace(
        host,
        name=called(host, pseudonyms),
        networks=tuple(part for written in host.networks for part in _networks(written, pseudonyms)),
        reason=pseudonyms.text(host.reason),
    )


def _allow(entry: Allow, names: Iterable[str], pseudonyms: Pseudonyms) -> Allow:
    def end(written: str) -> str:
        if written in names:
            return pseudonyms.names.get(written, pseudonyms.text(written))
        try:
            (first, *_) = _networks(written, pseudonyms)
        except ValueError:
            return written  # a role, or any
        return first

    return replace(
        entry,
        source=end(entry.source),
        target=end(entry.target),
        reason=pseudonyms.name(entry.reason, "reason"),
        owner=pseudonyms.name(entry.owner, "owner"),
    )


def _parts(written: str) -> list[IpNetwork]:
    """An address, network or range as networks. Raises ``ValueError`` for what is none."""
    found = span(written, groups=True)
    if found.version == 4:
        ends = ipaddress.IPv4Address(found.first), ipaddress.IPv4Address(found.last)
        return list(ipaddress.summarize_address_range(*ends))
    wide = ipaddress.IPv6Address(found.first), ipaddress.IPv6Address(found.last)
    return list(ipaddress.summarize_address_range(*wide))


def _networks(written: str, pseudonyms: Pseudonyms) -> list[str]:
    mapped = (pseudonyms.network(network) for network in _parts(written))
    return [str(one.network_address if one.num_addresses == 1 else one) for one in mapped]


def document(site: Site) -> dict[str, Any]:
    """The site file of ``site``, as plain values for YAML."""
    hosts = []
    for host in site.hosts:
        entry: dict[str, Any] = {"name": host.name} if host.name and host.name not in host.networks else {}
        entry["address"] = _one(host.networks)
        if host.roles:
            entry["role"] = _one(host.roles)
        entry |= {"version": host.version} if host.version else {}
        entry |= {"mode": host.mode} if host.mode else {}
        hosts.append(entry)
    found: dict[str, Any] = {"site": site.name} if site.name else {}
    found |= {"hosts": hosts, "activities": sorted(site.activities)}
    if site.observe_minutes is not None:
        found["observe_minutes"] = site.observe_minutes
    if site.allow:
        found["allow"] = [_allowed(entry) for entry in site.allow]
    return found


def _allowed(entry: Allow) -> dict[str, Any]:
    found: dict[str, Any] = {"from": entry.source, "to": entry.target, "transport": entry.transport}
    if entry.port is not None:
        found["port"] = entry.port
    found["reason"] = entry.reason
    found |= {"owner": entry.owner} if entry.owner else {}
    found |= {"until": entry.until.isoformat()} if entry.until else {}
    return found


def _one(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
