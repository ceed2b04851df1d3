"""Site file, ``--host``, ``--activity``."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import rulefile, rulesets, site
from analyzer.directory import Span, span
from analyzer.errors import PortmatrixError, SiteError, UsageError
from analyzer.model import Allow, Host, Site

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "analyzer/schemas/site.schema.json").read_text(encoding="utf-8")
)
ROLES = rulesets.roles(rulesets.load())

CONTRACT = """\
site: Building 7
hosts:
  - {name: gateway, address: 10.20.0.10, role: igor-gateway, version: 5.1.0}
  - {name: floor 1, address: 10.20.1.0/24, role: igor-node, version: 6.0.2}
  - {name: bms, address: 10.20.0.40, role: bacnet-system}
  - {name: access server, address: 10.20.0.50, role: biostar-server, mode: server}   # mode: server | direct
  - {name: doors, address: [10.20.3.11, 10.20.3.12], role: biostar-device}
activities: [operation]          # what took place while capturing; operation is always in
allow:                           # site's own rows, also waivers of a finding
  - {from: 10.20.9.0/24, to: gateway, transport: tcp, port: 22,
     reason: maintenance SSH, owner: facilities, until: 2027-01-31}
"""


def parse(text: str) -> Site:
    return site.parse(text, "site.yaml", ROLES)


def mistakes(text: str) -> list[str]:
    with pytest.raises(SiteError) as caught:
        parse(text)
    return [str(mistake).removeprefix("site.yaml:") for mistake in caught.value.mistakes]


def schema_errors(text: str) -> list[str]:
    plain = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(plain)]


def test_the_contracts_example(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(CONTRACT, encoding="utf-8")
    assert site.load(str(file), ROLES) == Site(
        name="Building 7",
        hosts=(
            Host("gateway", ("10.20.0.10",), ("igor-gateway",), version="5.1.0"),
            Host("floor 1", ("10.20.1.0/24",), ("igor-node",), version="6.0.2"),
            Host("bms", ("10.20.0.40",), ("bacnet-system",)),
            Host("access server", ("10.20.0.50",), ("biostar-server",), mode="server"),
            Host("doors", ("10.20.3.11", "10.20.3.12"), ("biostar-device",)),
        ),
        activities=frozenset({"operation"}),
        allow=(
            Allow(
                source="10.20.9.0/24",
                target="gateway",
                transport="tcp",
                port=22,
                reason="maintenance SSH",
                owner="facilities",
                until=datetime.date(2027, 1, 31),
                line=10,
            ),
        ),
    )
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert schema_errors(CONTRACT) == []


def test_all_forms() -> None:
    text = """\
hosts:
  - address: [10.0.0.1, "fd00::1", 10.0.0.8-10.0.0.9]
    role: [igor-gateway, igor-bacnet-service]
    version: 4.10
activities: firmware-update
observe_minutes: 2.5
allow:
  - {from: any, to: igor-node, transport: any, reason: everything}
  - {from: igor-gateway, to: 10.0.0.1, transport: udp, port: [53, 123], reason: r}
  - {from: any, to: any, transport: tcp, port: any, reason: r}
"""
    found = parse(text)
    (host,) = found.hosts
    assert host.name == "10.0.0.1"
    assert host.networks == ("10.0.0.1", "fd00::1", "10.0.0.8-10.0.0.9")
    assert host.roles == ("igor-gateway", "igor-bacnet-service")
    assert host.version == "4.10"
    assert found.activities == {"operation", "firmware-update"}
    assert found.observe_minutes == 2.5
    assert [(entry.source, entry.target, entry.port) for entry in found.allow] == [
        ("any", "igor-node", None),
        ("igor-gateway", "10.0.0.1", 53),
        ("igor-gateway", "10.0.0.1", 123),
        ("any", "any", None),
    ]
    assert found.name == ""
    assert schema_errors(text) == []
    assert parse("site: Empty\n").hosts == ()


def test_several_mistakes_come_together_in_file_order() -> None:
    text = """\
site: Building 7
hosts:
  - {name: gateway, address: 10.20.0.10, role: igor-gateway, version: 5.1.0}
  - {name: floor 1, address: 10.20.1.0/24, role: igor-nod, version: 6.0.2a}
  - {name: bms, address: 10.20.0.400, role: bacnet-system}
  - {name: server, address: 10.20.0.50, role: biostar-server, mode: servr}
  - {name: gateway, adress: 10.20.0.10, role: igor-gateway}
  - {name: other, address: 10.20.0.10/32, role: igor-gateway, version: 4.1.0}
