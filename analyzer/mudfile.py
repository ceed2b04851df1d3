"""A MUD file (RFC 8520, RFC 8519) read as a ruleset.

MUD knows ports, transports, who opens a TCP connection, and classes of counterparts. Versions, activities
and when a reply is due it does not know: the ruleset leaves them open and says so. The result is the
text of a ruleset file, for a reader to complete.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from analyzer import protocols
from analyzer.errors import Mistake, RulesetError
from analyzer.model import Direction

ROLE_BASE: Final = "https://portmatrix.invalid/role/"
"""What stands before a role as the URI of a class of controllers; the host cannot exist (RFC 2606)."""
MUD: Final = "ietf-mud:mud"
ACLS: Final = "ietf-access-control-list:acls"
MAX_RANGE: Final = 1024
"""Most ports of a range that become rows; a wider range is no list of services."""
MAX_TEXT: Final = 200
"""Characters of a text from the file that are kept."""
NUMBERS: Final = {"6": "tcp", "17": "udp"}
NARROWER: Final[tuple[str, ...]] = (
    *("controller", "my-controller", "manufacturer", "same-manufacturer", "model"),
)
"""Matches of RFC 8520 sections 3.10 to 3.16 that say who is at the other end."""
WAYS: Final[tuple[tuple[str, Direction], ...]] = (
    ("from-device-policy", "outgoing"),
    ("to-device-policy", "incoming"),
)

_Key = tuple[Direction, str, int]


@dataclass(slots=True)
class _Found:
    """What the entries of a file say: rows with the classes at their other end, and what is no row."""

    rows: dict[_Key, set[str] | None] = field(default_factory=dict)
    """None: some entry names nobody, so anybody."""
    left: dict[str, None] = field(default_factory=dict)

    def add(self, key: _Key, peers: set[str] | None) -> None:
        """A row; an entry for anybody beats those for somebody."""
        if key not in self.rows:
            self.rows[key] = set(peers) if peers is not None else None
            return
        known = self.rows[key]
        if known is not None:
            self.rows[key] = None if peers is None else known | peers


def is_mud(text: str) -> bool:
    """Whether a document claims to be a MUD file."""
    return text.lstrip("\ufeff \t\r\n").startswith("{") and f'"{MUD}"' in text


def to_ruleset(text: str, file: str, name: str = "") -> tuple[str, tuple[str, ...]]:
    """The YAML of a ruleset, and what the file says that a ruleset cannot.

    ``name`` is the ruleset's name and role; without it the model's name in the file. Raises
    :class:`RulesetError` for a file that is no MUD file, with what is wrong.
    """
    document = _json(text, file)
    mud = _part(document, MUD, file)
    lists = {
        str(one.get("name")): one
        for one in _entries(_part(document, ACLS, file).get("acl"), file)
        if "name" in one
    }
    found = _Found()
    for policy, direction in WAYS:
        for acl in _named(mud.get(policy), file):
            if acl not in lists:
                raise _wrong(file, f"{policy} names the access list {acl[:60]!r}, which is not there")
            for ace in _entries(_dict(lists[acl].get("aces")).get("ace"), file):
                _read(ace, direction, found)
    if not found.rows:
        raise _wrong(file, "no entry accepts TCP or UDP at a port, so there is no row")
    role = name or _role(mud, file)
    return _yaml(role, mud, found, file), tuple(found.left)


# Reading


def _wrong(file: str, message: str) -> RulesetError:
    return RulesetError([Mistake(file, 1, 1, message, "RFC 8520 has the format")])


def _json(text: str, file: str) -> dict[str, Any]:
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        raise RulesetError([Mistake(file, error.lineno, error.colno, f"no JSON: {error.msg}")]) from error
    except (RecursionError, ValueError) as error:
        raise _wrong(file, "no JSON that can be read") from error
    if not isinstance(document, dict):
        raise _wrong(file, "not a MUD file")
    return document


def _part(document: Mapping[str, Any], key: str, file: str) -> dict[str, Any]:
    part = document.get(key)
    if not isinstance(part, dict):
        raise _wrong(file, f"not a MUD file: {key!r} is missing")
    return part


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: object, file: str) -> Iterator[dict[str, Any]]:
    if value is not None and not isinstance(value, list):
        raise _wrong(file, "a list of entries is expected where there is something else")
    for one in value or ():
        if not isinstance(one, dict):
            raise _wrong(file, "an entry of a list is no object")
        yield one


def _named(policy: object, file: str) -> Iterator[str]:
    """The access lists that a policy names; early files have one level less than RFC 8520."""
    lists = _dict(_dict(policy).get("access-lists")).get("access-list")
    for one in _entries(lists, file):
        yield str(one.get("name"))


def _read(ace: Mapping[str, Any], direction: Direction, found: _Found) -> None:
    """One entry: rows, an answer to rows (a source port), or something that a ruleset has no word for."""
    what = str(ace.get("name"))[:60]
    matches = _dict(ace.get("matches"))
    if _dict(ace.get("actions")).get("forwarding") not in ("accept", "ietf-access-control-list:accept"):
        found.left[f"{what}: denies, and a ruleset lists only what is expected"] = None
        return
    families = [_dict(matches.get(family)) for family in ("ipv4", "ipv6")]
    numbers = [NUMBERS.get(str(one.get("protocol")), "") for one in families]
    transports: list[str] = [kind for kind in ("tcp", "udp") if kind in matches] or list(
        filter(None, numbers)
    )
    if not transports:
        found.left[f"{what}: neither TCP nor UDP"] = None
        return
    group = any(
        _is_group(value) for one in families for key, value in one.items() if key.startswith("destination-")
    )
    for transport in transports:
        header = _dict(matches.get(transport))
        if "source-port" in header:
            continue  # the answers to a row, or TFTP's data
        ports = _ports(header.get("destination-port"))
        if ports is None:
            found.left[f"{what}: no list of ports"] = None
            continue
        opened = header.get("ietf-mud:direction-initiated")
        if opened in ("from-device", "to-device") and (opened == "from-device") != (direction == "outgoing"):
            found.left[f"{what}: its direction contradicts direction-initiated"] = None
            continue
        peers = set() if group else _peers(matches, families, what, found)
        for port in ports:
            if not group or (direction, transport, port) not in found.rows:
                found.add((direction, transport, port), peers)


def _is_group(network: object) -> bool:
    """Whether a destination is multicast or broadcast: where a search goes, not who is at the other end."""
    text = str(network).lower()
    return text.startswith(("ff", "255.255.255.255")) or bool(re.match(r"2(?:2[4-9]|3\d)\.", text))


def _ports(match: object) -> range | None:
    """The ports of a match of RFC 8519 (``eq``, or a range); None where it lists none."""
    value = _dict(match)
    if value.get("operator", "eq") == "eq" and _is_port(value.get("port")):
        return range(value["port"], value["port"] + 1)
    low, high = value.get("lower-port"), value.get("upper-port")
    if _is_port(low) and _is_port(high) and low <= high < low + MAX_RANGE:
        return range(low, high + 1)
    return None


def _is_port(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535


def _peers(
    matches: Mapping[str, Any], families: list[dict[str, Any]], what: str, found: _Found
) -> set[str] | None:
    """The roles at the other end; None where the entry names none that a ruleset could."""
    mud = _dict(matches.get(MUD))
    controller = mud.get("controller")
    role = str(controller).removeprefix(ROLE_BASE)
    if isinstance(controller, str) and controller.startswith(ROLE_BASE) and _slug(role) == role:
        return {role}
    narrower = [key for key in NARROWER if key in mud]
    narrower += [key for one in families for key in one if "dnsname" in key or key.endswith("-network")]
    if narrower:
        found.left[
            f"{what}: the counterpart ({', '.join(sorted(set(narrower)))}) is no role, so any peer"
        ] = None
    return None


# Writing


def _slug(text: str) -> str:
    """A role's name: small letters, digits and ``-``."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")


