"""Every sample directory is a golden test: what its README says by hand is in ``expected.json``.

``expected.json`` holds the exit code, the transfers, the findings (kind, severity, rows), the flows grouped
by what a reader would say of them, and the status of every row that is not ``not-exercised`` or
``not-applicable``.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from analyzer.model import Report
from analyzer.pipeline import Options, check

SAMPLES = Path(__file__).parents[1] / "samples"
CASES = sorted(path.parent.name for path in SAMPLES.glob("*/site.yaml"))
QUIET = ("not-exercised", "not-applicable")


def captures(case: str) -> list[Path]:
    return sorted(path for path in (SAMPLES / case).iterdir() if ".pcap" in path.name)


def facts(report: Report) -> dict[str, object]:
    """What ``expected.json`` states, from a report."""
    flows = Counter(
        (
            f"{flow.transport}/{flow.responder.port}"
            if flow.parent is None and flow.responder.port
            else flow.transport,
            flow.protocol,
            "+".join(flow.originator.roles) or flow.originator.address,
            "+".join(flow.responder.roles) or flow.responder.address,
            str(flow.verdict),
            str(flow.outcome),
        )
        for flow in report.flows
    )
    return {
        "exit": 0 if report.compliant else 1,
        "findings": [[str(f.kind), str(f.severity), len(f.flows), sorted(f.rows)] for f in report.findings],
        "flows": [[*what, count] for what, count in sorted(flows.items())],
        "transfers": [
            [t.operation, t.client, t.server, str(t.outcome), t.cause and str(t.cause), t.bytes, t.blocks]
            for t in report.transfers
        ],
        "rows": {r.row.id: str(r.status) for r in report.rows if str(r.status) not in QUIET},
    }


@pytest.mark.parametrize("case", CASES)
def test_the_sample_says_what_its_readme_says(case: str) -> None:
    expected = json.loads((SAMPLES / case / "expected.json").read_text("utf-8"))
    for capture in captures(case):
        report = check(Options((str(capture),), site=str(SAMPLES / case / "site.yaml")))
        assert facts(report) == expected, capture.name


def test_there_are_samples_and_each_is_complete() -> None:
    assert len(CASES) >= 18
    for case in CASES:
        assert captures(case)
        assert (SAMPLES / case / "README.md").is_file()


def test_the_same_traffic_gives_the_same_flows_however_it_was_captured() -> None:
    folder = SAMPLES / "same-traffic"
    seen = {}
    for capture in captures("same-traffic"):
        report = check(Options((str(capture),), site=str(folder / "site.yaml")))
        seen[capture.name] = sorted(
            (
                f.transport,
                f.originator,
                f.responder,
                f.packets,
                str(f.outcome),
                str(f.verdict),
                f.rows,
                f.flags,
            )
            for f in report.flows
            if f.transport not in ("arp",)
        )
    assert len(seen) == 6
    assert len({repr(flows) for flows in seen.values()}) == 1


def test_without_a_site_no_sample_is_a_violation() -> None:
    for case in CASES:
        for capture in captures(case):
            report = check(Options((str(capture),)))
            assert report.compliant, case
            assert all(host.basis == "inferred" and host.reason for host in report.hosts)


@pytest.mark.parametrize(
    "case", ["healthy-current", "firmware-update-ok", "firmware-push-ok", "tricky-ports"]
)
def test_the_gateway_of_a_healthy_site_is_inferred(case: str) -> None:
    report = check(Options((str(captures(case)[0]),)))
    roles = {
        address: host.roles
        for host in report.hosts
        for address in host.addresses
        if "bacnet" not in host.roles[0]
    }
    assert roles["10.20.0.10"] == ("igor-gateway",)
    assert roles["10.20.1.21"] == ("igor-node",)
    assert not [flow for flow in report.flows if flow.verdict == "unexpected"]
