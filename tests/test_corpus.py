"""Every public capture against what tshark says of it: packets, flows and ICMP errors.

The captures are third parties' and stay outside the repository, beside it; without them this file is
skipped. Differences are decisions, listed in ``DECISIONS`` with their reason; a capture must differ in
just the way that is listed there, or not at all.
"""

from __future__ import annotations

import csv
import functools
import json
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from analyzer import addresses
from analyzer.capture.find import find
from analyzer.decode import decode
from analyzer.errors import CaptureError
from analyzer.flowtable import FlowTable
from analyzer.tables import TCP, UDP, Columns, Flows, Packets

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"


pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the public captures are not here: shared/corpus beside the repository"
)


class Decision(NamedTuple):
    """A difference from tshark that is meant. ``refusal`` is a part of the error where we refuse the file.

    ``counts`` are packets, flows and ICMP errors that only we have, and those that only tshark has;
    ``digest`` is the CRC-32 of the differences written out, which holds them to the letter.
    """

    reason: str
    counts: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)
    digest: int = 0
    refusal: str = ""


_LINK_TYPE = "a valid link type that we count as not decoded, where tshark refuses the file"
_CAPWAP = "CAPWAP data is the access points' business: its UDP flow is reported, tshark looks inside"
_TEREDO = "Teredo is reported as its UDP flow; tshark finds ICMPv6 inside, which leaves the flow table"
_TIME = "a timestamp after the year 2262, which signed 64-bit nanoseconds cannot hold: the latest they can"
_TEXT = "a text file with a capture's name"
_FORMAT = "not pcap or pcapng; named in the refusal"
_HEADER = "a section header against the pcapng specification"

DECISIONS: dict[str, Decision] = {
    "01c13b97fc01": Decision(_CAPWAP, (0, 1, 0, 0, 1, 0), 0xDE9CED62),
    "210a7c372ca7": Decision(_CAPWAP, (0, 1, 0, 0, 1, 0), 0x05109947),
    "903cfc15d45b": Decision(
        "an sFlow sample is a quotation, not a packet of the sampled flow", (0, 1, 0, 0, 1, 0), 0x5990B4E6
    ),
    "a14115ef449a": Decision(_TEREDO, (0, 1, 0, 0, 0, 0), 0x7FA20543),
    "8e344cba3b9c": Decision(_TEREDO, (0, 3, 0, 0, 0, 0), 0x0D16409F),
    "65fc61bc3c9f": Decision(_LINK_TYPE, (10, 0, 0, 0, 0, 0)),
    "dcd2d43967ec": Decision(_LINK_TYPE, (1, 0, 0, 0, 0, 0)),
    "71c993270748": Decision(_LINK_TYPE, (85, 0, 0, 0, 0, 0)),
    "b0d1a3a37936": Decision(_LINK_TYPE, (68, 0, 0, 0, 0, 0)),
    "49027d6bb19f": Decision(_LINK_TYPE, (1, 0, 0, 0, 0, 0)),
    "f6ba7d4a8b0d": Decision(_LINK_TYPE, (1, 0, 0, 0, 0, 0)),
    "ff71780faa23": Decision(
        "a record length is damaged: tshark stops there, we find the seven records after it",
        (7, 1, 0, 0, 1, 0),
        0xF7F479DF,
    ),
    "b8df269eb213": Decision(
        "the first record claims more than any frame can hold: tshark still lists it, empty of meaning",
        (0, 0, 0, 1, 0, 0),
    ),
    "5c25796f37cd": Decision(_TIME, (0, 2, 0, 0, 2, 0), 0x38F1DDF0),
    "e79fd5bb9dd1": Decision(_TIME, (0, 2, 0, 0, 2, 0), 0x38F1DDF0),
    "0ef124aa3fd9": Decision(
        "an ICMP error that quotes nothing answers no packet we could name", (0, 0, 0, 0, 0, 1), 0x9E3D51A4
    ),
    "67c01103a1dc": Decision(_TEXT, refusal="it looks like text$"),
    "cc9451e98099": Decision(_TEXT, refusal="it looks like text$"),
    "72d27f8868df": Decision(_FORMAT, refusal="snoop"),
    "0186082fa35b": Decision(_FORMAT, refusal="Microsoft Network Monitor 2"),
    "9c4aefea639f": Decision(_FORMAT, refusal="NetXRay"),
    "9f4ebde73ad5": Decision(_HEADER, refusal=r"pcapng version 0\.1 is not supported$"),
    "985ffd30005a": Decision(_HEADER, refusal=r"pcapng version 1\.1 is not supported$"),
    "31b4f77a72a9": Decision(_HEADER, refusal="section header does not end where its length says$"),
}
"""First twelve digits of a capture's SHA-256 (see the corpus's manifest) → what differs and why."""


