import reports

from analyzer.api import Result


def test_row_finding_and_host_frames():
    result = Result(reports.REPORT)
    assert list(result.rows["status"]) == [entry.status.value for entry in reports.ROWS]
    assert result.rows["port"].dtype == "int64"
    assert result.rows["source_section"][0] == reports.EDITION.section
    assert list(result.findings["severity"]) == ["violation", "violation", "note"]
    assert result.findings["frames"][0] == (17, 18, 19)
    assert result.hosts["version"][0] == "5.1.0"
    assert result.hosts["addresses"][1] == ("10.20.1.0/24",)


def test_an_empty_report_has_the_same_columns_and_types():
    full, empty = Result(reports.REPORT), Result(reports.EMPTY)
    for name in ("flows", "rows", "findings", "hosts"):
        one, other = getattr(full, name), getattr(empty, name)
        assert list(one.columns) == list(other.columns)
        assert len(other) == 0
        assert [str(kind) for kind in one.dtypes] == [str(kind) for kind in other.dtypes]


def test_frames_are_made_once():
    result = Result(reports.REPORT)
    assert result.flows is result.flows
