"""One ruleset file: what it means, and every mistake with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import documents, rulefile
from analyzer.documents import Reader
from analyzer.errors import RulesetError
from analyzer.model import Background, Interpretation, Retired

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "analyzer/schemas/ruleset.schema.json").read_text(encoding="utf-8"))
SHIPPED = sorted((ROOT / "rulesets").glob("*.yaml"))

VALID = """\
ruleset: acme-meter
title: Acme Meter Ports
vendor: Acme
product: Meter
document: Acme Port Guide
subject: acme-meter
observe_minutes: 7.5
notes: One note.
services:
  - {port: 502, transport: tcp, name: Modbus, protocol: modbus, due_with: acme-head}
  - port: [161, 9000-9002]
    transport: udp
    name: Readings
    protocol: acme
    activity: configuration
    reply: false
    pool: readings
    paired: true
    interpretation: {what: Either end may start, reason: The sheet does not say, certainty: unknown}
editions:
  - id: 2.0+
    section: Table 1
    versions: ">=2.0"
    works_with: {acme-head: ">=1.0,<2.0"}
    peers: {incoming: acme-head, outgoing/udp/161: [acme-head, bacnet-system]}
    due_with: {incoming/tcp/502: []}
    incoming: {tcp: 502, udp: ["--", 9001, 9000-9000]}
    outgoing: {udp: [161, "--"]}
    retired:
      - {port: 23, transport: [tcp, udp], name: Telnet, since: v2.0, reason: Removed}
"""


def parse(text: str) -> Any:
    return rulefile.parse(text, "t.yaml")


def mistakes(text: str) -> list[str]:
    with pytest.raises(RulesetError) as caught:
        parse(text)
    return [str(mistake).removeprefix("t.yaml:") for mistake in caught.value.mistakes]


def schema_errors(text: str) -> list[str]:
    """What an editor says, which reads YAML the usual way."""
    plain = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(plain)]


def test_a_third_vendors_sheet() -> None:
    ruleset = parse(VALID)
    assert (ruleset.name, ruleset.vendor, ruleset.document) == ("acme-meter", "Acme", "Acme Port Guide")
    assert (ruleset.file, ruleset.product, ruleset.notes) == ("t.yaml", "Meter", ("One note.",))
    assert ruleset.observe_minutes == 7.5
    assert list(ruleset.services) == [("tcp", 502), ("udp", 161), ("udp", 9000), ("udp", 9001), ("udp", 9002)]
    modbus, reading = ruleset.services["tcp", 502], ruleset.services["udp", 9002]
    assert (modbus.name, modbus.protocol, modbus.activity, modbus.reply) == (
        "Modbus",
        "modbus",
        "operation",
        None,
    )
    assert (modbus.due_with, modbus.pool, modbus.paired) == ({"acme-head"}, "", False)
    assert (reading.port, reading.activity, reading.reply) == (9002, "configuration", False)
    assert (reading.pool, reading.paired) == ("readings", True)
    assert reading.interpretations == (
        Interpretation("Either end may start", "The sheet does not say", "unknown"),
    )
    (edition,) = ruleset.editions
    assert (edition.id, edition.subject, edition.section) == ("2.0+", "acme-meter", "Table 1")
    assert edition.incoming == (("tcp", 502), ("udp", 9001), ("udp", 9000))
    assert edition.outgoing == (("udp", 161),)
    assert edition.works_with == {"acme-head": ">=1.0,<2.0"}
    assert edition.peers_of("incoming", "udp", 9000) == {"acme-head"}
    assert edition.peers_of("outgoing", "udp", 161) == {"acme-head", "bacnet-system"}
    assert edition.peers_of("outgoing", "udp", 162) is None
    assert edition.due_of("incoming", modbus) == frozenset()
    assert edition.due_of("outgoing", modbus) == {"acme-head"}
    assert edition.retired == (
        Retired("tcp", 23, "Telnet", "v2.0", "Removed"),
        Retired("udp", 23, "Telnet", "v2.0", "Removed"),
    )
    assert schema_errors(VALID) == []


def test_background() -> None:
    text = "ruleset: x\ntitle: X\nbackground:\n  - {protocol: [arp, dns], when: client, reason: why}\n"
    assert parse(text).background == (
        Background("arp", "client", "why"),
        Background("dns", "client", "why"),
    )


def test_exclusions() -> None:
    text = VALID + (
        "exclusions:\n  - versions: '>=2.0'\n    section: AV\n    paths: C:\\Acme\n"
        "    processes: [C:\\Acme\\a.exe, {process: C:\\Acme\\b.exe, only_with: bacnet-system}]\n"
    )
    (exclusion,) = parse(text).exclusions
    assert exclusion.paths == ("C:\\Acme",)
    assert exclusion.processes == ("C:\\Acme\\a.exe", "C:\\Acme\\b.exe")
    assert exclusion.conditional == {"C:\\Acme\\b.exe": "bacnet-system"}
    assert schema_errors(text) == []


def test_several_mistakes_come_together_in_file_order() -> None:
    text = """\