class Flow(NamedTuple):
    """One TCP or UDP flow; A is the source of its first packet, times are ns since 1970."""

    transport: str
    a: str
    a_port: int
    b: str
    b_port: int
    packets: tuple[int, int]
    bytes: tuple[int, int]
    frames: tuple[int, int]
    times: tuple[int, int]


class IcmpError(NamedTuple):
    """One ICMP error; ``transport`` and ports are None where they are not TCP's or UDP's."""

    frame: int
    reporter: str
    addressee: str
    type: int
    code: int
    transport: str | None
    src: str | None
    dst: str | None
    src_port: int | None
    dst_port: int | None


class Reading(NamedTuple):
    """What is compared of a capture."""

    packets: int
    flows: Counter[Flow]
    errors: Counter[IcmpError]


def nanoseconds(stamp: str | None) -> int:
    """A tshark time stamp; a packet without one is at 0."""
    if not stamp:
        return 0
    whole, _, fraction = stamp.lstrip("-").partition(".")
    number = int(whole) * 10**9 + int(fraction.ljust(9, "0")[:9])
    return -number if stamp.startswith("-") else number


def truth(path: Path) -> Reading:
    """What tshark said of the capture; inner view, as the corpus's README defines it."""
    packets, flows, errors = 0, Counter[Flow](), Counter[IcmpError]()
    for line in path.read_text().splitlines():
        told: dict[str, Any] = json.loads(line)
        match told["type"], told.get("view"):
            case "file", _:
                packets = told["packets"]
            case "flow", "inner":
                ends = (told[name] for name in ("proto", "a_ip", "a_port", "b_ip", "b_port"))
                pairs = ("pkts_ab", "pkts_ba"), ("bytes_ab", "bytes_ba"), ("first_frame", "last_frame")
                times = nanoseconds(told["min_ts"]), nanoseconds(told["max_ts"])
                flows[Flow(*ends, *((told[one], told[other]) for one, other in pairs), times)] += 1
            case "icmp_error", _:
                names = ("frame", "src", "dst", "icmp_type", "icmp_code", "quoted_proto")
                quoted = ("quoted_src", "quoted_dst", "quoted_sport", "quoted_dport")
                errors[IcmpError(*(told[name] for name in (*names, *quoted)))] += 1
    return Reading(packets, flows, errors)


def decoded(path: Path) -> list[Packets]:
    """The capture's packets. Raises CaptureError, and nothing else whatever the file holds."""
    batches, frame = [], 1
    for capture in find([str(path)]):
        for batch in capture.batches():
            batches.append(decode(batch, frame))
            frame += len(batch.frames["wire"])
    return batches


def ours(batches: list[Packets]) -> Reading:
    table, errors = FlowTable(), Counter[IcmpError]()
    for batch in batches:
        table.add(batch)
        errors.update(icmp_errors(batch.columns, batch.quotes))
    flows = table.flows()
    tied = sum(error.count for some in flows.errors.values() for error in some)
    assert tied + table.stray_errors == errors.total()
    return Reading(sum(len(batch.columns["frame"]) for batch in batches), Counter(tcp_and_udp(flows)), errors)


def without_unread_ports(reading: Reading, known: Reading) -> Reading:
    """Leave out TCP and UDP packets whose ports are not in the frame: no flow of a 5-tuple.

    They have ports 0 and 0 in the table; where tshark read such ports, they count.
    """
    ends = {flow[:5] for flow in known.flows}
    bare = {flow for flow in reading.flows if flow.a_port == flow.b_port == 0 and flow[:5] not in ends}
    return reading._replace(
        flows=Counter({flow: reading.flows[flow] for flow in reading.flows if flow not in bare})
    )


def tcp_and_udp(flows: Flows) -> list[Flow]:
    columns = {name: array.tolist() for name, array in flows.columns.items()}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [flow(row) for row in rows if row["transport"] in (TCP, UDP)]


def flow(row: dict[str, int]) -> Flow:
    """A row of FLOWS, both directions in one."""
    ways = [way for way in ("ab", "ba") if row[f"packets_{way}"]]

    def span(what: str) -> tuple[int, int]:
        return min(row[f"first_{what}_{way}"] for way in ways), max(row[f"last_{what}_{way}"] for way in ways)

    return Flow(
        "tcp" if row["transport"] == TCP else "udp",
        address(row, "a"),
        row["a_port"],
        address(row, "b"),
        row["b_port"],
        (row["packets_ab"], row["packets_ba"]),
        (row["bytes_ab"], row["bytes_ba"]),
        span("frame"),
        span("time"),
    )


def address(row: Mapping[str, int], end: str) -> str:
    return addresses.text(row["version"], row[f"{end}_hi"], row[f"{end}_lo"])


