import io
import re
from dataclasses import replace

import pytest
import reports

from analyzer.model import Outcome, Severity, TransferOutcome, Verdict
from analyzer.report import Style, formats
from analyzer.report.layout import width
from analyzer.report.text import GROUP_LINES, TABLE_FLOWS


def rendered(report, what="report", **style):
    stream = io.StringIO()
    formats()["text"].render(what)(report, stream, Style(**style))
    return stream.getvalue()


PAGE = """\
NOT COMPLIANT: 2 violations, 1 note
Flows: 1 unexpected, 1 expected, 1 infrastructure
Rows: 1 working, 1 one-way, 1 failing, 1 missing, 1 not-exercised, 1
      not-observable, 1 not-applicable
Not observable: 1 row: the node was seen for 1 min only

Looked at
  capture   site.pcapng (pcapng, EN10MB)
            212 packets, 12.3 kB, 15 min 14 s from 2026-01-02 03:03:05 to
            2026-01-02 03:18:20 UTC
            damage: truncated-file at frame 212: ends inside a block
  site      Building 7
  hosts     gateway: igor-gateway 5.1.0, 10.20.0.10
            floor 1: igor-node, 10.20.1.0/24; inferred: answers CoAP of the
            gateway
  sheets    igor-gateway 5.0.0+: Igor Network Communication Port Requirements,
            Igor Gateway Software Port Requirements, Software Versions 5.0.0 and
            Higher
  shown by  operation (activities that took place)
  limits    frames not decoded to the end: cut 3

Violations
  1 Telnet to the gateway [unexpected-flow]
    10.20.9.5 tried TCP 23 of igor-gateway; no sheet lists it.
    Near miss: none
    Advice: Close TCP 23, or declare what 10.20.9.5 is.
    Id: unexpected-flow-7c1f
    Evidence: 1 flow (f2); frames 17, 18, 19
    Wireshark: frame.number in {17..19}
  2 HTTP (API) never attempted [missing-flow]
    TCP 80 is due.
    Rows: igor-gateway/5.0.0+/outgoing/tcp/80
    Id: missing-flow-01ab
    Sheet: Igor Network Communication Port Requirements, Igor Gateway Software
        Port Requirements, Software Versions 5.0.0 and Higher

Notes
  3 Undeclared host \\x1b]0;pwned\\x07=cmd|'/c
    calc'!A1\\r\\n\\u202egpj.exe\\u200b<script> [undeclared-peer]
    \\x1b]0;pwned\\x07=cmd|'/c calc'!A1\\r\\n\\u202egpj.exe\\u200b<script>
    Waived: known
    Id: undeclared-peer-99
    Evidence: 1 flow (f3); frames 3

Matrix
  igor-gateway 5.0.0+ (Igor Gateway Software Port Requirements, Software
  Versions 5.0.0 and Higher)
    INCOMING              OUTGOING
    TCP        UDP        TCP        UDP
    80 -       5683 ✓     80 x       5683 !
    --         50195 ?    443 ~      --

  ✓ working   ~ one-way   ! failing   x missing   - not exercised
  ? not observable here
  - 1 row: configuration did not take place
  ? 1 row: the node was seen for 1 min only

Flows (3)
  unexpected (1)
    1  tcp/23  refused  Telnet  10.20.9.5 → igor-gateway
  expected (1)
    1  udp/5683  answered  CoAP  igor-node → igor-gateway
  infrastructure (1)
    1  arp  answered  ARP  igor-gateway → fe80::1234:5678:9abc:def0
"""


def test_the_whole_page():
    assert rendered(reports.REPORT) == PAGE


def test_quiet_is_the_verdict_and_the_findings():
    text = rendered(reports.REPORT, verbosity=-1)
    assert text.startswith("NOT COMPLIANT: 2 violations, 1 note\n")
    assert "1 min only\n\nViolations\n" in text
    assert "Wireshark: frame.number in {17..19}" in text
    for heading in ("Looked at", "Matrix", "Flows ("):
        assert heading not in text


def test_verbose_gives_every_row_and_every_flow_with_its_reason():
    text = rendered(reports.REPORT, verbosity=1)
    for result in reports.ROWS:
        assert f"{result.row.id} " in text
    for record in reports.REPORT.flows:
        assert f"  {record.id}  " in text
        assert f"{record.verdict.value}: {record.reason}" in text


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (reports.COMPLIANT, "COMPLIANT: no violation; 1 note"),
        (replace(reports.COMPLIANT, findings=()), "COMPLIANT: no violation"),
        (reports.EMPTY, "NOTHING JUDGED: the capture holds no packets"),
        (
            replace(reports.COMPLIANT, flows=(), findings=()),
            "NOTHING JUDGED: no sheet speaks about this traffic",
        ),
    ],
)
def test_the_first_line_is_the_verdict(report, line):
    assert rendered(report).splitlines()[0] == line


