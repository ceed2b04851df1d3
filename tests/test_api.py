import json
import subprocess
import sys
from pathlib import Path

import pytest
import reports

import analyzer
from analyzer import pipeline
from analyzer.errors import UsageError
from analyzer.report import document

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
