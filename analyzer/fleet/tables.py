"""The tables of a fleet's results, column by column. Their folders give every table ``site`` and ``day``."""

from __future__ import annotations

from typing import Final, NamedTuple

from analyzer.parquet import TIME


class Column(NamedTuple):
    """A column of a Parquet table: its name, DuckDB type and meaning."""

    name: str
    type: str
    meaning: str


CAPTURE: Final = Column("capture", "VARCHAR", "key of the capture, as in the table captures")

FLOWS: Final = (
    CAPTURE,
    Column("id", "VARCHAR", "the flow's id within its capture"),
    Column("transport", "VARCHAR", "tcp, udp, or the IP protocol's name"),
    Column("protocol", "VARCHAR", "what port and payload tell"),
    Column("service", "VARCHAR", "the sheet's word for it, else the protocol's"),
    Column("originator_address", "VARCHAR", "who opened it"),
    Column("originator_port", "USMALLINT", "NULL without ports"),
    Column("originator_roles", "VARCHAR[]", "roles on this site"),
    Column("responder_address", "VARCHAR", "who was addressed"),
    Column("responder_port", "USMALLINT", "NULL without ports"),
    Column("responder_roles", "VARCHAR[]", "roles on this site"),
    Column("packets_sent", "UBIGINT", "from the originator"),
    Column("packets_received", "UBIGINT", "from the responder"),
    Column("bytes_sent", "UBIGINT", "on the wire, link header included"),
    Column("bytes_received", "UBIGINT", "on the wire, link header included"),
    Column("first", TIME, "first packet, UTC"),
    Column("last", TIME, "last packet, UTC"),
    Column("first_frame", "UBIGINT", "frame number, from 1"),
    Column("last_frame", "UBIGINT", "frame number, from 1"),
    Column("outcome", "VARCHAR", "answered, refused, blocked, unanswered, one-way"),
    Column("verdict", "VARCHAR", "expected, disputed, unexpected, infrastructure, out-of-scope, review"),
    Column("reason", "VARCHAR", "why this verdict and outcome"),
    Column("rows", "VARCHAR[]", "ids of the rows that it exercises"),
    Column("parent", "VARCHAR", "id of the flow whose leg it is"),
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
    Column("cause", "VARCHAR", "the same for the same fault at another site: kind, roles, transport, port"),
    Column("title", "VARCHAR", "one line"),
    Column("detail", "VARCHAR", "what was seen"),
    Column("advice", "VARCHAR", "what to do"),
    Column("near_miss", "VARCHAR", "what it almost was"),
    Column("waived", "VARCHAR", "the waiver's reason, empty where there is none"),
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
    Column("sha256", "VARCHAR", "of the file as it lies there"),
    Column("format", "VARCHAR", "pcap or pcapng"),
    Column("packets", "UBIGINT", "frames in the file"),
    Column("bytes", "UBIGINT", "of the frames on the wire"),
    Column("first", TIME, "first packet, UTC; NULL without packets"),
    Column("last", TIME, "last packet, UTC; NULL without packets"),
    Column("flows", "UBIGINT", "how many"),
    Column("compliant", "BOOLEAN", "no violation"),
    Column("violations", "UBIGINT", "findings of this severity"),
    Column("warnings", "UBIGINT", "findings of this severity"),
    Column("notes", "UBIGINT", "findings of this severity"),
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
