"""The shipped rulesets against the vendors' documents.

The tables below are typed by hand from the documents, one tuple a printed line: incoming TCP, incoming
UDP, outgoing TCP, outgoing UDP; 0 stands for the sheet's ``--``. Where the documents themselves are at
hand, their text is read mechanically and compared as well.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer import rulesets
from analyzer.model import Edition, Ruleset

SOURCES = Path(__file__).parents[1].parent / "shared" / "sources"
IGOR = SOURCES / "igor-network-communication-port-requirements.txt"
BIOSTAR = SOURCES / "suprema-biostar-1-network-ports.txt"

Table = list[tuple[int, int, int, int]]

GATEWAY_LEGACY: Table = [
    (80, 69, 80, 69),
    (88, 1050, 88, 1050),
    (1900, 1900, 443, 1900),
    (1901, 1901, 1900, 1901),
    (0, 5683, 1901, 5683),
    (0, 50195, 0, 50195),
    (0, 50196, 0, 50196),
    (0, 50197, 0, 50197),
    (0, 50198, 0, 50198),
    (0, 50199, 0, 50199),
    (0, 0, 0, 50201),
    (0, 50202, 0, 50202),
]
GATEWAY_CURRENT: Table = [
    (80, 69, 80, 69),
    (88, 1050, 88, 1050),
    (443, 0, 443, 0),
    (8080, 0, 8080, 0),
    (8081, 0, 8081, 0),
    (0, 5683, 0, 5683),
    (0, 50195, 0, 50195),
    (0, 50196, 0, 50196),
    (0, 50197, 0, 50197),
    (0, 50198, 0, 50198),
    (0, 50199, 0, 50199),
    (0, 0, 0, 50201),
    (0, 50202, 0, 50202),
]
NODE_LEGACY: Table = [
    (80, 69, 80, 69),
    (88, 1050, 88, 1050),
    (1901, 1901, 1900, 1901),
    (0, 5683, 1901, 5683),
    (0, 50195, 0, 50195),
    (0, 50196, 0, 50196),
    (0, 50197, 0, 50197),
    (0, 50198, 0, 50198),
    (0, 50199, 0, 50199),
    (0, 50201, 0, 0),
]
NODE_CURRENT: Table = [
    (80, 69, 80, 69),
    (88, 1050, 88, 1050),
    (0, 5683, 0, 5683),
    (0, 50195, 0, 50195),
    (0, 50196, 0, 50196),
    (0, 50197, 0, 50197),
    (0, 50198, 0, 50198),
    (0, 50199, 0, 50199),
    (0, 50201, 0, 0),
    (0, 0, 0, 50202),
]
BACNET: Table = [(0, 47808, 80, 47808)]

SHEETS = [
    # ruleset, edition, versions, section in the document, table
    (
        "igor-gateway",
        "1.12.1-4.5.3",
        ">=1.12.1,<=4.5.3",
        ("Igor Gateway Software Port Requirements", "Software Versions 1.12.1 Through 4.5.3"),
        GATEWAY_LEGACY,
    ),
    (
        "igor-gateway",
        "5.0.0+",
        ">=5.0.0",
        ("Igor Gateway Software Port Requirements", "Software Versions 5.0.0 and Higher"),
        GATEWAY_CURRENT,
    ),
    (
        "igor-node",
        "4.0.0-5.0.2",
        ">=4.0.0,<=5.0.2",
        ("Igor Node Firmware Port Requirements", "Firmware Versions 4.0.0 Through 5.0.2"),
        NODE_LEGACY,
    ),
    (
        "igor-node",
        "6.0.0+",
        ">=6.0.0",
        ("Igor Node Firmware Port Requirements", "Firmware Versions 6.0.0 and Higher"),
        NODE_CURRENT,
    ),
    (
        "igor-bacnet-service",
        "1.0.0+",
        ">=1.0.0",
        ("Igor BACnet Service Port Requirements", "For Use with Gateway Software Versions 1.0.0 and Higher"),
        BACNET,
    ),
]

LEGENDS: dict[str, dict[int, str]] = {
    "igor-gateway": {
        69: "TFTP",
        80: "HTTP (API)",
        88: "Configuration",
        443: "HTTPS",
        8080: "HTTP",
        8081: "HTTPS (API)",
        1050: "Firmware Updating",
        1900: "UPnP",
        1901: "UPnP",
        5683: "CoAP",
        50195: "Firmware Updating",
        50196: "Firmware Updating",
        50197: "Firmware Updating",
        50198: "Firmware Updating",
        50199: "Firmware Updating",
        50201: "CoAP Emergency",
        50202: "Sampling Service",
    },
    "igor-node": {
        69: "TFTP",
        80: "HTTP",
        88: "Configuration",
        1050: "Firmware Updating",
        1900: "UPnP",
        1901: "UPnP",
        5683: "CoAP",
        50195: "Firmware Updating",
        50196: "Firmware Updating",
        50197: "Firmware Updating",
        50198: "Firmware Updating",
        50199: "Firmware Updating",
        50201: "CoAP Emergency",
        50202: "Sampling Service",
    },
    "igor-bacnet-service": {47808: "BACnet/IP", 80: "HTTP"},
}

NOTES = {
    (
        "igor-gateway",
        "1.12.1-4.5.3",
    ): "With version 4.0.0, Wall Controls replaced the Dimmer and Switch device types.",
    (
        "igor-gateway",
        "5.0.0+",
    ): "UPNP protocol no longer supported; Actuator device type added; CoAP no longer "
    "supports legacy Dimmer and Switch device types.",
    ("igor-node", "4.0.0-5.0.2"): "For use with Igor Gateway software versions 3.1.0 through 4.5.3.",
    ("igor-node", "6.0.0+"): "For use with Igor Gateway software versions 5.0.0 and higher. "
    "UPNP protocol no longer supported.",
}

EXCLUDED_PATHS = ("C:\\Igor", "C:\\Igor\\Data", "C:\\Igor\\Sampling")
EXCLUDED_LEGACY = (
    "C:\\Igor\\BACnet\\Igor.Bacnet.Service.exe",
    "C:\\Igor\\Cloud\\Igor.Cloud.Service.exe",
    "C:\\Igor\\Coap\\Igor.Coap.Service.exe",
    "C:\\Igor\\EmergencyLighting\\Igor.EmergencyLighting.Service.exe",
    "C:\\Igor\\Management\\Igor.Management.Service.exe",
    "C:\\Igor\\Runtime\\Igor.Runtime.Service.exe",
    "C:\\Igor\\Sampling\\Igor.Sampling.Service.exe",
    "C:\\Igor\\UPnP\\Igor.Upnp.Service.exe",
)
EXCLUDED_CURRENT = (
    "C:\\Program Files (x86)\\Igor\\Igor BACnet Service\\Igor.Bacnet.Service.exe",
    "C:\\Igor\\Admin\\Igor.Gateway.Admin.Service.exe",
    "C:\\Igor\\Cloud\\Igor.Gateway.Cloud.Service.exe",
    "C:\\Igor\\Coap\\Igor.Gateway.Coap.Service.exe",
    "C:\\Igor\\EmergencyLighting\\Igor.Gateway.EmergencyLighting.Service.exe",
    "C:\\Igor\\Management\\Igor.Gateway.Management.Service.exe",
    "C:\\Igor\\Runtime\\Igor.Gateway.Runtime.Service.exe",
    "C:\\Igor\\Sampling\\Igor.Gateway.Sampling.Service.exe",
)


@pytest.fixture(scope="module")
def sheets() -> dict[str, Ruleset]:
    return {ruleset.name: ruleset for ruleset in rulesets.load()}


def edition(sheets: dict[str, Ruleset], name: str, identity: str, subject: str = "") -> Edition:
    (found,) = [
        entry
        for entry in sheets[name].editions
        if entry.id == identity and entry.subject == (subject or entry.subject)
    ]
    return found


def columns(table: Table) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    incoming = [("tcp", line[0]) for line in table if line[0]] + [
        ("udp", line[1]) for line in table if line[1]
    ]
    outgoing = [("tcp", line[2]) for line in table if line[2]] + [
        ("udp", line[3]) for line in table if line[3]
    ]
    return incoming, outgoing


def test_the_shipped_sheets(sheets: dict[str, Ruleset]) -> None:
    assert list(sheets) == ["biostar-1", "igor-bacnet-service", "igor-gateway", "igor-node", "infrastructure"]
    igor = {name: [entry.id for entry in sheets[name].editions] for name in sheets if name.startswith("igor")}
    assert igor == {
        "igor-bacnet-service": ["1.0.0+"],
        "igor-gateway": ["1.12.1-4.5.3", "5.0.0+"],
        "igor-node": ["4.0.0-5.0.2", "6.0.0+"],
    }


@pytest.mark.parametrize(("name", "identity", "versions", "section", "table"), SHEETS)
def test_tables(
    sheets: dict[str, Ruleset],
    name: str,
    identity: str,
    versions: str,
    section: tuple[str, str],
    table: Table,
) -> None:
    found = edition(sheets, name, identity)
    incoming, outgoing = columns(table)
    assert list(found.incoming) == incoming
    assert list(found.outgoing) == outgoing
    assert found.versions == versions
    assert found.section == ", ".join(section)
    assert found.subject == name
    assert sheets[name].title == section[0]
    assert sheets[name].document == "Igor Network Communication Port Requirements"


@pytest.mark.parametrize("name", LEGENDS)
def test_legends(sheets: dict[str, Ruleset], name: str) -> None:
    found: dict[int, set[str]] = {}
    for (_, port), service in sheets[name].services.items():
        found.setdefault(port, set()).add(service.name)
    assert found == {port: {text} for port, text in LEGENDS[name].items()}


@pytest.mark.parametrize(("place", "note"), NOTES.items())
def test_notes(sheets: dict[str, Ruleset], place: tuple[str, str], note: str) -> None:
    assert edition(sheets, *place).notes == (note,)


def test_compatibility(sheets: dict[str, Ruleset]) -> None:
    assert edition(sheets, "igor-node", "4.0.0-5.0.2").works_with == {"igor-gateway": ">=3.1.0,<=4.5.3"}
    assert edition(sheets, "igor-node", "6.0.0+").works_with == {"igor-gateway": ">=5.0.0"}
    assert edition(sheets, "igor-bacnet-service", "1.0.0+").works_with == {"igor-gateway": ">=1.0.0"}


@pytest.mark.parametrize(
    ("name", "identity", "since"), [("igor-gateway", "5.0.0+", "5.0.0"), ("igor-node", "6.0.0+", "6.0.0")]
)
def test_upnp_is_retired(sheets: dict[str, Ruleset], name: str, identity: str, since: str) -> None:
    retired = edition(sheets, name, identity).retired
    assert {(gone.transport, gone.port) for gone in retired} == {
        ("tcp", 1900),
        ("tcp", 1901),
        ("udp", 1900),
        ("udp", 1901),
    }
    assert {(gone.name, gone.since, gone.reason) for gone in retired} == {
        ("UPnP", since, "UPNP protocol no longer supported")
    }
    earlier = [entry for entry in sheets[name].editions if entry.id != identity]
    assert all(not entry.retired for entry in earlier)


def test_exclusions(sheets: dict[str, Ruleset]) -> None:
    legacy, current = sheets["igor-gateway"].exclusions
    assert (legacy.versions, current.versions) == (">=1.12.1,<=4.5.3", ">=5.0.0")
    assert legacy.section == (
        "Igor Gateway Antivirus Software Exclusion Requirements, Software Versions 1.12.1 through 4.5.3"
    )
    assert current.section == (
        "Igor Gateway Antivirus Software Exclusion Requirements, Software Versions 5.0.0 and Higher"
    )
    assert legacy.paths == current.paths == EXCLUDED_PATHS
    assert legacy.processes == EXCLUDED_LEGACY
    assert current.processes == EXCLUDED_CURRENT
    assert legacy.conditional == {EXCLUDED_LEGACY[0]: "bacnet-system"}
    assert current.conditional == {EXCLUDED_CURRENT[0]: "bacnet-system"}


def test_peers(sheets: dict[str, Ruleset]) -> None:
    for node in sheets["igor-node"].editions:
        assert node.peers == {"incoming": {"igor-gateway"}, "outgoing": {"igor-gateway"}}
    for name in ("igor-gateway", "igor-bacnet-service"):
        assert all(not entry.peers for entry in sheets[name].editions)


def test_what_is_due_in_normal_operation(sheets: dict[str, Ruleset]) -> None:
    due = {
        (entry.subject, entry.id, direction, *key): set(entry.due_of(direction, sheet.services[key]))
        for sheet in sheets.values()
        for entry in sheet.editions
        for direction, table in (("incoming", entry.incoming), ("outgoing", entry.outgoing))
        for key in table
        if entry.due_of(direction, sheet.services[key])  # type: ignore[arg-type]
    }
    assert due == {
        ("igor-gateway", "1.12.1-4.5.3", "incoming", "udp", 5683): {"igor-node"},
        ("igor-gateway", "1.12.1-4.5.3", "outgoing", "udp", 5683): {"igor-node"},
        ("igor-gateway", "5.0.0+", "incoming", "udp", 5683): {"igor-node"},
        ("igor-gateway", "5.0.0+", "outgoing", "udp", 5683): {"igor-node"},
        ("igor-node", "4.0.0-5.0.2", "incoming", "udp", 5683): {"igor-gateway"},
        ("igor-node", "4.0.0-5.0.2", "outgoing", "udp", 5683): {"igor-gateway"},
        ("igor-node", "6.0.0+", "incoming", "udp", 5683): {"igor-gateway"},
        ("igor-node", "6.0.0+", "outgoing", "udp", 5683): {"igor-gateway"},
        ("igor-bacnet-service", "1.0.0+", "incoming", "udp", 47808): {"bacnet-system"},
        ("igor-bacnet-service", "1.0.0+", "outgoing", "udp", 47808): {"bacnet-system"},
        ("biostar-server", "server", "incoming", "tcp", 1480): {"biostar-device"},
        ("biostar-device", "server", "outgoing", "tcp", 1480): {"biostar-server"},
    }


def test_biostar(sheets: dict[str, Ruleset]) -> None:
    sheet = sheets["biostar-1"]
    assert sheet.subjects == ("biostar-server", "biostar-client", "biostar-device")
    rows = {
        (entry.subject, entry.mode): (set(entry.incoming), set(entry.outgoing)) for entry in sheet.editions
    }
    device, search = {("tcp", 1470), ("tcp", 1471)}, {("udp", 51110)}
    server = {("tcp", 1480)}
    assert rows == {
        ("biostar-server", "server"): (server, device),
        ("biostar-client", "server"): (set(), device | server | search),
        ("biostar-device", "server"): (device | search, server),
        ("biostar-server", "direct"): (server, set()),
        ("biostar-client", "direct"): (set(), device | server | search),
        ("biostar-device", "direct"): (device | search, set()),
    }
    assert all(entry.id == entry.mode and not entry.versions for entry in sheet.editions)
    # The page's list of ports to open with the server mode is the union of that mode's rows.
    listed = set().union(
        *(rows[subject, "server"][0] | rows[subject, "server"][1] for subject in sheet.subjects)
    )
    assert listed == {("tcp", 1470), ("tcp", 1471), ("tcp", 1480), ("udp", 51110)}
    assert sheet.temporary_modes == {
        "direct": "Please note that the direct mode is for temp use, and it's not recommended for normal "
        "system operation."
    }
    for entry in sheet.editions:  # every row says who may be at the other end
        for direction, table in (("incoming", entry.incoming), ("outgoing", entry.outgoing)):
            assert all(entry.peers_of(direction, *key) for key in table)  # type: ignore[arg-type]


def test_biostar_directions_are_marked_as_ours(sheets: dict[str, Ruleset]) -> None:
    for service in sheets["biostar-1"].services.values():
        assert service.interpretations
        assert all(thought.what and thought.reason for thought in service.interpretations)


def test_services_name_protocols_that_exist(sheets: dict[str, Ruleset]) -> None:
    from analyzer import protocols

    known = set(protocols.load())
    named = {service.protocol for sheet in sheets.values() for service in sheet.services.values()}
    named |= {entry.protocol for sheet in sheets.values() for entry in sheet.background}
    assert named - known == set()


def test_pools_and_pairs(sheets: dict[str, Ruleset]) -> None:
    for name in ("igor-gateway", "igor-node"):
        services = sheets[name].services
        pool = {key for key, service in services.items() if service.pool}
        assert pool == {("udp", port) for port in range(50195, 50200)}
        assert {services[key].pool for key in pool} == {"firmware-updating"}
        assert all(services[key].paired for key in pool | {("udp", 69)})
        firmware = {key for key, service in services.items() if service.activity == "firmware-update"}
        assert firmware == pool | {("udp", 69), ("udp", 1050)}
        assert services["udp", 69].reply is True


# The documents themselves


def document(path: Path) -> str:
    if not path.exists():
        pytest.skip(f"the vendor's document is not at hand: {path.name} is looked for in {SOURCES}")
    return path.read_text(encoding="utf-8")


def printed_tables(text: str) -> dict[tuple[str, str], Table]:
    """``(chapter, section)`` → table, read from the document's text."""
    found: dict[tuple[str, str], Table] = {}
    chapter = section = ""
    inside = False
    for line in (line.strip("\n") for line in text.splitlines()):
        cells = [cell.strip() for cell in line.split("\t")]
        if re.fullmatch(r"Igor .* Port Requirements", line.strip()):
            chapter, inside = line.strip(), False
        elif re.fullmatch(
            r"(Software|Firmware|For Use with Gateway Software) Versions .*(Higher|[0-9])", line.strip()
        ):
            section, inside = line.strip(), False
        elif cells[:4] == ["TCP", "UDP", "TCP", "UDP"]:
            inside = True
        elif inside and len(cells) == 4 and all(re.fullmatch(r"--|[0-9]+", cell) for cell in cells):
            numbers = tuple(0 if cell == "--" else int(cell) for cell in cells)
            found.setdefault((chapter, section), []).append(numbers)  # type: ignore[arg-type]
        elif line.strip():
            inside = False
    return found


