from __future__ import annotations

from pathlib import Path

import analyzer

SAMPLES = Path(__file__).parents[1] / "samples"
OLD = SAMPLES / "firmware-update-data-blocked/capture.pcap"
NEW = SAMPLES / "firmware-update-ok/capture.pcap"
SITE = SAMPLES / "firmware-update-ok/site.yaml"


def test_from_python() -> None:
    found = analyzer.diff(OLD, NEW, site=SITE)
    assert found.differs
    assert list(found.findings["change"]) == ["fixed"]
    assert repr(found) == "<1 fault fixed, 0 new, 0 remain>"
    assert set(found.rows.columns) >= {"id", "old", "new"}
    assert found.to_dict()["schema"] == "portmatrix.diff/1"
    result = analyzer.check(OLD, site=SITE)
    assert not analyzer.diff(result, OLD, site=SITE).differs
