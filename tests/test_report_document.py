import pytest
import reports

from analyzer.report import document


def test_summary_has_every_word():
    assert document.summary(reports.REPORT) == {
        "compliant": False,
        "flows": {
            "expected": 1,
            "disputed": 0,
            "unexpected": 1,
            "infrastructure": 1,
            "out-of-scope": 0,
            "review": 0,
        },
        "rows": {
            "working": 1,
            "one-way": 1,
            "failing": 1,
            "missing": 1,
            "not-exercised": 1,
            "not-observable": 1,
            "not-applicable": 1,
        },
        "findings": {"violation": 2, "warning": 0, "note": 1},
        "half_shown": 0,
        "undecoded": {"cut": 3},
    }
    assert set(document.summary(reports.EMPTY)["flows"].values()) == {0}


def test_an_unknown_is_null():
    assert document.flow(reports.ARP)["originator"]["port"] is None
    assert document.flow(reports.FLOWS.flows[0])["verdict"] is None
    assert document.host(reports.HOSTS[1])["version"] is None
    empty = document.capture(reports.EMPTY.captures[0])
    assert (empty["first"], empty["last"], empty["duration_s"]) == (None, None, 0.0)


def test_contract_values():
    entry = document.flow(reports.COAP)
    assert entry["packets"] == [5, 4]
    assert entry["frames"] == [1, 212]
    assert entry["direction"] == {"confidence": "certain", "basis": "payload"}
    assert entry["originator"] == {"address": "10.20.1.21", "port": 49152, "roles": ["igor-node"]}
    assert entry["first"] == "2026-01-02T03:03:05.000006Z"
    row = document.row(reports.ROWS[4])
    assert (row["status"], row["outcome"], row["service"]) == ("failing", "unanswered", "CoAP")
    assert row["source"]["document"] == "Igor Network Communication Port Requirements"
    assert document.capture(reports.CAPTURE)["duration_s"] == pytest.approx(914.999994)
