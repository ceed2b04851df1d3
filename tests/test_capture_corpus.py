"""Every public capture, against what tshark read from it (its truth's ``file`` line)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.capture.find import find
from analyzer.capture.link_types import name
from analyzer.errors import CaptureError

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"

NOT_READ = {
    "malformed/wswiki__packetout.pcap": "text",
    "malformed/nfstream__tftp.pcap": "text",
    "pcap-variants/wswiki__fw1_mon2018.cap": "snoop",
    "port-collision/wswiki__PioletSearch.Manolito.cap": "Network Monitor 2",
    "tcp-oddities/wswiki__tcpshake.cap": "NetXRay",
    "pcapng/libpcap__pcapng-invalid-vers-1.pcapng": "version 0.1",
    "pcapng/libpcap__pcapng-invalid-vers-2.pcapng": "version 1.1",
    "pcapng/libpcap__shb-option-too-long.pcapng": "does not end where its length says",
}
"""Refused, with a word of the reason. tshark reads three other capture formats; we do not."""

HEADER_COUNTED = {
    "linktypes/wswiki__SITA-Protocols.cap": 5 * 352,
    "linktypes/wswiki__abis-reject-network.pcap": 16 * 78,
    "linktypes/wswiki__mouse_unplug.pcap": 6,
    "linktypes/wswiki__ppp_lcp_ipcp.pcap": 23,
}
"""tshark takes the pseudo-header of these link types off the length; we count a frame as the file states
it.
"""

FURTHER = {
    "linktypes/realjimmy__mdb_bill_validator.pcap": (10, 102),
    "malformed/wswiki__ch11-25-slt.pcap": (68, 95839),
    "malformed/wswiki__alp-sample2.pcap": (85, 125585),
    "malformed/tcpdump__hoobr_juniper3.pcap": (1, 262144),
    "pcap-variants/wswiki__sidx.pcap": (1, 1349),
    "pcap-variants/wswiki__styp.pcap": (1, 1392),
    # Seven whole records follow the damage that stops tshark after frame 6.
    "malformed/suriver__tls_DER-incomplete-header.pcap": (13, 5384),
}
"""Packets and bytes where tshark stops earlier: link types that it refuses, and damage that we step over."""

OTHER_TIMES = {
    "malformed/wswiki__ggg.pcap": "frame 4 is garbage that reads as a record, tshark overflows on it",
    "pcapng/wswiki__dhcp_big_endian_2.pcapng": "year 151,993: clamped to 64 bits of ns, and reported",
    "pcapng/wswiki__dhcp_little_endian_2.pcapng": "the same",
}

SWAPPED = "pcap-variants/ndpi__fuzz-2021-10-13.pcap"
"""A fuzzed record with more bytes captured than any frame has: tshark supposes that the lengths are
swapped and reads one frame, we report the damage and read none.
"""

DAMAGED = {
    "malformed/iti__melsoft_129_clean.pcap": ("truncated-file", 2042),
    "malformed/suriver__tls_DER-incomplete-header.pcap": ("damaged-record", 7),
    "malformed/pkts__cool.pcap": ("damaged-record", 1),
    "malformed/wswiki__ggg.pcap": ("damaged-record", 5),
    "malformed/fpcap__RICS2021_787__fwscada_20200625_160926.pcap": ("truncated-file", 6719),
    "malformed/pcaps__http-fault-post.pcap": ("truncated-file", 26),
    "pcapng/wswiki__dhcp_big_endian_2.pcapng": ("bad-timestamp", 1),
    "pcapng/wswiki__dhcp_little_endian_2.pcapng": ("bad-timestamp", 1),
    SWAPPED: ("damaged-record", 1),
}


def listed() -> list[dict[str, str]]:
    manifest = CORPUS / "MANIFEST.csv"
    if not manifest.exists():
        return []
    with manifest.open(newline="") as lines:
        return list(csv.DictReader(lines))


CASES = listed()


def truth_of(case: str) -> dict[str, Any]:
    category, file = case.split("/")
    with (CORPUS / "truth" / category / f"{file}.json").open() as lines:
        return dict(json.loads(lines.readline()))


def nanoseconds(text: str | None) -> int | None:
    if text is None:
        return None
    seconds, fraction = text.split(".")
    return int(seconds) * 10**9 + int(fraction)


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not CASES:
        pytest.skip(f"the public captures are not there: no {CORPUS / 'MANIFEST.csv'}")


def test_the_corpus_is_all_there() -> None:
    assert len(CASES) == 351


@pytest.mark.parametrize("row", CASES, ids=lambda row: row["path"].removeprefix("files/"))
def test_file_line(row: dict[str, str]) -> None:
    case = row["path"].removeprefix("files/")
    truth = truth_of(case)
    if case in NOT_READ:
        with pytest.raises(CaptureError, match=NOT_READ[case]) as caught:
            find([str(CORPUS / row["path"])])
        assert "\n" not in str(caught.value)
        assert row["path"] in str(caught.value)
        return
    [capture] = find([str(CORPUS / row["path"])])
    sizes = [len(batch.frames["wire"]) for batch in capture.batches()]
    assert sum(sizes) == capture.packets
    assert capture.sha256 == row["sha256"]
    if row["link_type"] != "?":
        wanted = {name(int(part.split(":")[0])) for part in row["link_type"].split("+")}
        assert set(capture.link_types) == wanted
    assert [(p.code, p.frame) for p in capture.problems] == ([DAMAGED[case]] if case in DAMAGED else [])
    if case == SWAPPED:
        assert (truth["packets"], capture.packets) == (1, 0)
        return
    if case in FURTHER:
        assert (capture.packets, capture.bytes) == FURTHER[case]
        assert capture.packets > truth["packets"]
        return
    assert capture.packets == truth["packets"]
    assert capture.bytes == truth["bytes"] + HEADER_COUNTED.get(case, 0)
    if case not in OTHER_TIMES:
        assert capture.first_time == nanoseconds(truth["first_ts"])
        assert capture.first == nanoseconds(truth["min_ts"])
        assert capture.last == nanoseconds(truth["max_ts"])


@pytest.mark.parametrize("table", [NOT_READ, HEADER_COUNTED, FURTHER, OTHER_TIMES, DAMAGED, {SWAPPED: 0}])
def test_explained_differences_are_of_files_that_exist(table: dict[str, object]) -> None:
    assert set(table) <= {row["path"].removeprefix("files/") for row in CASES}