activities: [operation, firmware]
allow:
  - {from: 10.20.9.0/24, to: gatway, transport: tcp, port: 22, reason: SSH, until: 2027-13-31}
  - {from: any, to: gateway, transport: tcp, port: 70000}
  - {from: 10.20.9.5/24, to: gateway, transport: icmp, port: 1, reason: ping}
"""
    assert mistakes(text) == [
        "4:50: unknown role 'igor-nod' (did you mean 'igor-node'?)",
        "4:69: '6.0.2a' is doubtful, the letter may mean before or after 6.0.2: write the number alone",
        "5:26: address '10.20.0.400' cannot be used (each of its four numbers is 0 to 255)",
        "6:69: unknown mode 'servr' (did you mean 'server'?)",
        "7:5: a host needs the field 'address' (for example address: 10.20.0.10)",
        "7:12: host name 'gateway' appears twice (first in line 3)",
        "7:21: a host has no field 'adress' (did you mean 'address'?)",
        "8:72: igor-gateway at 10.20.0.10/32 has version 4.1.0 here and 5.1.0 in line 3 (keep one)",
        "9:25: unknown activity 'firmware' (did you mean 'firmware-update'?)",
        "11:30: to: 'gatway' is no host name, role, address or network (did you mean 'gateway'?)",
        "11:84: until '2027-13-31' is no date (no such day)",
        "12:5: an allow entry needs the field 'reason' (for example reason: maintenance laptop)",
        "12:52: port '70000' is out of range (0 to 65535)",
        "13:12: from: '10.20.9.5/24' is no host name, role, address or network "
        "(10.20.9.0/24 for the network, 10.20.9.5 for the host)",
        "13:62: icmp has no ports (leave the port out)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "hosts:\n  - 10.0.0.1\n",
            "2:5: a host is written with fields, not as '10.0.0.1' "
            "(for example {name: gateway, address: 10.20.0.10, role: igor-gateway})",
        ),
        (
            "hosts:\n  -\n",
            "2:4: a host is empty (for example {name: gateway, address: 10.20.0.10, role: igor-gateway})",
        ),
        (
            "hosts:\n  name: a\n",
            "2:3: hosts must be a list, not fields (one entry a line, each after '- ')",
        ),
        (
            "hosts: [{address:10.0.0.1, name: a}]\n",
            "1:10: a host has no field 'address:10.0.0.1' "
            "(write address: 10.0.0.1, with a space after the colon)",
        ),
        ("hosts: [{address: []}]\n", "1:19: the list of addresses is empty (for example 10.20.0.10)"),
        (
            "hosts: [{address: 10.0.0.1, role: igor-node, mode: server}]\n",
            "1:52: igor-node has no mode server (leave the mode out; "
            "only biostar-client, biostar-device, biostar-server have one)",
        ),
        (
            "hosts: [{address: 10.0.0.1, mode: server}]\n",
            "1:35: a host without a role has no mode server (leave the mode out; "
            "only biostar-client, biostar-device, biostar-server have one)",
        ),
        (
            "allow: [{from: any, to: any, transport: TCP, reason: r}]\n",
            "1:41: transport 'TCP' is not known (write tcp)",
        ),
        (
            "allow: [{from: any, to: any, transport: tcp, port: 20-30, reason: r}]\n",
            "1:52: port must be a number, not '20-30' (0 to 65535, several as [22, 23], or any)",
        ),
        (
            "allow: [{from: any, to: any, transport: tcp, reason: r, until: 2027-02-30}]\n",
            "1:64: until '2027-02-30' is no date (no such day)",
        ),
        ("observe_minutes: ten\n", "1:18: observe_minutes must be a number, not 'ten' (0.1 to 10080)"),
    ],
)
def test_a_mistake_says_what_to_write_instead(text: str, told: str) -> None:
    assert mistakes(text) == [told]


def test_a_role_that_is_not_known_may_have_the_mode() -> None:
    text = "hosts: [{address: 10.0.0.1, role: biostar-servr, mode: server}]\n"
    assert mistakes(text) == ["1:35: unknown role 'biostar-servr' (did you mean 'biostar-server'?)"]


def test_two_modes_for_one_server_contradict() -> None:
    text = "hosts:\n  - {name: a, address: 10.0.0.1, role: biostar-server, mode: server}\n"
    text += "  - {name: b, address: 10.0.0.1, role: biostar-server, mode: direct}\n"
    assert mistakes(text) == [
        "3:62: biostar-server at 10.0.0.1 has mode direct here and server in line 2 (keep one)"
    ]


def test_two_roles_at_one_address_do_not() -> None:
    text = "hosts:\n  - {name: a, address: 10.0.0.1, role: igor-gateway, version: 5.1.0}\n"
    text += "  - {name: b, address: 10.0.0.1, role: igor-bacnet-service, version: 1.2}\n"
    assert len(parse(text).hosts) == 2


@pytest.mark.parametrize("until", ["31.01.2027", "2027-02-30", "2027-1-31", "soon", "20270131"])
def test_dates_are_written_one_way(until: str) -> None:
    text = f"allow: [{{from: any, to: any, transport: tcp, reason: r, until: {until}}}]"
    assert "no date" in mistakes(text)[0]


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(PortmatrixError, match="absent"):
        site.load(str(tmp_path / "absent.yaml"), ROLES)
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    with pytest.raises(SiteError):
        site.load(str(tmp_path / "binary.yaml"), ROLES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("address: 10.20.0.40, ", ""),
        ("activities: [operation]", "activities: [operating]"),
        ("reason: maintenance SSH, ", ""),
        ("until: 2027-01-31", "until: soon"),
        ("site: Building 7", "sight: Building 7"),
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(old: str, new: str) -> None:
    text = CONTRACT.replace(old, new, 1)
    assert schema_errors(text)
    assert mistakes(text)


def test_the_schema_names_the_parsers_activities() -> None:
    activities = SCHEMA["properties"]["activities"]["anyOf"][0]["enum"]
    assert tuple(activities) == site.ACTIVITIES
    assert (*rulefile.ACTIVITIES, "all") == site.ACTIVITIES
    assert rulesets.modes(rulesets.load()) == site.MODES


@given(st.text() | st.text(alphabet="hostsnamedr: -\n[]{}&*!'\"0123456789./,#"))
@settings(deadline=None)
def test_any_text_is_a_site_or_a_site_error(text: str) -> None:
    found = [(1, 1)]
    try:
        parse(text)
    except SiteError as error:
        found = [(mistake.line, mistake.column) for mistake in error.mistakes]
    assert found
    assert found == sorted(found)


# Options


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("igor-gateway=10.0.0.1", Host("10.0.0.1", ("10.0.0.1",), ("igor-gateway",))),
        ("igor-gateway=10.0.0.1@5.1.0", Host("10.0.0.1", ("10.0.0.1",), ("igor-gateway",), version="5.1.0")),
        (
            "igor-gateway=10.0.0.1@v5.1.0",
            Host("10.0.0.1", ("10.0.0.1",), ("igor-gateway",), version="v5.1.0"),
        ),
        (
            "biostar-server=10.0.0.5@server",
            Host("10.0.0.5", ("10.0.0.5",), ("biostar-server",), mode="server"),
        ),
        (
            "igor-node=10.0.1.0/24@6.0.2",
            Host("10.0.1.0/24", ("10.0.1.0/24",), ("igor-node",), version="6.0.2"),
        ),
        ("igor-node=10.0.1.5-10.0.1.9", Host("10.0.1.5-10.0.1.9", ("10.0.1.5-10.0.1.9",), ("igor-node",))),
        ("igor-node=fd00::5@6.0", Host("fd00::5", ("fd00::5",), ("igor-node",), version="6.0")),
        ("igor-node=10.0.0.1,10.0.0.2", Host("10.0.0.1,10.0.0.2", ("10.0.0.1", "10.0.0.2"), ("igor-node",))),
        (
            "igor-gateway,igor-bacnet-service=10.0.0.1",
            Host("10.0.0.1", ("10.0.0.1",), ("igor-gateway", "igor-bacnet-service")),
        ),
    ],
)
def test_parse_host(option: str, expected: Host) -> None:
    assert site.parse_host(option, ROLES) == expected


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("10.0.0.1", "write ROLE=ADDRESS"),
        ("=10.0.0.1", "write ROLE=ADDRESS"),
        ("igor-gateway=", "write ROLE=ADDRESS"),
        ("igor-gateway=10.0.0.1@", "write ROLE=ADDRESS"),
        ("igor-gatway=10.0.0.1", "unknown role 'igor-gatway' .did you mean 'igor-gateway'"),
        ("igor-gateway=10.0.0.400", "address '10.0.0.400' cannot be used"),
        ("igor-gateway=10.0.0.1@latest", "'latest' is not a version"),
        ("igor-gateway=10.0.0.1@5.1.0a", "doubtful"),
        ("igor-gateway=10.0.0.5/24", "10.0.0.0/24 for the network"),
        ("igor-gateway=\x1b[31m", r"\\x1b"),
    ],
)
def test_parse_host_refuses(option: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        site.parse_host(option, ROLES)
    assert str(caught.value).isprintable()


def hosts(*options: str) -> list[Host]:
    return [site.parse_host(option, ROLES) for option in options]


def test_combine_without_anything_is_undeclared() -> None:
    assert site.combine(None, [], []) == Site(declared=False)
    assert site.combine(None, [], ["all"]).activities == {"operation", "all"}


def test_combine_stands_in_for_a_site_file() -> None:
    found = site.combine(None, hosts("igor-gateway=10.0.0.1@5.1.0", "igor-node=10.0.0.2"), ["discovery"])
    assert [host.name for host in found.hosts] == ["10.0.0.1", "10.0.0.2"]
    assert found.declared
    assert found.activities == {"operation", "discovery"}


def test_combine_adds_to_a_site_file() -> None:
    found = site.combine(
        parse(CONTRACT), hosts("igor-bacnet-service=10.20.0.10", "igor-node=10.20.2.0/24@6.0.2"), []
    )
    assert len(found.hosts) == 6
    assert found.hosts[0] == Host(
        "gateway", ("10.20.0.10",), ("igor-gateway", "igor-bacnet-service"), version="5.1.0"
    )
    assert found.hosts[5].networks == ("10.20.2.0/24",)
    assert found.name == "Building 7"
    assert len(found.allow) == 1


def test_combine_fills_in_a_version() -> None:
    found = site.combine(None, hosts("igor-gateway=10.0.0.1", "igor-gateway=10.0.0.1/32@5.1.0"), [])
    assert found.hosts == (Host("10.0.0.1", ("10.0.0.1",), ("igor-gateway",), version="5.1.0"),)


def test_one_address_two_roles_two_versions() -> None:
    found = site.combine(None, hosts("igor-gateway=10.0.0.1@5.1.0", "igor-node=10.0.0.1@6.0.2"), [])
    assert [(host.name, host.version) for host in found.hosts] == [
        ("10.0.0.1", "5.1.0"),
        ("10.0.0.1 (igor-node)", "6.0.2"),
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("igor-gateway=10.0.0.1@5.1.0", "igor-gateway=10.0.0.1@4.5.3"),
        ("igor-gateway=10.0.0.1@5.1.0", "igor-gateway=10.0.0.1/32@4.5.3"),
        ("igor-gateway=10.0.0.1,10.0.0.2@5.1.0", "igor-gateway=10.0.0.2@4.5.3"),
        ("igor-gateway=10.0.0.1", "igor-gateway=10.0.0.1@5.1.0", "igor-gateway=10.0.0.1@4.5.3"),
        ("biostar-server=10.0.0.1@server", "biostar-server=10.0.0.1@direct"),
    ],
)
def test_contradictions_are_refused(options: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="contradicts") as caught:
        site.combine(None, hosts(*options), [])
    assert "\n" not in str(caught.value)


def test_an_option_cannot_contradict_the_site_file() -> None:
    with pytest.raises(UsageError, match=r"contradicts version 5\.1\.0 of 'gateway'"):
        site.combine(parse(CONTRACT), hosts("igor-gateway=10.20.0.10@4.5.3"), [])


def test_a_more_specific_address_is_no_contradiction() -> None:
    found = site.combine(parse(CONTRACT), hosts("igor-node=10.20.1.7@5.0.2"), [])
    assert len(found.hosts) == 6


def test_thousands_of_hosts_are_laid_over_each_other_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    many = hosts(*(f"igor-node=10.1.{one >> 8}.{one & 255}@6.0.2" for one in range(1, 301)))
    looked: list[str] = []

    def counted(network: str, groups: bool = False) -> Span:
        looked.append(network)
        return span(network, groups)

    monkeypatch.setattr(site, "span", counted)
    again = site.combine(site.combine(None, many, []), many, [])
    assert again.hosts == tuple(many)
    # Each address is read when its host is kept, when it is added, and when it meets the one that it equals.
    assert len(looked) == (2 + 3) * 300


def test_unknown_activity() -> None:
    with pytest.raises(UsageError, match=r"'firmware': unknown .did you mean 'firmware-update'"):
        site.combine(None, [], ["firmware"])