ruleset: Acme Meter
titel: Acme
vendor: Acme
document: D
subject: acme-meter
services:
  - {port: 502, transport: tpc, name: Modbus, protocol: modbus, activity: operations}
  - {port: 70000, transport: tcp, name: X, protocol: x}
  - {port: 80, transport: tcp, name: Web, protocol: http, activty: operation}
editions:
  - id: 1.0+
    section: Table
    versions: ">=1.0a"
    incoming: {tcp: [80, 8080]}
    outgoing: {udp: [80], tcp: [80, 80]}
  - id: 1.0+
    section: Table
    mode: server
    incoming: {tcp: [eighty]}
    peers: {incoming/tcp/443: acme-head, in: acme-head}
"""
    assert mistakes(text) == [
        "1:1: a ruleset needs the field 'title'",
        "1:10: ruleset name 'Acme Meter' may hold small letters, digits and -",
        "2:1: a ruleset has no field 'titel' (did you mean 'title'?)",
        "7:28: unknown transport 'tpc' (did you mean 'tcp'?)",
        "8:12: port '70000' is out of range (1 to 65535)",
        "9:59: a service has no field 'activty' (did you mean 'activity'?)",
        "13:15: '>=1.0a' is not a version bound: write bounds such as >=1.12.1,<=4.5.3",
        "14:26: no service describes tcp 8080 (did you mean '80'?)",
        "15:22: no service describes udp 80 (services has tcp 80: add transport udp)",
        "15:37: outgoing tcp 80 appears twice",
        "16:5: edition '1.0+' of acme-meter appears twice",
        "19:22: incoming tcp port must be a whole number, not 'eighty' (1 to 65535)",
        "20:13: peers: incoming/tcp/443 is not in this edition's table",
        "20:42: peers cannot be given for 'in' (write incoming, outgoing, or a row such as incoming/tcp/80)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ruleset: acme-meter\n", "", "1:1: a ruleset needs the field 'ruleset'"),
        ("vendor: Acme\n", "", "1:1: a ruleset needs the field 'vendor'"),
        (
            "observe_minutes: 7.5",
            "observe_minutes: soon",
            "7:18: observe_minutes must be a number, not 'soon'",
        ),
        (
            "observe_minutes: 7.5",
            "observe_minutes: 0",
            "7:18: observe_minutes '0' is out of range (0.1 to 10080)",
        ),
        (
            "activity: configuration",
            "activity: configure",
            "15:15: unknown activity 'configure' (did you mean 'configuration'?)",
        ),
        ("reply: false", "reply: off", "16:12: reply must be true or false, not 'off'"),
        ("9000-9002", "9002-9000", "11:17: port '9002-9000' is no range (low-high, 1 to 65535)"),
        (
            "certainty: unknown",
            "certainty: maybe",
            "19:93: unknown certainty 'maybe' (one of: certain, likely, unknown)",
        ),
        ("reason: The sheet does not say, ", "", "19:21: an interpretation needs the field 'reason'"),
        (
            'versions: ">=2.0"',
            "mode: x\n    versions: '>=2.0'",
            "21:5: an edition needs either 'versions' or 'mode'",
        ),
        ('    versions: ">=2.0"\n', "", "21:5: an edition needs either 'versions' or 'mode'"),
        ("id: 2.0+", "id: a/b", "21:9: edition id 'a/b' may hold letters, digits and . + - _"),
        ('">=1.0,<2.0"', '">=3,<2"', "24:29: '>=3,<2' holds no version at all"),
        ("since: v2.0", "since: 2.0a", "30:64: '2.0a' is doubtful"),
        ("port: 23,", "port: 161,", "30:16: udp 161 is retired and in the table"),
        ("name: Telnet, ", "", "30:9: retired tcp 23 needs the field 'name'"),
        ("incoming: {tcp: 502,", "incoming: {sctp: 502,", "27:16: incoming has no field 'sctp'"),
        (
            "subject: acme-meter\n",
            "",
            "20:5: an edition needs the field 'subject' (or give one for the whole ruleset)",
        ),
        ("due_with: acme-head", "due_with: Acme Head", "10:75: role 'Acme Head' may hold small letters"),
        ("services:\n", "services: none\nother:\n", "9:11: services must be a list, not 'none'"),
        ("notes: One note.", "notes: true", "8:8: a note must be text, not 'true' (put it in quotes)"),
        ("title: Acme Meter Ports", "title: ''", "2:8: title must not be empty"),
    ],
)
def test_one_mistake_each(old: str, new: str, expected: str) -> None:
    assert VALID.count(old) >= 1
    found = mistakes(VALID.replace(old, new, 1))
    assert any(line.startswith(expected) for line in found), found


def test_no_editions_and_no_background() -> None:
    assert mistakes("ruleset: x\ntitle: X\n") == [
        "1:1: a ruleset needs editions (or, for infrastructure, background)"
    ]
    assert mistakes("ruleset: x\ntitle: X\nvendor: V\ndocument: D\neditions: []\n") == [
        "5:11: editions must not be empty"
    ]


def test_a_temporary_mode_needs_its_edition() -> None:
    text = VALID.replace("services:", "temporary_modes: {direct: words}\nservices:", 1)
    assert mistakes(text) == ["9:27: no edition has the mode 'direct'"]


def test_ranges_cannot_stand_for_millions() -> None:
    text = VALID.replace("9000-9002", "1-65535, 1-65535", 1)
    assert any("more than 100000 ports" in line for line in mistakes(text))


def test_the_root_must_be_a_mapping() -> None:
    assert mistakes("[1, 2]") == [
        "1:1: a ruleset is written with fields, not as a list (fields: ruleset, title, vendor, product, "
        "document, subject, notes, observe_minutes, temporary_modes, services, editions, "
        "exclusions, background)"
    ]
    assert mistakes("") == ["1:1: the document is empty"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_schema_accepts_what_is_shipped(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert schema_errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Acme Meter Ports\n", ""),
        ("transport: udp", "transport: sctp"),
        ("activity: configuration", "activity: configure"),
        ('    versions: ">=2.0"\n', ""),
        ("notes: One note.", "note: One note."),
        ("port: 502", "port: 70000"),
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(old: str, new: str) -> None:
    text = VALID.replace(old, new, 1)
    assert schema_errors(text)
    assert mistakes(text)


def test_the_schema_names_the_parsers_words() -> None:
    service = SCHEMA["$defs"]["service"]["properties"]
    assert tuple(service["activity"]["enum"]) == rulefile.ACTIVITIES
    assert tuple(SCHEMA["$defs"]["background"]["properties"]["when"]["enum"]) == rulefile.WHENS
    assert tuple(SCHEMA["$defs"]["interpretation"]["properties"]["certainty"]["enum"]) == rulefile.CERTAINTIES


@given(st.text() | st.text(alphabet="rulestiond: -\n[]{}&*!'\"0123456789.>=<,#|"))
@settings(deadline=None)
def test_any_text_is_a_ruleset_error(text: str) -> None:
    with pytest.raises(RulesetError) as caught:
        parse(text)
    assert caught.value.mistakes


LINES = VALID.splitlines()


@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["drop", "double", "garble", "indent", "unquote"]),
    st.text(max_size=8),
)
@settings(deadline=None, max_examples=200)
def test_any_mutation_gives_a_ruleset_or_mistakes_with_places(line: int, how: str, noise: str) -> None:
    lines = LINES.copy()
    changed = {
        "drop": [],
        "double": [lines[line]] * 2,
        "garble": [lines[line].replace(":", noise, 1)],
        "indent": [" " + lines[line]],
        "unquote": [lines[line].replace('"', noise)],
    }[how]
    lines[line : line + 1] = changed
    text = "\n".join(lines)
    found = []
    try:
        parse(text)
    except RulesetError as error:
        found = [(mistake.line, mistake.column) for mistake in error.mistakes]
    assert found == sorted(found)
    assert all(1 <= line <= text.count("\n") + 2 and column >= 1 for line, column in found)


PATHS = [
    ("services", 0, "port"),
    ("services", 0, "transport"),
    ("services", 1, "reply"),
    ("services", 1, "paired"),
    ("services",),
    ("editions",),
    ("editions", 0, "incoming"),
    ("editions", 0, "retired"),
    ("title",),
    ("editions", 0, "versions"),
    ("editions", 0, "peers"),
    ("services", 1, "interpretation"),
    ("ruleset",),
]


@given(st.sampled_from(PATHS), st.sampled_from([[[]], {"no": 1}, -1, "?!", {}, [{}]]))
@settings(deadline=None)
def test_a_wrong_value_anywhere_is_a_mistake(path: tuple[Any, ...], wrong: object) -> None:
    root = documents.load(VALID, Reader("t.yaml"))
    assert root is not None
    tree = documents.plain(root)
    place = tree
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    if path == ("editions", 0, "peers") and wrong == {}:
        return  # no peers are a legal statement
    if path == ("title",) and isinstance(wrong, str | int):
        return  # any text is a title
    found = mistakes(json.dumps(tree))
    assert found
