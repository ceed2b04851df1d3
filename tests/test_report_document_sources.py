import pytest
import reports

from analyzer.report import document


def test_an_unknown_is_null():
    assert document.host(reports.HOSTS[1])["version"] is None
    empty = document.capture(reports.EMPTY.captures[0])
    assert (empty["first"], empty["last"], empty["duration_s"]) == (None, None, 0.0)


def test_contract_values():
    assert document.capture(reports.CAPTURE)["duration_s"] == pytest.approx(914.999994)


def test_a_tool_names_the_command_where_somebody_knows_it():
    assert document.tool("1.0") == {"name": "portmatrix", "version": "1.0"}
    assert document.tool("1.0", "portmatrix check a")["command"] == "portmatrix check a"
    assert document.tool("1.0", "")["command"] is None