def test_advice_is_never_cut_in_half():
    for advice, cut in (("Open it. " * 100, False), ("Open it. " * 900, True)):
        told = rendered(replace(reports.REPORT, findings=(replace(reports.UNEXPECTED, advice=advice),)))
        assert ("[+" in told) is cut


def test_a_host_named_after_its_address_is_told_once():
    host = replace(reports.HOSTS[0], name="10.20.0.10", addresses=("10.20.0.10",))
    assert "  hosts     igor-gateway 5.1.0, 10.20.0.10\n" in rendered(replace(reports.REPORT, hosts=(host,)))


def test_transfers_are_counted_beside_the_verdict():
    report = replace(
        reports.COMPLIANT, transfers=(replace(reports.TRANSFER, outcome=TransferOutcome.UNKNOWN),)
    )
    assert "\nTransfers: 1 unknown\n" in rendered(report)


def test_inferred_roles_are_said_to_be_inferred():
    text = rendered(replace(reports.COMPLIANT, site=replace(reports.SITE, declared=False)))
    assert "\nRoles are inferred from the traffic" in text[: text.index("Looked at")]
    assert "Roles are inferred" not in rendered(reports.COMPLIANT)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_lines_fit_and_nothing_is_cut(columns, verbosity):
    host = replace(
        reports.HOSTS[1], addresses=tuple(f"2001:db8:1234:5678:9abc:def0:1:{n:x}" for n in range(9))
    )
    flow = replace(
        reports.COAP,
        originator=reports.COAP.originator._replace(address="2001:db8:1234:5678:9abc:def0:1234:5678"),
        responder=reports.COAP.responder._replace(address="2001:db8:1234:5678:9abc:def0:1234:5679"),
        detail="/" + "x" * 300,
    )
    finding = replace(reports.MISSING, detail="word " * 80 + "y" * 200)
    report = replace(reports.REPORT, hosts=(host,), flows=(flow,), findings=(finding,))
    text = rendered(report, width=columns, verbosity=verbosity)
    assert all(width(line) <= columns for line in text.splitlines())
    assert text.replace(" ", "").replace("\n", "").count("y" * 200) == 1
    if verbosity > 0:
        assert "x" * 300 in text.replace(" ", "").replace("\n", "")
        assert "[2001:db8:1234:5678:9abc:def0:1234:5679]:5683" in text


def test_a_filter_stays_on_one_line_to_be_pasted():
    expression = " || ".join(f"frame.number == {n}" for n in range(30))
    finding = replace(reports.UNEXPECTED, wireshark_filter=expression)
    assert f"    Wireshark: {expression}\n" in rendered(replace(reports.REPORT, findings=(finding,)))


def test_a_filter_too_long_to_paste_is_pointed_to():
    finding = replace(reports.UNEXPECTED, wireshark_filter="x" * 5000)
    report = replace(reports.REPORT, findings=(finding,))
    assert "a filter of 5 000 characters" in rendered(report)
    assert "x" * 5000 in rendered(report, verbosity=1)


def test_plain_ascii_where_the_output_has_no_marks():
    text = rendered(reports.REPORT, ascii=True)
    assert text.isascii()
    assert "5683 +" in text
    assert "10.20.9.5 -> igor-gateway" in text


def test_colour_changes_no_text():
    painted = rendered(reports.REPORT, colour=True)
    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == PAGE


