"""The file that tells which pseudonym stands for what: with it, and only with it, a reader can go back."""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from analyzer.addresses import IpNetwork
from analyzer.errors import UsageError
from analyzer.pseudonyms.mapping import Pseudonyms
from analyzer.pseudonyms.tree import KEY_BYTES

SCHEMA: Final = "portmatrix.pseudonyms/1"
SIZE_LIMIT: Final = 256 << 20
"""Bytes of a map that are read: two million addresses."""


def opened(path: str | None, key: str | None, networks: Iterable[IpNetwork]) -> Pseudonyms:
    """The pseudonyms of a map file, of a ``key`` in words, or of a new random key.

    A file that is there gives key, networks and names: what was given out stays valid, so networks that the
    file does not have are left out. Raises :class:`UsageError` for a file that is no map, and for a key that
    is not the file's.
    """
    stated = sha256(key.encode("utf-8", "surrogateescape")).digest() if key is not None else None
    if path is None or not Path(path).exists():
        return Pseudonyms(stated or secrets.token_bytes(KEY_BYTES), networks)
    try:
        with open(path, "rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"--map {path}: {error.strerror or error}") from error
    if len(content) > SIZE_LIMIT:
        raise UsageError(f"--map {path}: is larger than {SIZE_LIMIT >> 20} MiB, too large for a map")
    try:
        document = json.loads(content)
        found = _read(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"--map {path}: exists and is no map of pseudonyms") from error
    if stated is not None and stated != found.key:
        raise UsageError(f"--map {path}: was made with another key")
    return found


def _read(document: Any) -> Pseudonyms:
    if document["schema"] != SCHEMA:
        raise ValueError(document["schema"])
    key = bytes.fromhex(document["key"])
    if len(key) != KEY_BYTES:
        raise ValueError("key")
    names = {str(entry["original"]): str(entry["pseudonym"]) for entry in document["names"]}
    found = Pseudonyms(key, (ipaddress.ip_network(network) for network in document["networks"]), names)
    found.addresses.update(
        (str(entry["original"]), str(entry["pseudonym"])) for entry in document["addresses"]
    )
    return found


def document(pseudonyms: Pseudonyms, version: str) -> str:
    """The map as JSON."""

    def pairs(table: dict[str, str]) -> list[dict[str, str]]:
        return [{"original": one, "pseudonym": other} for one, other in table.items()]

    entry = {
        "schema": SCHEMA,
        "tool": {"name": "portmatrix", "version": version},
        "key": pseudonyms.key.hex(),
        "networks": [str(network) for network in pseudonyms.networks],
        "names": pairs(pseudonyms.names),
        "addresses": pairs(dict(sorted(pseudonyms.addresses.items()))),
    }
    return json.dumps(entry, indent=1) + "\n"
