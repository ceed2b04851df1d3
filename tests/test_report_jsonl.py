import io
import json

import reports

from analyzer.report import Style, document, formats


def rendered(report):
    stream = io.StringIO()
    formats()["jsonl"].render_flows(report, stream, Style())
    return stream.getvalue()


def test_one_flow_a_line():
    lines = rendered(reports.FLOWS).splitlines()
    assert [json.loads(line) for line in lines] == [document.flow(record) for record in reports.FLOWS.flows]
    assert len(lines) == 3


def test_no_flows_no_lines():
    assert rendered(reports.NO_FLOWS) == ""


def test_there_is_no_report_in_this_format():
    assert formats()["jsonl"].render("report") is None
