"""The order of the rules, and what is said about a site."""

from __future__ import annotations

from exporting import policy
from judging import CURRENT

from analyzer.export.rules import Rule


def order(rules: tuple[Rule, ...]) -> list[str]:
    """Kinds of rules as they follow each other."""
    kinds = [
        rule.permit.why if rule.permits else f"deny {rule.permit.source.label} {rule.permit.target.label}"
        for rule in rules
    ]
    return [kind for number, kind in enumerate(kinds) if not number or kinds[number - 1] != kind]


def test_denials_come_last_and_for_the_equipment_only() -> None:
    found = policy(CURRENT)
    assert order(found.rules)[-3:] == ["infrastructure", "deny any subjects", "deny subjects any"]
    assert not any("any any" in kind for kind in order(found.rules))


def test_what_hosts_of_a_domain_open_never_reaches_the_equipment() -> None:
    found = policy(CURRENT, infrastructure="client", default="deny")
    assert order(found.rules)[-5:] == [
        "infrastructure", "deny any subjects", "infrastructure", "deny subjects any", "deny any any",
    ]  # fmt: skip
    late = [rule.permit for rule in found.rules if rule.permit.note.startswith("infrastructure: Kerberos")]
    assert {permit.source.label for permit in late} == {"subjects"}


def test_no_infrastructure() -> None:
    assert "infrastructure" not in order(policy(CURRENT, infrastructure="none").rules)


def test_disputed_rows_are_denied_before_wider_ones_permit_them() -> None:
    found = policy(CURRENT, disputed="deny").rules
    denied = [rule for rule in found if rule.permit.why == "disputed"]
    assert denied
    assert not any(rule.permits for rule in denied)
    assert found.index(denied[-1]) < min(
        number for number, rule in enumerate(found) if rule.permit.why == "expected" and rule.permits
    )


def test_names_are_unique_and_stay() -> None:
    first, again = policy(CURRENT), policy((*CURRENT, "bacnet-system=10.20.0.41"))
    names = [rule.name for rule in first.rules]
    assert len(set(names)) == len(names)
    assert names == [rule.name for rule in again.rules]
    fewer = {rule.name for rule in policy(CURRENT, infrastructure="none").rules}
    assert fewer <= set(names)


def test_every_rule_of_a_sheet_cites_it() -> None:
    for rule in policy(CURRENT).rules:
        if rule.permit.rows:
            assert all(
                "Igor Network Communication Port Requirements" in line
                for line in rule.sources[: len(rule.permit.rows)]
            )
            assert rule.sources[0].startswith(rule.permit.rows[0].id)


def test_what_is_said() -> None:
    hosts = ("igor-gateway=10.20.0.10", "igor-node=10.20.1.0/24@5.5", "bacnet-system=10.20.0.40")
    found = policy(hosts)
    said = "\n".join(found.notes)
    assert "no version stated for igor-gateway, so all rows of 1.12.1-4.5.3 and 5.0.0+ are permitted" in said
    assert "no edition covers igor-node 5.5" in said
    assert "implied: a BACnet system is declared" in said
    assert "IPv6 is left alone" in "\n".join(found.remarks)