def test_the_typed_tables_are_the_printed_ones() -> None:
    assert printed_tables(document(IGOR)) == {section: table for _, _, _, section, table in SHEETS}


def test_the_typed_legends_are_the_printed_ones() -> None:
    found: list[dict[int, str]] = []
    inside = False
    for line in document(IGOR).splitlines():
        cells = line.strip().split("\t")
        if cells == ["PORT", "DESCRIPTION"]:
            found.append({})
            inside = True
        elif inside and len(cells) == 2 and cells[0].isdigit():
            found[-1][int(cells[0])] = cells[1]
        elif line.strip():
            inside = False
    assert found == [LEGENDS["igor-gateway"], LEGENDS["igor-node"]]
    bacnet = re.search(r"^Legend: (.*)$", document(IGOR), re.MULTILINE)
    assert bacnet is not None
    pairs = re.findall(r"Port ([0-9]+) \(([^)]*)\)", bacnet[1])
    assert {int(port): name for port, name in pairs} == LEGENDS["igor-bacnet-service"]


def test_notes_stand_in_the_documents(sheets: dict[str, Ruleset]) -> None:
    text = document(IGOR)
    printed = re.findall(r"^\((.*)\)$", text, re.MULTILINE)
    assert printed == list(NOTES.values())
    emphasis = text.replace("*", "")
    for name in LEGENDS:
        assert sheets[name].notes
        assert [note for note in sheets[name].notes if note not in emphasis] == []


def test_the_biostar_sheet_quotes_the_page(sheets: dict[str, Ruleset]) -> None:
    page = " ".join(document(BIOSTAR).split())
    sheet = sheets["biostar-1"]
    words = [*sheet.notes, *sheet.temporary_modes.values()]
    words += [note for entry in sheet.editions for note in entry.notes]
    words += [entry.section for entry in sheet.editions] + [sheet.title]
    assert [text for text in words if text not in page] == []


def test_exclusions_are_the_printed_ones(sheets: dict[str, Ruleset]) -> None:
    blocks = re.findall(r"^(Path|Process) exclusions:\t(.*)$", document(IGOR), re.MULTILINE)
    printed = [
        tuple(part.strip() for part in re.sub("<[^>]*>", "", body).split("•") if part.strip())
        for _, body in blocks
    ]
    legacy, current = sheets["igor-gateway"].exclusions
    assert printed == [legacy.paths, legacy.processes, current.paths, current.processes]
