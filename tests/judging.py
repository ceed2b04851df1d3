"""What the tests of the judging core share: conversations built by hand, tables from made traffic, samples.

``talk`` makes a :class:`Conversation` from addresses in text, as if all stages before had run. ``table``
runs capture, decoding and aggregation on made traffic; ``judged`` the whole pipeline.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from traffic import Traffic

from analyzer import addresses, classify, decode, rulesets, sessions
from analyzer import site as sites
from analyzer.compliance import Bench
from analyzer.conversation import Conversation
from analyzer.conversations import FACTS
from analyzer.directory import Directory
from analyzer.flowtable import FlowTable
from analyzer.matrix import Matrix, build
from analyzer.model import FlowRecord, Host, Report, Ruleset, Site
from analyzer.pipeline import Options, check
from analyzer.protocol import Fit, Reading, Says
from analyzer.tables import FRAMES, Batch, Flows, Head, QuotedError

SAMPLES = Path(__file__).parents[1] / "samples"
GATEWAY, NODE, OTHER, BMS, LAPTOP = "10.20.0.10", "10.20.1.21", "10.20.1.22", "10.20.0.40", "10.20.0.99"
SERVER, CLIENT, DOOR = "10.20.0.50", "10.20.0.60", "10.20.3.11"
CURRENT = (f"igor-gateway={GATEWAY}@5.1.0", "igor-node=10.20.1.0/24@6.0.2", f"bacnet-system={BMS}")
LEGACY = (f"igor-gateway={GATEWAY}@4.5.3", "igor-node=10.20.1.0/24@5.0.2")
SECOND = 1_000_000_000

ASK = Reading(Fit.YES, Says.REQUEST, True, "asks")
ASK_FREE = Reading(Fit.YES, Says.REQUEST, False, "asks")
ANSWER = Reading(Fit.YES, Says.RESPONSE, False, "answers")
TELL = Reading(Fit.YES, Says.ANNOUNCE, False, "tells")

SEARCH = (
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    b'MAN: "ssdp:discover"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n'
)
FOUND = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"
NOTIFY = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nNT: upnp:rootdevice\r\n\r\n"
GET = b"GET / HTTP/1.1\r\n\r\n"


def address(text: str) -> tuple[int, int, int]:
    """The number form of an address in text."""
    return addresses.parse(text)


def head(data: bytes, frame: int = 1, at: float = 0) -> Head:
    """A payload head that was not cut."""
    return Head(frame, int(at * SECOND), len(data), data)


def error(
    kind: int = 3, code: int = 3, *, from_a: bool = True, version: int = 4, frame: int = 3
) -> QuotedError:
    """One ICMP error of the other end."""
    return QuotedError(from_a, version, kind, code, address(NODE), 1, frame, frame, 0)


class Talk(Conversation):
    """A conversation that keeps its own values, whatever they are."""

    row = transport = a = b = group = heads = errors = None
    a_port = b_port = packets = bytes = payload = duplicates = syn = synack = rst = flags = fragments = None
    first_frame = last_frame = first_time = last_time = None
    protocol = reader = fit = claimed = forward = confidence = basis = asks_back = outcome = why = None
    parent = legs = readings = None

    def __init__(self, **values: Any) -> None:
        nothing: dict[str, Any] = {"heads": ((), ()), "errors": (), "readings": ((), ()), "parent": None}
        self.__dict__.update({**FACTS, **nothing, "group": False, "legs": [], **values})

    @property
    def detail(self) -> str:
        told = [
            reading.detail
            for side in self.oriented(self.readings)
            for reading in side
            if reading.fit is Fit.YES
        ]
        return next(filter(None, told), "")

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def adopt(self, leg: Conversation) -> None:
        leg.parent = self
        self.legs.append(leg)


def talk(
    a: str = GATEWAY,
    b: str = NODE,
    port: int = 5683,
    *,
    transport: str = "udp",
    a_port: int = 40000,
    packets: tuple[int, int] = (1, 1),
    start: float = 0,
    end: float = 1,
    row: int = 0,
    confidence: str = "certain",
    basis: str = "payload",
    **more: Any,
) -> Conversation:
    """A conversation that A opened, classified, unless ``more`` says otherwise."""
    ported = transport in ("tcp", "udp")
    first, last = int(start * SECOND), int(end * SECOND)
    zero = (0, 0)
    seen = (bool(packets[0]), bool(packets[1]))
    fields: dict[str, Any] = {
        "row": row,
        "transport": transport,
        "a": address(a),
        "b": address(b),
        "a_port": a_port if ported else 0,
        "b_port": port if ported else 0,
        "packets": packets,
        "bytes": (60 * packets[0], 60 * packets[1]),
        "payload": zero,
        "duplicates": zero,
        "syn": zero,
        "synack": zero,
        "rst": zero,
        "flags": zero,
        "first_frame": (seen[0] * (2 * row + 1), seen[1] * (2 * row + 2)),
        "last_frame": (seen[0] * (2 * row + 1), seen[1] * (2 * row + 2)),
        "first_time": (seen[0] * first, seen[1] * first),
        "last_time": (seen[0] * last, seen[1] * last),
        "fragments": 0,
        "confidence": confidence,
        "basis": basis,
    }
    return Talk(**{**fields, **more})


def frames_table(frames: Sequence[tuple[float, bytes]]) -> Flows:
    """Ethernet frames ``(seconds, bytes)`` through decoding and aggregation."""
    columns = FRAMES.empty(len(frames))
    lengths = np.array([len(data) for _, data in frames], np.int64)
    columns["offset"][:] = np.cumsum(lengths) - lengths
    columns["captured"][:] = columns["wire"][:] = lengths
    columns["time"][:] = [int(at * SECOND) for at, _ in frames]
    columns["link_type"][:] = 1
    flows = FlowTable()
    flows.add(decode.decode(Batch(b"".join(data for _, data in frames), columns), 1))
    return flows.flows()


def table(traffic: Traffic) -> Flows:
    """Made traffic as a flow table."""
    return frames_table(sorted(traffic.frames, key=lambda item: item[0]))


def recognised(traffic: Traffic) -> list[Conversation]:
    """Made traffic as conversations, with handshake, payload and sessions read."""
    found = classify.recognise(table(traffic))
    sessions.tie(found)
    return found


def place(hosts: Iterable[str] = CURRENT, **more: Any) -> Site:
    """The site that ``--host`` options declare."""
    sheets = rulesets.load(())
    known, modes = rulesets.roles(sheets), rulesets.modes(sheets)
    options = [sites.parse_host(option, known, modes) for option in hosts]
    return replace(sites.combine(None, options, ()), **more)


def matrix(hosts: Iterable[str] | Sequence[Host] = CURRENT, sheets: Sequence[Ruleset] = ()) -> Matrix:
    """The matrix of ``--host`` options or of hosts, under the shipped sheets or ``sheets``."""
    entries = [host if isinstance(host, Host) else place((host,)).hosts[0] for host in hosts]
    return build(sheets or rulesets.load(()), entries)


def bench(hosts: Iterable[str] | Sequence[Host] = CURRENT, **more: Any) -> Bench:
    """A bench for ``--host`` options or hosts, with the shipped infrastructure list."""
    whole = matrix(hosts)
    directory = Directory(list(dict.fromkeys(subject.host for subject in whole.subjects)))
    background = [entry for sheet in rulesets.load(()) for entry in sheet.background]
    return Bench(whole, directory, background, **more)


def judged(traffic: Traffic, hosts: tuple[str, ...] = CURRENT, **options: Any) -> Report:
    """The report on made traffic."""
    with tempfile.TemporaryDirectory() as folder:
        path = traffic.write(Path(folder) / "made.pcap")
        return check(Options((str(path),), hosts=hosts, **options))


def only(report: Report, transport: str = "udp", port: int | None = None) -> FlowRecord:
    """The one flow of a transport, and of a port if one is given, that is no leg of another."""
    found = [
        flow
        for flow in report.flows
        if flow.transport == transport and flow.parent is None and port in (None, flow.responder.port)
    ]
    assert len(found) == 1, found
    return found[0]


def kinds(report: Report) -> dict[str, str]:
    """What was found, and how much it weighs."""
    return {str(finding.kind): str(finding.severity) for finding in report.findings}


def status(report: Report, row: str) -> str:
    """The status of the row with this id."""
    return next(str(result.status) for result in report.rows if result.row.id == row)


def samples() -> list[tuple[Path, Path]]:
    """Every shipped capture in plain pcap, with its site file."""
    found = [
        (path, site)
        for site in sorted(SAMPLES.glob("*/site.yaml"))
        for path in sorted(site.parent.glob("*.pcap"))
    ]
    assert found, "no samples: the laws would hold of nothing"
    return found


def pcap_frames(path: Path) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The header of a little-endian microsecond pcap and its frames ``(microseconds, bytes)``."""
    data = path.read_bytes()
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    frames = []
    offset = 24
    while offset < len(data):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", data, offset)
        frames.append((seconds * 1_000_000 + micros, data[offset + 16 : offset + 16 + captured]))
        offset += 16 + captured
    return data[:24], frames


def pcap_bytes(header: bytes, frames: Iterable[tuple[int, bytes]]) -> bytes:
    """The pcap of ``frames`` under ``header``."""
    return header + b"".join(
        struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(data), len(data)) + data
        for at, data in frames
    )
