"""Timestamps say every nanosecond, and stay within the years that RFC 3339 has."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.report.moment import timestamp


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
    assert timestamp(nanoseconds) == text


@given(st.integers(-(2**63), 2**63 - 1))
@settings(deadline=None)
def test_a_timestamp_keeps_every_nanosecond(nanoseconds):
    text = timestamp(nanoseconds)
    moment, _, fraction = text.removesuffix("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(moment) - datetime.datetime(1970, 1, 1)
    assert (seconds.days * 86400 + seconds.seconds) * 10**9 + int(fraction.ljust(9, "0")) == nanoseconds
    assert len(fraction) == (9 if nanoseconds % 1000 else 6)
