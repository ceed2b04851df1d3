from dataclasses import replace

import reports

from analyzer.report import document


def test_contract_values():
    row = document.row(reports.ROWS[4])
    assert (row["status"], row["outcome"], row["service"]) == ("failing", "unanswered", "CoAP")
    assert row["source"]["document"] == "Igor Network Communication Port Requirements"


def test_a_finding_that_nobody_waived_has_no_reason_to():
    finding = reports.REPORT.findings[0]
    assert document.finding(replace(finding, waived=""))["waived"] is None
    assert document.finding(replace(finding, waived="upkeep (IT)"))["waived"] == "upkeep (IT)"
