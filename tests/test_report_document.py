import datetime

import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.report import document


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (-1_000, "1969-12-31T23:59:59.999999Z"),
        (1767323045_000006_000, "2026-01-02T03:04:05.000006Z"),
        (1767323045_123456_789, "2026-01-02T03:04:05.123456789Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807Z"),
        (-(2**63), "1677-09-21T00:12:43.145224192Z"),
        (10**30, "9999-12-31T23:59:59.999999999Z"),
        (-(10**30), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_timestamps(nanoseconds, text):
    assert document.timestamp(nanoseconds) == text


@given(st.integers(-(2**63), 2**63 - 1))
@settings(deadline=None)
def test_a_timestamp_keeps_every_nanosecond(nanoseconds):
    text = document.timestamp(nanoseconds)
    moment, _, fraction = text.removesuffix("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(moment) - datetime.datetime(1970, 1, 1)
    assert (seconds.days * 86400 + seconds.seconds) * 10**9 + int(fraction.ljust(9, "0")) == nanoseconds
    assert len(fraction) == (9 if nanoseconds % 1000 else 6)


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
