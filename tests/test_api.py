import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import reports

import analyzer
from analyzer import api, pipeline
from analyzer.errors import UsageError
from analyzer.report import document
from analyzer.report.csv import FLOW_COLUMNS

ROOT = Path(analyzer.__file__).parents[1]


@pytest.fixture
def called(monkeypatch):
    """The options that the pipeline was called with."""
    calls = []
    monkeypatch.setattr(pipeline, "check", lambda options: calls.append(options) or reports.REPORT)
    monkeypatch.setattr(pipeline, "flows", lambda options: calls.append(options) or reports.FLOWS)
    return calls


def test_one_path_is_a_list_of_one(called):
    analyzer.check("a.pcap")
    analyzer.check(Path("a.pcap"), hosts="igor-gateway=10.0.0.1", activities="all")
    analyzer.flows(["a.pcap", Path("b.pcap")], site=Path("s.yaml"), rules=["r"])
    assert [options.sources for options in called] == [("a.pcap",), ("a.pcap",), ("a.pcap", "b.pcap")]
    assert called[1].hosts == ("igor-gateway=10.0.0.1",)
    assert called[1].activities == ("all",)
    assert (called[2].site, called[2].rules) == ("s.yaml", ("r",))


def test_result_is_the_report(called):
    result = analyzer.check("a.pcap", strict=True, engine="dpkt")
    assert (called[0].strict, called[0].engine) == (True, "dpkt")
    assert result.report is reports.REPORT
    assert not result.compliant
    assert repr(result) == "<not compliant: 2 violation, 0 warning, 1 note>"
    assert json.loads(json.dumps(result.to_dict())) == document.whole(document.report_parts(reports.REPORT))


def test_flow_frame():
    frame = api.Result(reports.REPORT).flows
    assert list(frame["id"]) == ["f1", "f2", "f3"]
    first = frame.iloc[0]
    assert (first["originator_address"], first["originator_port"]) == ("10.20.1.21", 49152)
    assert first["originator_roles"] == ("igor-node",)
    assert (first["packets_sent"], first["packets_received"]) == (5, 4)
    assert (first["duplicates_sent"], first["duplicates_received"]) == (1, 0)
    assert (first["first_frame"], first["last_frame"]) == (1, 212)
    assert first["rows"] == ("igor-gateway/5.0.0+/incoming/udp/5683",)
    assert first["last"] == pd.Timestamp(reports.COAP.last, tz="UTC")
    assert first["last"].value == reports.COAP.last
    assert str(frame["first"].dtype) == "datetime64[ns, UTC]"
    assert pd.isna(frame["originator_port"][2])
    assert str(frame["originator_port"].dtype) == "Int64"
    assert int(frame["bytes_sent"].sum()) == 420 + 120 + 420
    assert frame.groupby("verdict").size().to_dict() == {"expected": 1, "infrastructure": 1, "unexpected": 1}


def test_columns_are_those_of_the_csv():
    assert set(FLOW_COLUMNS) == set(api.FlowsResult(reports.FLOWS).flows.columns)


def test_row_finding_and_host_frames():
    result = api.Result(reports.REPORT)
    assert list(result.rows["status"]) == [entry.status.value for entry in reports.ROWS]
    assert result.rows["port"].dtype == "int64"
    assert result.rows["source_section"][0] == reports.EDITION.section
    assert list(result.findings["severity"]) == ["violation", "violation", "note"]
    assert result.findings["frames"][0] == (17, 18, 19)
    assert result.hosts["version"][0] == "5.1.0"
    assert result.hosts["addresses"][1] == ("10.20.1.0/24",)


def test_an_empty_report_has_the_same_columns_and_types():
    full, empty = api.Result(reports.REPORT), api.Result(reports.EMPTY)
    for name in ("flows", "rows", "findings", "hosts"):
        one, other = getattr(full, name), getattr(empty, name)
        assert list(one.columns) == list(other.columns)
        assert len(other) == 0
        assert [str(kind) for kind in one.dtypes] == [str(kind) for kind in other.dtypes]


def test_frames_are_made_once():
    result = api.Result(reports.REPORT)
    assert result.flows is result.flows


def test_times_at_the_edge_of_64_bits():
    record = replace(reports.COAP, first=-1, last=2**63 - 1)
    frame = api.FlowsResult(replace(reports.FLOWS, flows=(record,))).flows
    assert (frame["first"][0].value, frame["last"][0].value) == (-1, 2**63 - 1)


def test_errors_come_through(monkeypatch):
    def fail(options):
        raise UsageError("no")

    monkeypatch.setattr(pipeline, "check", fail)
    with pytest.raises(UsageError):
        analyzer.check("a.pcap")


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_importing_the_package_is_cheap():
    run(
        "import sys, analyzer\n"
        "heavy = {'numpy', 'pandas', 'dpkt', 'yaml', 'click', 'analyzer.api'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'check' in dir(analyzer)\n"
        "analyzer.check\n"
        "assert 'pandas' not in sys.modules\n"
    )


def test_no_module_hides_a_public_function():
    run(
        "import analyzer.pipeline, analyzer.cli, analyzer, sys\nfrom analyzer import check, flows\n"
        "assert flows is analyzer.flows is sys.modules['analyzer.api'].flows\n"
        "assert check is analyzer.check is sys.modules['analyzer.api'].check\n"
    )


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        analyzer.nonsense  # noqa: B018


def test_firmware_frames():
    folder = ROOT / "samples" / "firmware-update-data-blocked"
    result = analyzer.firmware(folder / "capture.pcap", site=folder / "site.yaml")
    assert result.failed
    assert repr(result) == "<1 complete, 1 failed>"
    good, bad = (row for _, row in result.transfers.iterrows())
    assert (good["outcome"], good["bytes"], good["cause"]) == ("complete", 48_000, None)
    assert (bad["outcome"], bad["cause"], bad["bytes"]) == ("failed", "data-path-blocked", 0)
    assert bad["requested"]["blksize"] == "1428"
    assert str(result.transfers["first"].dtype) == "datetime64[ns, UTC]"
    assert list(result.attempts["outcome"]).count("transfer-failed") == 1
    assert result.attempts["requested_at"].notna().all()
    assert result.attempts["came_back_at"].dtype == result.attempts["first"].dtype
    assert list(result.findings["kind"]) == ["transfer-failed"]
    assert result.to_dict()["schema"] == "portmatrix.firmware/1"


def test_firmware_of_nothing(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes((ROOT / "samples" / "firmware-update-ok" / "capture.pcap").read_bytes()[:24])
    result = analyzer.firmware(empty)
    assert not result.failed
    assert repr(result) == "<no transfer>"
    assert result.transfers.empty
    assert result.attempts.empty
    assert "cause" in result.transfers.columns


def test_a_survey_is_a_frame_a_document_and_a_site_file(tmp_path):
    capture = Path(__file__).parents[1] / "samples" / "healthy-current" / "capture.pcap"
    found = analyzer.survey(capture)
    assert isinstance(found, analyzer.SurveyResult)
    hosts = found.hosts.set_index("address")
    assert hosts.loc["10.20.0.10", "role"] == "igor-gateway"
    assert hosts["in_force"].all()
    assert hosts.loc["10.20.0.10", "names"] == ("device 100, vendor 999",)
    assert found.to_dict()["schema"] == "portmatrix.survey/1"
    site = tmp_path / "site.yaml"
    site.write_text(found.to_yaml(), encoding="utf-8")
    assert analyzer.check(capture, site=site).compliant
    assert repr(found) == "<5 hosts in 3 lines>"
