"""The bench of a site: its rows, its background, and the replies that its sheets call due."""

from __future__ import annotations

import pytest
from judging import CURRENT, GATEWAY, place, recognised
from traffic import Traffic

from analyzer import rulesets
from analyzer.matrix import build
from analyzer.pipeline.bench import bench_of, replies_due


def test_sheets_say_where_a_reply_is_due() -> None:
    due = replies_due(rulesets.load(()))
    assert due["udp", 69] is False, "TFTP answers from another port: silence of this one tells nothing"
    assert ("udp", 5683) not in due, "a CoAP message says itself whether it wants an answer"


@pytest.mark.parametrize(
    ("agent", "verdict"),
    [(b"USER-AGENT: Microsoft-Windows/10.0 UPnP/1.0\r\n", "infrastructure"), (b"", "unexpected")],
)
def test_what_an_operating_system_sends_is_background(agent: bytes, verdict: str) -> None:
    search = b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n" + agent + b"MX: 1\r\n\r\n"
    found = recognised(Traffic().udp(0, GATEWAY, 40000, "239.255.255.250", 1900, search))
    site, sheets = place(CURRENT), rulesets.load(())
    bench = bench_of(build(sheets, site.hosts), sheets, site, strict=False)
    assert bench.judge_all(found)[0].verdict == verdict
