"""MUD files: valid by the RFCs' model, and read back to the rows they were made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from exporting import HOSTILE, policy
from judging import CURRENT, LEGACY

import analyzer
from analyzer import export, mudfile, rulefile
from analyzer.errors import UsageError
from analyzer.export.permits import Ports

SCHEMA = json.loads((Path(analyzer.__file__).parent / "schemas" / "mud.schema.json").read_text())
BIOSTAR = ("biostar-server=10.20.0.50@server", "biostar-client=10.20.0.60", "biostar-device=10.20.3.11")
SITES = {
    "current": CURRENT,
    "legacy": LEGACY,
    "biostar": BIOSTAR,
    "open": ("igor-gateway=10.0.0.1", "igor-node=10.0.0.2"),
}


def files(hosts: tuple[str, ...], **wishes: Any) -> dict[str, Any]:
    written = export.choose("mud").write(policy(hosts, **wishes))
    return {name: json.loads(text) for name, text in written.files.items()}


@pytest.mark.parametrize("peers", ["any", "declared"])
@pytest.mark.parametrize("hosts", SITES.values(), ids=SITES)
def test_valid_by_the_schema_of_the_rfcs(hosts: tuple[str, ...], peers: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for document in files(hosts, peers=peers).values():
        assert [error.message for error in validator.iter_errors(document)] == []
        held = document["ietf-access-control-list:acls"]["acl"]
        named = [
            entry["name"]
            for way in ("from", "to")
            for entry in document["ietf-mud:mud"][f"{way}-device-policy"]["access-lists"]["access-list"]
        ]
        assert sorted(named) == sorted(acl["name"] for acl in held)
        for acl in held:
            names = [ace["name"] for ace in acl["aces"]["ace"]]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("peers", ["any", "declared"])
@pytest.mark.parametrize("hosts", SITES.values(), ids=SITES)
def test_reads_back_to_the_same_rows(hosts: tuple[str, ...], peers: str) -> None:
    """Ports, transports, directions and peers; versions and activities have no place in MUD."""
    found = policy(hosts, peers=peers)
    texts = export.choose("mud").write(found).files
    assert len(texts) == len({(one.role, tuple(e.id for e in one.editions)) for one in found.matrix.subjects})
    for subject in found.matrix.subjects:
        (text,) = (
            text for text in texts.values() if json.loads(text)["ietf-mud:mud"]["model-name"] == subject.role
        )
        ruleset = rulefile.parse(mudfile.to_ruleset(text, "x.json")[0], "x.json")
        (edition,) = ruleset.editions
        rows = found.matrix.of(subject)
        for direction, table in (("incoming", edition.incoming), ("outgoing", edition.outgoing)):
            ours = {(row.transport, row.port): row.peers for row in rows if row.direction == direction}
            assert {key: edition.peers_of(direction, *key) for key in table} == ours


def aces(document: dict[str, Any], way: str, family: str = "ipv4") -> dict[str, Any]:
    (acl,) = (
        acl
        for acl in document["ietf-access-control-list:acls"]["acl"]
        if acl["name"].endswith(f"-{way}-{family}")
    )
    return {ace["name"]: ace["matches"] for ace in acl["aces"]["ace"]}


def test_a_row_there_and_back() -> None:
    node = files(CURRENT)["igor-node-6.0.0-up.json"]
    gateway = {"controller": "https://portmatrix.invalid/role/igor-gateway"}
    assert aces(node, "from")["igor-node/6.0.0+/outgoing/tcp/80"] == {
        "ipv4": {"protocol": 6},
        "tcp": {
            "ietf-mud:direction-initiated": "from-device",
            "destination-port": {"operator": "eq", "port": 80},
        },
        "ietf-mud:mud": gateway,
    }
    assert aces(node, "to")["igor-node/6.0.0+/outgoing/tcp/80 answer"] == {
        "ipv4": {"protocol": 6},
        "tcp": {"ietf-mud:direction-initiated": "from-device", "source-port": {"operator": "eq", "port": 80}},
        "ietf-mud:mud": gateway,
    }
    assert aces(node, "to", "ipv6")["igor-node/6.0.0+/incoming/udp/50201"] == {
        "ipv6": {"protocol": 17},
        "udp": {"destination-port": {"operator": "eq", "port": 50201}},
        "ietf-mud:mud": gateway,
    }
    assert "igor-node/6.0.0+/outgoing/udp/50201" not in aces(node, "from")


def test_who_may_be_at_the_other_end() -> None:
    anyone = aces(files(CURRENT)["igor-gateway-5.0.0-up.json"], "to")["igor-gateway/5.0.0+/incoming/tcp/443"]
    near = aces(files(CURRENT, peers="declared")["igor-gateway-5.0.0-up.json"], "to")
    assert "ietf-mud:mud" not in anyone
    assert near["igor-gateway/5.0.0+/incoming/tcp/443"]["ietf-mud:mud"] == {"local-networks": [None]}
    server = aces(files(BIOSTAR)["biostar-server-server.json"], "to")
    assert {
        name for name in server if name.startswith("biostar-1/biostar-server/server/incoming/tcp/1480")
    } == {
        "biostar-1/biostar-server/server/incoming/tcp/1480 biostar-client",
        "biostar-1/biostar-server/server/incoming/tcp/1480 biostar-device",
    }


def test_searches_go_to_their_groups() -> None:
    gateway = aces(files(LEGACY)["igor-gateway-1.12.1-4.5.3.json"], "from")
    ssdp = gateway["igor-gateway/1.12.1-4.5.3/outgoing/udp/1900 239.255.255.250"]
    assert ssdp["ipv4"] == {"protocol": 17, "destination-ipv4-network": "239.255.255.250/32"}
    service = aces(files(CURRENT)["igor-bacnet-service-1.0.0-up.json"], "from")
    assert "igor-bacnet-service/1.0.0+/outgoing/udp/47808 255.255.255.255" in service


def test_the_data_of_tftp_by_a_range() -> None:
    node = aces(files(CURRENT, tftp_ports=Ports(40000, 40100))["igor-node-6.0.0-up.json"], "from")
    both = {"lower-port": 40000, "upper-port": 40100}
    assert node["igor-node/6.0.0+/outgoing/udp/69 data"]["udp"] == {
        "source-port": both,
        "destination-port": both,
    }
    gateway = aces(files(CURRENT)["igor-gateway-5.0.0-up.json"], "to")
    assert gateway["igor-gateway/5.0.0+/incoming/udp/69 data"]["ietf-mud:mud"] == {"local-networks": [None]}


def test_one_role() -> None:
    assert list(files(CURRENT, role="igor-node")) == ["igor-node-6.0.0-up.json"]
    with pytest.raises(
        UsageError, match="--role igor-nod: no role of the site with a sheet, there are igor-gateway, "
    ):
        files(CURRENT, role="igor-nod")


def test_where_and_when() -> None:
    mud = files(CURRENT, role="igor-node", mud_url="https://x.example/m/", updated="2026-11-21")
    head = mud["igor-node-6.0.0-up.json"]["ietf-mud:mud"]
    assert head["mud-url"] == "https://x.example/m/igor-node-6.0.0-up.json"
    assert head["last-update"] == "2026-11-21T00:00:00+00:00"


def test_what_mud_cannot_is_said(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(HOSTILE)
    notes = "\n".join(export.choose("mud").write(policy(site=site)).notes)
    for words in (
        "knows no helper",
        "broadcasts to a subnet",
        "(allow) are not written",
        "versions, activities",
    ):
        assert words in notes
