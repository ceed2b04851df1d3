"""nftables: aerleon's chains in a table of our own, loaded as a whole; TFTP through the kernel's helper.

https://wiki.nftables.org/wiki-nftables/index.php/Conntrack_helpers
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, of_term
from analyzer.export.firewall import FAMILIES, Abilities, Term, fits, generate, terms
from analyzer.export.parties import networks
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=True)
TABLE: Final = "portmatrix"
FAMILY: Final = {4: "ip", 6: "ip6"}
AFTER_CONNTRACK: Final = -150
"""Priority of the chains that assign the helper: connections are known from -200 on (conntrack)."""


def write(policy: Policy) -> Written:
    """One table a family, which loading replaces: ``forward`` of a router, or a host's two chains."""
    found = terms(policy, ABLE)
    notes = ["answers to SSDP searches that come from a port of their own have no rule: UDA 1.1 lets them"]
    notes = notes if any(_answers_ssdp(term) for term in found) else []
    lines = [f"# {line}" for line in head(policy, "nftables", notes)]
    for version in policy.versions:
        lines += ["", *_table(policy, found, version)]
    return Written({"portmatrix.nft": "\n".join(lines) + "\n"}, tuple(notes))


def _answers_ssdp(term: Term) -> bool:
    """Whether a term is for answers to an SSDP search."""
    return bool(term.source_ports) and any(row.service.protocol == "ssdp" for row in term.rule.permit.rows)


def _table(policy: Policy, found: tuple[Term, ...], version: int) -> list[str]:
    table = f"{FAMILY[version]} {TABLE}"
    default = "" if policy.wishes.default == "deny" else " ACCEPT"
    hooks = ("forward",) if policy.wishes.place == "router" else ("input", "output")
    lines = [f"table {table}", f"delete table {table}", f"table {table} {{"]
    lines += _helper(found, version)
    chains: list[str] = []
    roots: list[str] = []
    for hook in hooks:
        text = generate(found, {"nftables": f"{FAMILIES[version]} {hook}{default} noverbose"}, version)
        body = text[text.index("{") + 1 : text.rindex("}")].strip("\n").split("\n")
        at = body.index("    chain root0 {")
        chains = body[:at]
        roots += ["" if not line else line.replace("chain root0", f"chain {hook}") for line in body[at:]]
    comments = {term.name: of_term(term) for term in found if fits(term, version)}
    for line in chains:
        chain = re.fullmatch(r"    chain (\S+) \{", line)
        if chain:
            said = comments[chain[1]]
            lines += ["", *(f"    # {comment}" for comment in said)]
        lines.append(line)
    return [*lines, "", *roots, "}"]


def _helper(found: tuple[Term, ...], version: int) -> list[str]:
    """The kernel's TFTP helper for the requests that are permitted: what it expects is ``related``."""
    matches = []
    for term in found:
        if term.rule.permit.helper and fits(term, version):
            ends = [
                f"{FAMILY[version]} {side} {{ {', '.join(networks(spans))} }} "
                for side, party in (("saddr", term.source), ("daddr", term.target))
                if (spans := party.of(version)) is not None
            ]
            port = term.ports[0].low if term.ports else 69
            matches.append(f'        {"".join(ends)}udp dport {port} ct helper set "tftp"')
    if not matches:
        return []
    lines = ["    ct helper tftp {", '        type "tftp" protocol udp', "    }"]
    for hook in ("prerouting", "output"):
        lines += [
            f"    chain tftp-{hook} {{",
            f"        type filter hook {hook} priority {AFTER_CONNTRACK}; policy accept;",
            *dict.fromkeys(matches),
            "    }",
        ]
    return lines


TARGET = Target("nftables", "nftables (Linux)", write)
