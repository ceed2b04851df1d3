"""Updates that failed although the image arrived, as findings."""

from __future__ import annotations

from judging import GATEWAY, NODE, OTHER, judged
from test_updates import fetch
from traffic import Traffic

from analyzer.model import Finding, Severity


def found(traffic: Traffic, **options: object) -> list[Finding]:
    return [f for f in judged(traffic, **options).findings if f.kind == "update-failed"]  # type: ignore[arg-type]


def test_many_nodes_are_one_warning_with_rows_and_frames() -> None:
    traffic = Traffic()
    for number in range(40):
        node = f"10.20.1.{number + 30}"
        fetch(fetch(traffic, number, node), 100 + number, node, port=2001)
    (finding,) = found(traffic)
    assert finding.severity is Severity.WARNING
    assert finding.title.startswith("update of 40 nodes from 10.20.0.10 did not take")
    assert len(finding.flows) == 40 * 2 * 2  # two transfers, each a request and the data
    assert any(row.endswith("udp/69") for row in finding.rows)
    assert 0 < len(finding.frames) <= 24
    assert "And 37 more" in finding.detail
    assert judged(traffic).compliant


def test_reasons_are_told_apart() -> None:
    traffic = Traffic().coap(0, NODE, GATEWAY)
    fetch(traffic, 5)
    fetch(fetch(traffic, 6, OTHER), 100, OTHER, port=2001).coap(400, OTHER, GATEWAY)
    assert sorted("again" in finding.title for finding in found(traffic)) == [True, True]
    assert len({finding.advice for finding in found(traffic)}) == 2


def test_a_healthy_update_is_none() -> None:
    assert not found(fetch(Traffic(), 5).coap(40, NODE, GATEWAY))
