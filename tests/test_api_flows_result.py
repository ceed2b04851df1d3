from dataclasses import replace

import pandas as pd
import reports

from analyzer.api import FlowsResult, Result
from analyzer.report.csv import FLOW_COLUMNS


def test_flow_frame():
    frame = Result(reports.REPORT).flows
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
    assert set(FLOW_COLUMNS) == set(FlowsResult(reports.FLOWS).flows.columns)


def test_times_at_the_edge_of_64_bits():
    record = replace(reports.COAP, first=-1, last=2**63 - 1)
    frame = FlowsResult(replace(reports.FLOWS, flows=(record,))).flows
    assert (frame["first"][0].value, frame["last"][0].value) == (-1, 2**63 - 1)