def icmp_errors(columns: Columns, quotes: Columns) -> list[IcmpError]:
    errors = []
    for place, row in enumerate(quotes["row"].tolist()):
        report = {name: int(array[row]) for name, array in columns.items()}
        quote = {name: int(array[place]) for name, array in quotes.items()}
        name = {TCP: "tcp", UDP: "udp"}.get(quote["transport"])
        errors.append(
            IcmpError(
                report["frame"],
                address(report, "src"),
                address(report, "dst"),
                report["icmp"] >> 8,
                report["icmp"] & 255,
                name,
                address(quote, "src"),
                address(quote, "dst"),
                quote["src_port"] if name else None,
                quote["dst_port"] if name else None,
            )
        )
    return errors


def files() -> list[Path]:
    return sorted((CORPUS / "files").glob("*/*"))


@functools.cache
def keys() -> dict[str, str]:
    """Path inside the corpus → key of DECISIONS."""
    with (CORPUS / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        return {row["path"]: row["sha256"][:12] for row in csv.DictReader(manifest)}


def decision(path: Path) -> Decision:
    return DECISIONS.get(keys()[path.relative_to(CORPUS).as_posix()], Decision("as tshark says"))


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def differences(mine: Reading, theirs: Reading) -> tuple[tuple[int, ...], list[str]]:
    """How many packets, flows and errors only one of them has, and what these are."""
    counts, lines = [], []
    for sign, one, other in (("+", mine, theirs), ("-", theirs, mine)):
        flows, errors = one.flows - other.flows, one.errors - other.errors
        counts += [max(0, one.packets - other.packets), flows.total(), errors.total()]
        lines += [
            f"{sign} {tuple(item)}" for item in sorted([*flows.elements(), *errors.elements()], key=repr)
        ]
    return tuple(counts), lines


@pytest.mark.parametrize("path", files(), ids=named)
def test_as_tshark_says(path: Path) -> None:
    expected = decision(path)
    theirs = truth(CORPUS / "truth" / path.parent.name / f"{path.name}.json")
    if expected.refusal:
        with pytest.raises(CaptureError, match=expected.refusal):
            decoded(path)
        return
    counts, lines = differences(without_unread_ports(ours(decoded(path)), theirs), theirs)
    digest = zlib.crc32("\n".join(lines).encode()) if lines else 0
    assert (counts, hex(digest)) == (expected.counts, hex(expected.digest)), "\n".join(lines[:20])


@pytest.mark.parametrize("path", [path for path in files() if not decision(path).refusal], ids=named)
def test_cut_in_three_and_merged(path: Path) -> None:
    batches = decoded(path)
    whole, parts = FlowTable(), [FlowTable(), FlowTable(), FlowTable()]
    total = sum(len(batch.columns["frame"]) for batch in batches)
    places = [0, total // 3, total // 2, total]
    for batch in batches:
        whole.add(batch)
        for part, begin, end in zip(parts, places, places[1:], strict=False):
            part.add(between(batch, begin, end))
    first, second, third = parts
    second.merge(third)
    first.merge(second)
    merged, expected = first.flows(), whole.flows()
    for name, column in expected.columns.items():
        assert merged.columns[name].tolist() == column.tolist(), name
    assert merged[1:] == expected[1:]
    assert (first.orphan_fragments, first.stray_errors) == (whole.orphan_fragments, whole.stray_errors)


FRAGMENTS = {"5ca0879b712f": "the fragment header is cut, its offset is not: we count it, tshark gives up"}
"""Captures with one fragment more than tshark counts."""


@pytest.mark.parametrize("path", [path for path in files() if not decision(path).refusal], ids=named)
def test_no_fragment_is_lost(path: Path) -> None:
    table = FlowTable()
    for batch in decoded(path):
        table.add(batch)
    counted = int(table.flows().columns["fragments"].sum()) + table.orphan_fragments
    with (CORPUS / "truth" / path.parent.name / f"{path.name}.json").open() as lines:
        theirs = json.loads(lines.readline())["nonfirst_fragments"]
    assert counted - theirs == (keys()[path.relative_to(CORPUS).as_posix()] in FRAGMENTS)


def between(batch: Packets, begin: int, end: int) -> Packets:
    """The packets of frames after ``begin`` up to ``end``."""
    frames = batch.columns["frame"]
    first, last = (int(place) for place in frames.searchsorted([begin, end], side="right"))
    inside = (batch.quotes["row"] >= first) & (batch.quotes["row"] < last)
    quotes = {name: array[inside] for name, array in batch.quotes.items()}
    quotes["row"] = quotes["row"] - first
    return Packets({name: array[first:last] for name, array in batch.columns.items()}, quotes, batch.buffer)


def test_the_corpus_is_there_whole_and_no_decision_is_stale() -> None:
    paths = {path.relative_to(CORPUS).as_posix() for path in files()}
    assert len(paths) > 300
    assert paths == set(keys())
    assert set(DECISIONS) | set(FRAGMENTS) <= set(keys().values())
