"""The tables of a fleet's results, column by column. Their folders give every table ``site`` and ``day``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from analyzer.parquet import TIME
from analyzer.report.columns import FLOW_COLUMNS
from analyzer.report.parquet import TYPES


class Column(NamedTuple):
    """A column of a Parquet table: its name, DuckDB type and meaning."""

    name: str
    type: str
    meaning: str


CAPTURE: Final = Column("capture", "VARCHAR", "key of the capture, as in the table captures")

_FLOW: Final = {
    "id": "the flow's id within its capture",
    "transport": "tcp, udp, or the IP protocol's name",
    "protocol": "what port and payload tell",
    "service": "the sheet's word for it, else the protocol's",
    "originator_address": "who opened it",
    "originator_port": "NULL without ports",
    "originator_roles": "roles on this site",
    "responder_address": "who was addressed",
    "responder_port": "NULL without ports",
    "responder_roles": "roles on this site",
    "confidence": "that the originator opened it: certain, likely, guess",
    "basis": "what that rests on",
    "packets_sent": "from the originator",
    "packets_received": "from the responder",
    "bytes_sent": "on the wire, link header included",
    "bytes_received": "on the wire, link header included",
    "first": "first packet, UTC",
    "last": "last packet, UTC",
    "first_frame": "frame number, from 1",
    "last_frame": "frame number, from 1",
    "outcome": "answered, refused, blocked, unanswered, one-way",
    "parent": "id of the flow whose leg it is",
    "detail": "what the payload tells",
    "flags_sent": "TCP flags seen, letters in Wireshark's order",
    "flags_received": "TCP flags seen, letters in Wireshark's order",
    "fragments": "IP fragments after the first, not in packets",
    "duplicates_sent": "frames seen twice, in packets too",
    "duplicates_received": "frames seen twice, in packets too",
}
FLOWS: Final = (
    CAPTURE,
    *(Column(name, TYPES.get(name, "VARCHAR"), _FLOW[name]) for name in FLOW_COLUMNS),
    Column("verdict", "VARCHAR", "expected, disputed, unexpected, infrastructure, out-of-scope, review"),
    Column("reason", "VARCHAR", "why this verdict and outcome"),
    Column("rows", "VARCHAR[]", "ids of the rows that it exercises"),
    Column("waived", "VARCHAR", "the waiver's reason; NULL where there is none"),
)
ROWS: Final = (
    CAPTURE,
    Column("id", "VARCHAR", "ruleset or edition, direction, transport, port"),
    Column("ruleset", "VARCHAR", "the sheet"),
    Column("edition", "VARCHAR", "the sheet's table"),
    Column("subject", "VARCHAR", "the role that it speaks about"),
    Column("direction", "VARCHAR", "incoming or outgoing, seen from the subject"),
    Column("transport", "VARCHAR", "tcp or udp"),
    Column("port", "USMALLINT", "the port"),
    Column("service", "VARCHAR", "the sheet's legend"),
    Column("activity", "VARCHAR", "when the row is due"),
    Column(
        "status",
        "VARCHAR",
        "working, one-way, failing, missing, not-exercised, not-observable, not-applicable",
    ),
    Column("outcome", "VARCHAR", "of the attempts, where failing"),
    Column("reason", "VARCHAR", "why this status"),
)
FINDINGS: Final = (
    CAPTURE,
    Column("id", "VARCHAR", "the same for the same fault in another capture of the site"),
    Column("kind", "VARCHAR", "what the finding is about"),
    Column("severity", "VARCHAR", "violation, warning, note"),
    Column(
        "cause",
        "VARCHAR",
        "the same for the same fault at another site: kind, roles, port, ending",
    ),
    Column("title", "VARCHAR", "one line"),
    Column("detail", "VARCHAR", "what was seen"),
    Column("advice", "VARCHAR", "what to do"),
    Column("near_miss", "VARCHAR", "what it almost was"),
    Column("waived", "VARCHAR", "the waiver's reason; NULL where there is none"),
    Column("rows", "VARCHAR[]", "ids of the rows that it touches"),
    Column("flows", "UBIGINT", "how many flows it speaks for"),
    Column("frames", "UBIGINT[]", "frames that show it"),
)
TRANSFERS: Final = (
    CAPTURE,
    Column("id", "VARCHAR", "the transfer's id within its capture"),
    Column("protocol", "VARCHAR", "tftp, coap, http"),
    Column("operation", "VARCHAR", "read or write"),
    Column("client", "VARCHAR", "who asked"),
    Column("server", "VARCHAR", "who was asked"),
    Column("file", "VARCHAR", "as requested"),
    Column("outcome", "VARCHAR", "complete, failed, in-progress, unknown"),
    Column("cause", "VARCHAR", "why it is not complete"),
    Column("bytes", "UBIGINT", "acknowledged"),
    Column("expected_bytes", "UBIGINT", "announced"),
    Column("retransmissions", "UBIGINT", "packets seen again"),
    Column("longest_gap_s", "DOUBLE", "longest silence between two of its packets"),
    Column("first", TIME, "first packet, UTC"),
    Column("last", TIME, "last packet, UTC"),
    Column("detail", "VARCHAR", "what was seen"),
)
CAPTURES: Final = (
    CAPTURE,
    Column("source", "VARCHAR", "path or URL"),
    Column("sha256", "VARCHAR", "of the file as it lies there; NULL for a URL that was read in pieces"),
    Column("format", "VARCHAR", "pcap or pcapng"),
    Column("packets", "UBIGINT", "frames in the file"),
    Column("bytes", "UBIGINT", "of the frames on the wire"),
    Column("first", TIME, "first packet, UTC; NULL without packets"),
    Column("last", TIME, "last packet, UTC; NULL without packets"),
    Column("flows", "UBIGINT", "how many"),
    Column("judged", "BOOLEAN", "a sheet says something about its traffic; else compliant is no approval"),
    Column("compliant", "BOOLEAN", "no violation"),
    Column("violations", "UBIGINT", "findings of this severity"),
    Column("warnings", "UBIGINT", "findings of this severity"),
    Column("notes", "UBIGINT", "findings of this severity"),
    Column("damaged", "BOOLEAN", "part of the file could not be read"),
    Column("problems", "VARCHAR[]", "what of the file could not be used"),
    Column("portmatrix", "VARCHAR", "version that analysed it"),
)

TABLES: Final = {
    "flows": FLOWS,
    "rows": ROWS,
    "findings": FINDINGS,
    "transfers": TRANSFERS,
    "captures": CAPTURES,
}
"""In the order in which they are written: a capture whose line in ``captures`` is there is there whole."""
TYPED: Final = {name: {column.name: column.type for column in columns} for name, columns in TABLES.items()}
"""The tables as :mod:`analyzer.parquet` wants them."""
PARTITION: Final = (
    Column("site", "VARCHAR", "name of its site file; unassigned where it belongs to none"),
    Column("day", "VARCHAR", "of the capture's first packet, UTC; undated without packets"),
)
"""What the folders say."""
_ABOUT: Final = {
    "flows": "Conversations, a line each.",
    "rows": "The expected matrix: each line of the sheets that applies to the capture.",
    "findings": "What is wrong, a line each fault.",
    "transfers": "Files that were carried, firmware among them.",
    "captures": "What was analysed, a line each file. A capture that has no line here is not there whole.",
}


def described() -> Iterator[str]:
    """The tables and their columns for people, as Markdown."""
    yield "# Tables of a fleet's results"
    for name, columns in TABLES.items():
        yield from (
            "",
            f"## {name}",
            "",
            _ABOUT[name],
            "",
            "| column | type | meaning |",
            "| --- | --- | --- |",
        )
        for column in (*columns, *PARTITION):
            yield f"| `{column.name}` | {column.type} | {column.meaning} |"
