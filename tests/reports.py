"""Reports built by hand, for tests of everything that reads one."""

from dataclasses import replace

from analyzer.model import (
    Attempt,
    CaptureInfo,
    Cause,
    Edition,
    Endpoint,
    Event,
    Finding,
    FindingKind,
    FlowRecord,
    FlowReport,
    HostResult,
    Interpretation,
    Outcome,
    Problem,
    Report,
    Row,
    RowResult,
    Ruleset,
    Service,
    Severity,
    Site,
    Source,
    Status,
    Transfer,
    TransferOutcome,
    Verdict,
)

SECOND = 10**9
START = 1767322985 * SECOND
"""2026-01-02 03:03:05 UTC."""

HOSTILE = "\x1b]0;pwned\x07=cmd|'/c calc'!A1\r\n\u202egpj.exe\u200b<script>"
"""Terminal title, formula, line break, right-to-left override, zero-width space, markup."""

GATEWAY = Endpoint("10.20.0.10", 5683, ("igor-gateway",))
NODE = Endpoint("10.20.1.21", 49152, ("igor-node",))
LAPTOP = Endpoint("10.20.9.5", 50111, ())

COAP = FlowRecord(
    id="f1",
    transport="udp",
    protocol="coap",
    service="CoAP",
    originator=NODE,
    responder=GATEWAY,
    confidence="certain",
    basis="payload",
    packets=(5, 4),
    bytes=(420, 390),
    first=START + 6_000,
    last=START + 60 * SECOND + 7,
    frames=(1, 212),
    outcome=Outcome.ANSWERED,
    verdict=Verdict.EXPECTED,
    reason="both sheets list it",
    rows=("igor-gateway/5.0.0+/incoming/udp/5683",),
    detail="GET /lights",
    duplicates=(1, 0),
)
TELNET = replace(
    COAP,
    id="f2",
    transport="tcp",
    protocol="telnet",
    service="Telnet",
    originator=LAPTOP,
    responder=Endpoint("10.20.0.10", 23, ("igor-gateway",)),
    basis="syn",
    packets=(2, 1),
    bytes=(120, 60),
    frames=(17, 19),
    outcome=Outcome.REFUSED,
    verdict=Verdict.UNEXPECTED,
    reason="no sheet lists TCP 23",
    rows=(),
    flags=("S", "RA"),
    detail="",
    duplicates=(0, 0),
)
ARP = replace(
    COAP,
    id="f3",
    transport="arp",
    protocol="arp",
    service="ARP",
    originator=Endpoint("10.20.0.10", None, ("igor-gateway",)),
    responder=Endpoint("fe80::1234:5678:9abc:def0", None),
    confidence="guess",
    basis="first-packet",
    frames=(3, 4),
    verdict=Verdict.INFRASTRUCTURE,
    reason="background of every network",
    rows=(),
    detail=HOSTILE,
    fragments=2,
    parent="f1",
)

LEGEND = {
    ("udp", 5683): Service("udp", 5683, "CoAP", "coap", due_with=frozenset({"igor-node"})),
    ("udp", 50195): Service(
        "udp",
        50195,
        "Firmware Updating",
        "igor-firmware",
        "firmware-update",
        interpretations=(Interpretation("Exercised as a pool.", "The table lists five alike ports."),),
    ),
    ("tcp", 80): Service("tcp", 80, "HTTP (API)", "http", "configuration"),
    ("tcp", 443): Service("tcp", 443, "HTTPS", "tls", "configuration"),
}
EDITION = Edition(
    id="5.0.0+",
    subject="igor-gateway",
    section="Igor Gateway Software Port Requirements, Software Versions 5.0.0 and Higher",
    incoming=(("tcp", 80), ("udp", 5683), ("udp", 50195)),
    outgoing=(("tcp", 80), ("udp", 5683), ("tcp", 443)),
    versions=">=5.0.0",
)
OLD_EDITION = replace(EDITION, id="1.12.1-4.5.3", section="Software Versions 1.12.1 Through 4.5.3")
RULESET = Ruleset(
    name="igor-gateway",
    title="Igor Gateway",
    vendor="Igor",
    document="Igor Network Communication Port Requirements",
    file="rulesets/igor-gateway.yaml",
    services=LEGEND,
    editions=(OLD_EDITION, EDITION),
)


def row(direction, transport, port, status, reason="", **more):
    edition = more.pop("edition", EDITION)
    line = Row(
        id=f"igor-gateway/{edition.id}/{direction}/{transport}/{port}",
        ruleset="igor-gateway",
        edition=edition.id,
        subject="igor-gateway",
        direction=direction,
        transport=transport,
        port=port,
        service=LEGEND[transport, port],
        source=Source(RULESET.document, edition.section),
        peers=None,
        applicable=status is not Status.NOT_APPLICABLE,
    )
    return RowResult(line, status, reason, **more)