def _role(mud: Mapping[str, Any], file: str) -> str:
    for key in ("model-name", "systeminfo"):
        if isinstance(mud.get(key), str) and (role := _slug(mud[key])):
            return role
    last = str(mud.get("mud-url", "")).rstrip("/").rpartition("/")[2]
    role = _slug(last.removesuffix(".json"))
    if not role:
        raise _wrong(file, "the file names no model: give the role with --role")
    return role


def _quoted(value: object) -> str:
    """A text of the file as a YAML string on one line: JSON's are YAML's."""
    return json.dumps(
        "".join(char if char.isprintable() else " " for char in str(value))[:MAX_TEXT], ensure_ascii=False
    )


def _yaml(role: str, mud: Mapping[str, Any], found: _Found, file: str) -> str:
    info = mud.get("systeminfo") or mud.get("model-name") or role
    where, updated = mud.get("mud-url") or file, mud.get("last-update", "unknown")
    lines = [
        "# Read from a MUD file (RFC 8520). What it cannot say is left open: versions, activities, when a",
        "# row is due, and whether a reply is.",
        *(f"# left out: {_comment(line)}" for line in found.left),
        f"ruleset: {role}",
        f"title: {_quoted(info)}",
        f"vendor: {_quoted(mud.get('mfg-name') or 'unknown')}",
        f"document: {_quoted(f'MUD file {where}, last update {updated}')}",
        f"subject: {role}",
        "services:",
        *_services(found),
        "editions:",
        "  - id: mud",
        '    section: "from-device-policy, to-device-policy"',
        '    versions: ">=0"',
        "    interpretation:",
        "      - what: Holds for every version.",
        "        reason: A MUD file states no versions.",
        "        certainty: unknown",
    ]
    named = {key: peers for key, peers in found.rows.items() if peers}
    if named:
        lines.append("    peers:")
        lines += [
            f"      {'/'.join(map(str, key))}: [{', '.join(sorted(peers))}]" for key, peers in named.items()
        ]
    for direction in ("incoming", "outgoing"):
        columns = [
            f"      {transport}: [{', '.join(ports)}]"
            for transport in ("tcp", "udp")
            if (ports := [str(key[2]) for key in found.rows if key[:2] == (direction, transport)])
        ]
        if columns:
            lines += [f"    {direction}:", *columns]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:MAX_TEXT]


def _services(found: _Found) -> Iterator[str]:
    """A legend, which MUD does not have: the one protocol that claims the port, else the port itself."""
    claims = [(claim, protocol) for protocol in protocols.load().values() for claim in protocol.ports]
    counted = Counter(claim for claim, _ in claims)
    known = {claim: protocol for claim, protocol in claims if counted[claim] == 1}
    for transport, port in sorted({(transport, port) for _, transport, port in found.rows}):
        protocol = known.get((transport, port))
        title = protocol.title if protocol else f"{transport.upper()} {port}"
        word = protocol.name if protocol else "unknown"
        yield f"  - {{port: {port}, transport: {transport}, name: {_quoted(title)}, protocol: {word}}}"
