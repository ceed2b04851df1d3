"""iptables-restore: one section a table; ``# family`` lines part IPv4 from IPv6."""

from __future__ import annotations

from typing import Final

from analyzer.export import Target, Written
from analyzer.export.comments import head, in_short, of_term
from analyzer.export.firewall import FAMILIES, Abilities, Term, at_hook, fits, generate, hooks, terms
from analyzer.export.parties import networks
from analyzer.export.rules import Policy

ABLE: Final = Abilities(stateful=True, tftp=True)
LOOPBACK: Final = {"INPUT": "-i", "OUTPUT": "-o"}
"""What a host says to itself is nobody else's business, whichever of its addresses it takes."""
NOTES: Final = ("restoring replaces the tables filter and raw with all that is in them",)
FILE: Final = {4: "portmatrix.iptables", 6: "portmatrix.ip6tables"}


def write(policy: Policy) -> Written:
    """A file for ``iptables-restore``, and one for ``ip6tables-restore`` where the site has IPv6."""
    found = terms(policy, ABLE)
    return Written({FILE[version]: _file(policy, found, version) for version in policy.versions}, NOTES)


def _file(policy: Policy, found: tuple[Term, ...], version: int) -> str:
    program = "iptables-restore" if version == 4 else "ip6tables-restore"
    lines = [f"# {line}" for line in head(policy, program, NOTES)]
    raw = _helper(found, version)
    if raw:
        lines += ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", *raw, "COMMIT"]
    lines.append("*filter")
    declared: list[str] = []
    body: list[str] = []
    for hook in hooks(policy):
        chain, default = hook.name.upper(), "DROP" if hook.closed else "ACCEPT"
        lines.append(f":{chain} {default} [0:0]")
        options = f"{chain} {FAMILIES[version]} {default} noverbose"
        text = generate(at_hook(found, hook), {"iptables": options}, version)
        short = {f"-A {chain} -j {chain[:1]}_{term.name}": in_short(term) for term in found}
        comments = {f"{chain[:1]}_{term.name}": of_term(term) for term in found if fits(term, version)}
        body.append(f"-A {chain} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT")
        if chain in LOOPBACK:
            body.append(f"-A {chain} {LOOPBACK[chain]} lo -j ACCEPT")
        for line in text.split("\n"):
            if line.startswith("-N "):
                declared.append(f":{line[3:]} - [0:0]")
                body += [f"# {comment}" for comment in comments[line[3:]]]
            elif line in short:
                target = line.removeprefix(f"-A {chain} ")
                body.append(f'-A {chain} -m comment --comment "{short[line]}" {target}')
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
