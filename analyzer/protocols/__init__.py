"""The protocols, one file each: the folder is the registry and the feature list.

A file ``x_y.py`` holds ``PROTOCOL``, a :class:`analyzer.protocol.Protocol` named ``x-y``. Files whose
name begins with ``_`` are pieces that several protocols share. Adding a protocol is one file here and
one test file; nothing else is edited.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from analyzer.protocol import Protocol


def collect(package: str, path: Iterable[str]) -> dict[str, Protocol]:
    """The protocols of the modules under ``path``, imported as ``package.<module>``, by name, sorted.

    Raises ``ImportError`` that names the module: it cannot be imported, has no ``PROTOCOL``, is not
    named like its file, or repeats a name. A broken protocol must not vanish from the analysis.
    """
    found: dict[str, Protocol] = {}
    for info in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
        if info.name.startswith("_"):
            continue
        name = f"{package}.{info.name}"
        try:
            module = importlib.import_module(name)
        except Exception as error:
            raise ImportError(f"protocol module {name} cannot be imported: {error}", name=name) from error
        protocol = getattr(module, "PROTOCOL", None)
        if not isinstance(protocol, Protocol):
            raise ImportError(f"protocol module {name} has no PROTOCOL of type Protocol", name=name)
        if protocol.name in found:
            raise ImportError(f"protocol module {name} repeats the name {protocol.name!r}", name=name)
        if protocol.name != info.name.replace("_", "-"):
            raise ImportError(f"protocol module {name} calls itself {protocol.name!r}", name=name)
        found[protocol.name] = protocol
    return found


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