ROWS = (
    row("incoming", "tcp", 80, Status.NOT_EXERCISED, "configuration did not take place"),
    row("incoming", "udp", 5683, Status.WORKING, "1 flow was answered", flows=("f1",)),
    row("incoming", "udp", 50195, Status.NOT_OBSERVABLE, "the node was seen for 1 min only"),
    row("outgoing", "tcp", 80, Status.MISSING, "due, never attempted"),
    row("outgoing", "udp", 5683, Status.FAILING, "no reply", outcome=Outcome.UNANSWERED),
    row("outgoing", "tcp", 443, Status.ONE_WAY, "seen one way"),
    row("incoming", "tcp", 80, Status.NOT_APPLICABLE, "another edition", edition=OLD_EDITION),
)

UNEXPECTED = Finding(
    id="unexpected-flow-7c1f",
    kind=FindingKind.UNEXPECTED_FLOW,
    severity=Severity.VIOLATION,
    title="Telnet to the gateway",
    detail="10.20.9.5 tried TCP 23 of igor-gateway; no sheet lists it.",
    near_miss="none",
    advice="Close TCP 23, or declare what 10.20.9.5 is.",
    flows=("f2",),
    frames=(17, 18, 19),
    wireshark_filter="frame.number in {17..19}",
)
MISSING = Finding(
    id="missing-flow-01ab",
    kind=FindingKind.MISSING_FLOW,
    severity=Severity.VIOLATION,
    title="HTTP (API) never attempted",
    detail="TCP 80 is due.",
    rows=("igor-gateway/5.0.0+/outgoing/tcp/80",),
)
PEER = Finding(
    id="undeclared-peer-99",
    kind=FindingKind.UNDECLARED_PEER,
    severity=Severity.NOTE,
    title=f"Undeclared host {HOSTILE}",
    detail=HOSTILE,
    flows=("f3",),
    frames=(3,),
    waived="known",
)

CAPTURE = CaptureInfo(
    path="site.pcapng",
    sha256="ab" * 32,
    format="pcapng",
    link_types=("EN10MB",),
    packets=212,
    bytes=12_345,
    first=START + 6_000,
    last=START + 915 * SECOND,
    first_frame=1,
    problems=(Problem("truncated-file", "ends inside a block", 212),),
)

SITE = Site(name="Building 7")
HOSTS = (
    HostResult("gateway", ("10.20.0.10",), ("igor-gateway",), "5.1.0", "declared", ""),
    HostResult("floor 1", ("10.20.1.0/24",), ("igor-node",), "", "inferred", "answers CoAP of the gateway"),
)

REPORT = Report(
    version="0.1.0",
    captures=(CAPTURE,),
    site=SITE,
    hosts=HOSTS,
    rows=ROWS,
    flows=(COAP, TELNET, ARP),
    findings=(UNEXPECTED, MISSING, PEER),
    rulesets=(RULESET,),
    undecoded={"cut": 3},
)
COMPLIANT = replace(REPORT, findings=(PEER,), flows=(COAP,))
EMPTY = Report(
    version="0.1.0",
    captures=(replace(CAPTURE, packets=0, bytes=0, first=None, last=None, link_types=(), problems=()),),
    site=Site(declared=False),
    hosts=(),
    rows=(),
    flows=(),
    findings=(),
)


def without_verdict(*records):
    return tuple(replace(record, verdict=None, reason="", rows=()) for record in records)


FLOWS = FlowReport("0.1.0", (CAPTURE,), without_verdict(COAP, TELNET, ARP), {"cut": 3})
NO_FLOWS = FlowReport("0.1.0", EMPTY.captures, ())

TRANSFER = Transfer(
    id="t1",
    protocol="tftp",
    operation="read",
    client="10.20.1.21",
    server="10.20.0.10",
    file="node-6.0.2.bin",
    mode="octet",
    outcome=TransferOutcome.FAILED,
    cause=Cause.STALLED,
    detail="block 20 was sent 6 times and never acknowledged",
    advice="Look at what drops the packets.",
    first=START + 10 * SECOND,
    last=START + 40 * SECOND,
    frames=(20, 99),
    requested={"blksize": "1428", "tsize": "0"},
    accepted={"blksize": "1428", "tsize": "57120"},
    block_size=1428,
    bytes=28_560,
    expected_bytes=57_120,
    blocks=20,
    retransmissions=5,
    longest_gap=5 * SECOND,
    flows=("f1",),
)
"""Half of its 40 blocks of 1428 bytes have arrived."""

ATTEMPT = Attempt(
    id="u1",
    node="10.20.1.21",
    gateway="10.20.0.10",
    outcome="transfer-failed",
    detail="stalled in t1",
    first=START + 8 * SECOND,
    last=START + 40 * SECOND,
    timeline=(
        Event(START + 8 * SECOND, 18, "announced", "UDP 1050"),
        Event(START + 10 * SECOND, 20, "requested", "node-6.0.2.bin"),
        Event(START + 40 * SECOND, 99, "failed", "stalled"),
    ),
    transfers=("t1",),
)
