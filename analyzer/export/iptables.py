"""iptables-restore: one section a table; ``# family`` lines part IPv4 from IPv6."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, of_term
from analyzer.export.firewall import FAMILIES, Abilities, Term, fits, generate, terms
from analyzer.export.parties import networks
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=True)
FILE: Final = {4: "portmatrix.iptables", 6: "portmatrix.ip6tables"}


def write(policy: Policy) -> Written:
    """A file for ``iptables-restore``, and one for ``ip6tables-restore`` where the site has IPv6."""
    found = terms(policy, ABLE)
    return Written({FILE[version]: _file(policy, found, version) for version in policy.versions})


def _file(policy: Policy, found: tuple[Term, ...], version: int) -> str:
    chains = ("FORWARD",) if policy.wishes.place == "router" else ("INPUT", "OUTPUT")
    default = "DROP" if policy.wishes.default == "deny" else "ACCEPT"
    program = "iptables-restore" if version == 4 else "ip6tables-restore"
    lines = [f"# {line}" for line in head(policy, program, ())]
    raw = _helper(found, version)
    if raw:
        lines += ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", *raw, "COMMIT"]
    lines += ["*filter", *(f":{chain} {default} [0:0]" for chain in chains)]
    declared: list[str] = []
    body: list[str] = []
    for chain in chains:
        text = generate(found, {"iptables": f"{chain} {FAMILIES[version]} {default} noverbose"}, version)
        comments = {f"{chain[:1]}_{term.name}": of_term(term) for term in found if fits(term, version)}
        body.append(f"-A {chain} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT")
        for line in text.split("\n"):
            if line.startswith("-N "):
                declared.append(f":{line[3:]} - [0:0]")
                body += [f"# {comment}" for comment in comments[line[3:]]]
            elif line.startswith("-A "):
                body.append(line)
    return "\n".join([*lines, *declared, *body, "COMMIT"]) + "\n"


def _helper(found: tuple[Term, ...], version: int) -> list[str]:
    """The kernel's TFTP helper in the raw table: kernels no longer assign it by themselves."""
    lines: dict[str, None] = {}
    for term in found:
        if not (term.rule.permit.helper and fits(term, version)):
            continue
        port = term.ports[0].low if term.ports else 69
        sources, targets = term.source.of(version), term.target.of(version)
        for source in [f"-s {one} " for one in networks(sources)] if sources is not None else [""]:
            for target in [f"-d {one} " for one in networks(targets)] if targets is not None else [""]:
                for chain in ("PREROUTING", "OUTPUT"):
                    lines[f"-A {chain} {source}{target}-p udp --dport {port} -j CT --helper tftp"] = None
    return list(lines)


TARGET = Target("iptables", "iptables-restore (Linux)", write)
