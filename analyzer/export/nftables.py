"""nftables: aerleon's chains in a table of our own, loaded as a whole; TFTP through the kernel's helper.

https://wiki.nftables.org/wiki-nftables/index.php/Conntrack_helpers
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, in_short, of_term
from analyzer.export.firewall import FAMILIES, Abilities, Term, at_hook, fits, generate, hooks, terms
from analyzer.export.parties import networks
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=True)
TABLE: Final = "portmatrix"
FAMILY: Final = {4: "ip", 6: "ip6"}
LOOPBACK: Final = {"input": 'iifname "lo" accept', "output": 'oifname "lo" accept'}
"""What a host says to itself is nobody else's business, whichever of its addresses it takes."""
AFTER_CONNTRACK: Final = -150
"""Priority of the chains that assign the helper: connections are known from -200 on (conntrack)."""


def write(policy: Policy) -> Written:
    """One table a family, which loading replaces."""
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
    lines = [f"table {table}", f"delete table {table}", f"table {table} {{"]
    lines += _helper(found, version)
    chains: list[str] = []
    roots: list[str] = []
    short = {f"jump {term.name}": in_short(term) for term in found}
    for hook in hooks(policy):
        default = "" if hook.closed else " ACCEPT"
        options = f"{FAMILIES[version]} {hook.name}{default} noverbose"
        text = generate(at_hook(found, hook), {"nftables": options}, version)
        body = text[text.index("{") + 1 : text.rindex("}")].strip("\n").split("\n")
        at = body.index("    chain root0 {")
        chains = max(chains, body[:at], key=len)
        for line in body[at:]:
            said = short.get(line.strip())
            root = line.replace("chain root0", f"chain {hook.name}")
            roots.append(f'{root} comment "{said}"' if said else root)
            if hook.name in LOOPBACK and "ct state established" in line:
                roots.append(f"        {LOOPBACK[hook.name]}")
    comments = {term.name: of_term(term) for term in found if fits(term, version)}
    for line in chains:
        chain = re.fullmatch(r"    chain (\S+) \{", line)
        if chain:
            lines += ["", *(f"    # {comment}" for comment in comments[chain[1]])]
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
