"""A MUD file as a ruleset: what it says, what it leaves open, what it cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analyzer
from analyzer import mudfile, rulefile
from analyzer.errors import RulesetError
from analyzer.model import Ruleset


def ace(name: str = "a", forwarding: str = "accept", **matches: Any) -> dict[str, Any]:
    return {"name": name, "matches": matches, "actions": {"forwarding": forwarding}}


def mud(*from_device: dict[str, Any], to_device: tuple[dict[str, Any], ...] = (), **head: Any) -> str:
    """A MUD file with these entries, shaped as in RFC 8520 section 9."""

    def policy(name: str) -> dict[str, Any]:
        return {"access-lists": {"access-list": [{"name": name}]}}

    lists = [
        {"name": "from", "type": "ipv4-acl-type", "aces": {"ace": list(from_device)}},
        {"name": "to", "type": "ipv4-acl-type", "aces": {"ace": list(to_device)}},
    ]
    about = {
        "mud-version": 1,
        "mud-url": "https://lighting.example.com/lightbulb2000",
        "last-update": "2019-01-28T11:20:51+01:00",
        "is-supported": True,
        "systeminfo": "The BMS Example Light Bulb",
        "from-device-policy": policy("from"),
        "to-device-policy": policy("to"),
        **head,
    }
    return json.dumps({"ietf-mud:mud": about, "ietf-access-control-list:acls": {"acl": lists}})


def port(number: int) -> dict[str, Any]:
    return {"operator": "eq", "port": number}


CLOUD = ace(
    "cl0-frdev",
    ipv6={"ietf-acldns:dst-dnsname": "service.example.com", "protocol": 6},
    tcp={"ietf-mud:direction-initiated": "from-device", "destination-port": port(443)},
)


def read(text: str, role: str = "") -> tuple[Ruleset, tuple[str, ...]]:
    written, left = mudfile.to_ruleset(text, "bulb.json", role)
    return rulefile.parse(written, "bulb.yaml"), left


def test_the_example_of_the_rfc() -> None:
    back = ace(
        "cl0-todev",
        ipv6={"ietf-acldns:src-dnsname": "service.example.com", "protocol": 6},
        tcp={"ietf-mud:direction-initiated": "from-device", "source-port": port(443)},
    )
    ruleset, left = read(mud(CLOUD, to_device=(back,)))
    (edition,) = ruleset.editions
    assert (ruleset.name, edition.subject) == ("the-bms-example-light-bulb",) * 2
    assert edition.outgoing == (("tcp", 443),)
    assert edition.incoming == ()
    assert edition.versions == ">=0"
    assert edition.interpretations[0].certainty == "unknown"
    assert ruleset.services["tcp", 443].reply is None
    assert left == ("cl0-frdev: the counterpart (ietf-acldns:dst-dnsname) is no role, so any peer",)
    assert "lighting.example.com/lightbulb2000" in ruleset.document


def test_the_schema_takes_the_example_and_refuses_what_the_rfcs_do() -> None:
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "mud.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(json.loads(mud(CLOUD)))
    wrong = (
        mud(CLOUD, **{"mud-url": "http://lighting.example.com/lightbulb2000"}),
        mud(CLOUD, **{"cache-validity": 169}),
        mud(CLOUD, **{"last-update": "yesterday"}),
        mud(CLOUD, **{"is-supported": "yes"}),
        mud(ace("x", tcp={"destination-port": {"lower-port": 1}})),
        mud(ace("x", tcp={"destination-port": port(65536)})),
        mud(ace("x", tcp={}, udp={})),
        mud(ace("x", "permit", tcp={})),
        mud(ace("y" * 65, tcp={})),
        mud(ace("x", **{"ietf-mud:mud": {"local-networks": True}})),
    )
    assert not [text for text in wrong if validator.is_valid(json.loads(text))]


def test_ranges_and_both_transports() -> None:
    entries = (
        ace("r", ipv4={"protocol": 17}, udp={"destination-port": {"lower-port": 50195, "upper-port": 50199}}),
        ace("one", ipv4={"protocol": 6}, tcp={"destination-port": {"port": 80}}),
    )
    ruleset, left = read(mud(to_device=entries, **{"model-name": "Igor Node!"}))
    assert ruleset.name == "igor-node"
    assert ruleset.editions[0].incoming == (("tcp", 80), *(("udp", number) for number in range(50195, 50200)))
    assert left == ()


def test_peers_that_are_roles_and_peers_that_are_not() -> None:
    known = {"ietf-mud:mud": {"controller": f"{mudfile.ROLE_BASE}igor-gateway"}}
    other = {"ietf-mud:mud": {"my-controller": [None]}}
    udp = {"destination-port": port(5683)}
    ruleset, left = read(
        mud(ace("a", udp=udp, **known), ace("b", udp={"destination-port": port(69)}, **other))
    )
    (edition,) = ruleset.editions
    assert edition.peers_of("outgoing", "udp", 5683) == {"igor-gateway"}
    assert edition.peers_of("outgoing", "udp", 69) is None
    assert left == ("b: the counterpart (my-controller) is no role, so any peer",)
    wider, _ = read(mud(ace("a", udp=udp, **known), ace("b", udp=udp)))
    assert wider.editions[0].peers_of("outgoing", "udp", 5683) is None


def test_a_group_is_no_peer() -> None:
    known = {"ietf-mud:mud": {"controller": f"{mudfile.ROLE_BASE}igor-gateway"}}
    udp = {"destination-port": port(1900)}
    entries = (
        ace("row", udp=udp, **known),
        ace("group", ipv4={"destination-ipv4-network": "239.255.255.250/32"}, udp=udp),
    )
    ruleset, left = read(mud(*entries))
    assert ruleset.editions[0].peers_of("outgoing", "udp", 1900) == {"igor-gateway"}
    assert left == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ace("x", "drop", udp={"destination-port": port(1)}), "x: denies"),
        (ace("x", icmp={"type": 8}), "x: neither TCP nor UDP"),
        (ace("x", udp={}), "x: no list of ports"),
        (ace("x", ipv4={"protocol": 17}), "x: no list of ports"),
        (ace("x", udp={"destination-port": {"operator": "gte", "port": 1024}}), "x: no list of ports"),
        (ace("x", udp={"destination-port": {"lower-port": 1, "upper-port": 60000}}), "x: no list of ports"),
        (
            ace("x", tcp={"ietf-mud:direction-initiated": "to-device", "destination-port": port(9)}),
            "x: its direction contradicts direction-initiated",
        ),
    ],
)
def test_what_a_ruleset_cannot_say(entry: dict[str, Any], said: str) -> None:
    ruleset, left = read(mud(CLOUD, entry))
    assert ruleset.editions[0].outgoing == (("tcp", 443),)
    assert any(line.startswith(said) for line in left)
    assert f"# left out: {said}" in mudfile.to_ruleset(mud(CLOUD, entry), "x")[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "x.json:1:2: no JSON"),
        ("[]", "not a MUD file"),
        ("[" * 100_000, "no JSON that can be read"),
        ('{"ietf-mud:mud": {}}', "'ietf-access-control-list:acls' is missing"),
        ('{"ietf-mud:mud": 3, "ietf-access-control-list:acls": {}}', "'ietf-mud:mud' is missing"),
        (mud(), "there is no row"),
        (
            mud(CLOUD, **{"from-device-policy": {"access-lists": {"access-list": [{"name": "q"}]}}}),
            "'q', which is not",
        ),
        (mud(CLOUD, **{"from-device-policy": {"access-lists": {"access-list": 3}}}), "a list of entries"),
        (mud(CLOUD, **{"from-device-policy": {"access-lists": {"access-list": [3]}}}), "is no object"),
        (mud(CLOUD, systeminfo="!", **{"mud-url": "https://x/?"}), "give the role with --role"),
    ],
)
def test_what_is_no_mud_file(text: str, said: str) -> None:
    with pytest.raises(RulesetError, match=r"x\.json:\d") as raised:
        mudfile.to_ruleset(text, "x.json")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_ports_that_several_protocols_claim_have_no_name() -> None:
    ruleset, _ = read(mud(ace("k", tcp={"destination-port": port(88)})))
    assert (ruleset.services["tcp", 88].name, ruleset.services["tcp", 88].protocol) == ("TCP 88", "unknown")


def test_is_mud() -> None:
    assert mudfile.is_mud("\n" + mud(CLOUD))
    assert not mudfile.is_mud("ruleset: x")
    assert not mudfile.is_mud('{"ruleset": "x"}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON, st.text(max_size=30))
def test_any_values_give_a_ruleset_or_one_error(first: Any, second: Any, third: Any, name: str) -> None:
    entry = {
        "name": name,
        "matches": {"udp": {"destination-port": first}, "ipv4": second},
        "actions": {"forwarding": "accept"},
    }
    text = mud(CLOUD, entry, **{"systeminfo": name + "bulb", "mfg-name": third, "last-update": third})
    try:
        written, _ = mudfile.to_ruleset(text, "x.json")
    except RulesetError:
        return
    rulefile.parse(written, "x.yaml")