def test_nothing_hostile_reaches_the_terminal():
    texts = {
        "title": reports.HOSTILE,
        "detail": reports.HOSTILE,
        "near_miss": reports.HOSTILE,
        "advice": reports.HOSTILE,
        "wireshark_filter": reports.HOSTILE,
    }
    flow = replace(reports.ARP, protocol=reports.HOSTILE, service=reports.HOSTILE, reason=reports.HOSTILE)
    report = replace(
        reports.REPORT,
        captures=(replace(reports.CAPTURE, path=reports.HOSTILE),),
        site=replace(reports.SITE, name=reports.HOSTILE),
        hosts=(
            replace(reports.HOSTS[0], name=reports.HOSTILE, version=reports.HOSTILE, reason=reports.HOSTILE),
        ),
        findings=(replace(reports.UNEXPECTED, **texts),),
        flows=(flow, flow),
        undecoded={reports.HOSTILE: 1},
    )
    flows = replace(reports.FLOWS, flows=(flow,), captures=report.captures, undecoded=report.undecoded)
    for text in (rendered(report), rendered(report, verbosity=1), rendered(flows, "flows")):
        assert not {"\x1b", "\x07", "\r", "\u202e", "\u200b"} & set(text)
        assert "\\x1b]0;pwned\\x07" in text.replace("\n", "")


def test_many_flows_become_few_lines():
    many = tuple(
        replace(
            reports.TELNET,
            id=f"f{n}",
            verdict=verdict,
            responder=reports.TELNET.responder._replace(port=n % 400),
            outcome=list(Outcome)[n % 5],
        )
        for n, verdict in enumerate(list(Verdict) * 500)
    )
    text = rendered(replace(reports.REPORT, flows=many))
    section = text[text.index("Flows (3 000)") :].splitlines()
    # six verdict headings, at least three groups and a line about the rest below each
    assert len(section) <= GROUP_LINES + 6 * 5
    counted = sum(int(line.split()[0]) for line in section if re.match(r" +\d+  tcp/", line))
    hidden = sum(
        int(found.replace(" ", "")) for found in re.findall(r"with ([\d ]+) flows;", "\n".join(section))
    )
    assert counted + hidden == 3000


def test_groups_share_their_line():
    many = tuple(replace(reports.COAP, id=f"f{n}") for n in range(300))
    assert "    300  udp/5683  answered  CoAP  igor-node → igor-gateway\n" in rendered(
        replace(reports.REPORT, flows=many)
    )


def test_several_captures_say_where_their_frames_begin():
    second = replace(reports.CAPTURE, path="b.pcap", first_frame=213)
    assert "frames from 213" in " ".join(
        rendered(replace(reports.REPORT, captures=(reports.CAPTURE, second))).split()
    )


def test_severities_in_order():
    warning = replace(reports.PEER, severity=Severity.WARNING, id="w")
    text = rendered(replace(reports.REPORT, findings=(reports.PEER, warning, reports.UNEXPECTED)))
    assert text.index("\nViolations") < text.index("\nWarnings") < text.index("\nNotes")


FLOW_PAGE = """\
3 flows, 21 packets, 1.8 kB
  capture   site.pcapng (pcapng, EN10MB)
            212 packets, 12.3 kB, 15 min 14 s from 2026-01-02 03:03:05 to
            2026-01-02 03:18:20 UTC
            damage: truncated-file at frame 212: ends inside a block
            not decoded to the end: cut, 3 frames
"""


def test_flow_table():
    assert rendered(reports.FLOWS, "flows").startswith(FLOW_PAGE)
    text = rendered(reports.FLOWS, "flows", width=100)
    table = [line.split() for line in text.partition("\n\n")[2].splitlines()]
    assert table[0] == ["flow", "originator", "responder", "outcome", "packets", "bytes", "proto"]
    assert table[1] == [
        "f1",
        "udp",
        "10.20.1.21:49152",
        "10.20.0.10:5683",
        "answered",
        "5/4",
        "810",
        "B",
        "coap",
    ]
    assert table[3] == [
        "f3",
        "arp",
        "10.20.0.10*",
        "fe80::1234:5678:9abc:def0",
        "answered",
        "5/4",
        "810",
        "B",
        "arp",
    ]
    assert "* direction guessed" in text


def test_flow_table_fits_80_columns():
    assert all(width(line) <= 80 for line in rendered(reports.FLOWS, "flows").splitlines())


def test_many_flows_are_grouped_with_a_hint():
    many = replace(reports.FLOWS, flows=reports.without_verdict(*(reports.COAP,) * (TABLE_FLOWS + 1)))
    text = rendered(many, "flows")
    assert "201  udp/5683  answered  CoAP" in text
    assert "--format csv" in text
    assert rendered(many, "flows", verbosity=1).count("10.20.1.21:49152") == TABLE_FLOWS + 1


def test_no_flows():
    assert rendered(reports.NO_FLOWS, "flows").splitlines() == [
        "0 flows, 0 packets, 0 B",
        "  capture   site.pcapng (pcapng, no interface)",
        "            0 packets, 0 B",
    ]
