"""What tshark reads of recorded transfers over HTTP and CoAP is what their records say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer.model import Transfer
from analyzer.pipeline import Options, check

SAMPLES = Path(__file__).parents[1] / "samples"
pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def fields(case: str, *names: str) -> list[list[str]]:
    options = [word for name in names for word in ("-e", name)]
    command = ["tshark", "-r", str(SAMPLES / case / "capture.pcap"), "-T", "fields", *options]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return [line.split("\t") for line in out.splitlines()]


def only(case: str) -> Transfer:
    report = check(Options((str(SAMPLES / case / "capture.pcap"),), site=str(SAMPLES / case / "site.yaml")))
    (transfer,) = report.transfers
    return transfer


def test_http() -> None:
    transfer = only("http-cut-off")
    rows = fields("http-cut-off", "tcp.srcport", "tcp.len", "tcp.analysis.retransmission", "tcp.flags.fin")
    sent = [int(row[1]) for row in rows if row[0] == "8080"]
    head = next(size for size in sent if size)  # the server writes its head apart from the body
    assert transfer.bytes == sum(sent) - head
    assert transfer.retransmissions == sum(bool(row[2]) for row in rows)
    closes = [number for number, row in enumerate(rows, 1) if row[0] == "8080" and row[3] in ("1", "True")]
    assert closes[0] in transfer.evidence


@pytest.mark.parametrize("case", ["coap-pull-ok", "coap-push-stalled"])
def test_coap(case: str) -> None:
    transfer = only(case)
    rows = fields(case, "coap.type", "coap.opt.block_number", "coap.opt.block_mflag", "coap.retransmitted")
    answered = {row[1] for row in rows if row[0] == "2" and row[1]}
    assert transfer.blocks == len(answered)
    assert transfer.retransmissions == sum(bool(row[3]) for row in rows)
