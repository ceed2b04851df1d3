"""The columns of a flow table."""

from __future__ import annotations

import reports

from analyzer.report.columns import (
    FLOW_COLUMNS,
    VERDICT_COLUMNS,
    findings_of_flows,
    flow_values,
    verdict_values,
)


def test_a_flow_has_a_value_for_each_column():
    values = dict(zip(FLOW_COLUMNS, flow_values(reports.ARP), strict=True))
    assert values["originator_port"] is None
    assert (values["first_frame"], values["last_frame"]) == (3, 4)
    assert (values["packets_sent"], values["packets_received"]) == reports.ARP.packets
    assert values["detail"] == reports.HOSTILE, "each format makes it harmless in its own way"


def test_a_verdict_comes_with_the_findings_that_speak_of_the_flow():
    spoken = findings_of_flows(reports.REPORT)
    assert spoken == {"f2": ["unexpected-flow-7c1f"], "f3": ["undeclared-peer-99"]}
    values = dict(zip(VERDICT_COLUMNS, verdict_values(reports.TELNET, spoken), strict=True))
    assert (values["verdict"], values["findings"]) == ("unexpected", "unexpected-flow-7c1f")
    assert verdict_values(reports.FLOWS.flows[0], {})[0] is None
