"""The protocols, one file each: the folder is the registry and the feature list.

A file ``x_y.py`` holds ``PROTOCOL``, a :class:`analyzer.protocol.Protocol` named ``x-y``. Files whose
name begins with ``_`` are pieces that several protocols share. Adding a protocol is one file here and
one test file; nothing else is edited.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from analyzer import registry
from analyzer.protocol import Protocol


def collect(package: str, path: Iterable[str]) -> dict[str, Protocol]:
    """The protocols of the modules under ``path``, imported as ``package.<module>``, by name, sorted.

    Raises ``ImportError``, see :func:`analyzer.registry.entry`.
    """
    found = (registry.entry(package, name, "PROTOCOL", Protocol) for name in registry.names(path))
    return {protocol.name: protocol for protocol in found}


@functools.cache
def load() -> Mapping[str, Protocol]:
    """Every protocol of this folder by name, in alphabetical order; read once.

    Raises ``ImportError``, see :func:`collect`.
    """
    return MappingProxyType(collect(__name__, __path__))


@functools.cache
def _by_port() -> Mapping[tuple[str, int], tuple[Protocol, ...]]:
    index: dict[tuple[str, int], list[Protocol]] = {}
    for protocol in sorted(load().values(), key=lambda protocol: (len(protocol.ports), protocol.name)):
        for claim in protocol.ports:
            index.setdefault(claim, []).append(protocol)
    return {claim: tuple(protocols) for claim, protocols in index.items()}


@functools.cache
def _by_transport() -> Mapping[str, Protocol]:
    index: dict[str, Protocol] = {}
    for protocol in load().values():
        for transport in protocol.transports:
            if transport in index:
                raise ImportError(f"{index[transport].name} and {protocol.name} both own {transport!r}")
            index[transport] = protocol
    return index


def claims(transport: str, port: int) -> tuple[Protocol, ...]:
    """The protocols that claim ``port`` of ``"tcp"`` or ``"udp"`` on the responder's side.

    The most specific comes first: the one that claims the fewest ports, then by name.
    """
    return _by_port().get((transport, port), ())


def claimed(transport: str) -> tuple[int, ...]:
    """The ports of ``"tcp"`` or ``"udp"`` that some protocol claims, in order."""
    return tuple(sorted(port for name, port in _by_port() if name == transport))


@functools.cache
def _by_opening(transport: str, octet: int) -> frozenset[str]:
    return frozenset(
        protocol.name
        for protocol in load().values()
        if protocol.distinctive
        and (protocol.openings is None or octet in protocol.openings.get(transport, frozenset()))
    )


def opened(transport: str, octets: Iterable[int]) -> tuple[Protocol, ...]:
    """The distinctive protocols whose payloads can begin with one of ``octets`` on any port, by name."""
    names = frozenset[str]().union(*(_by_opening(transport, octet) for octet in octets))
    return tuple(load()[name] for name in sorted(names))


def for_transport(transport: str) -> Protocol | None:
    """The protocol that owns a transport whole, by its name (``"arp"``, ``"icmp"``), or None."""
    return _by_transport().get(transport)
