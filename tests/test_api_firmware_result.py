from pathlib import Path

import analyzer

ROOT = Path(analyzer.__file__).parents[1]


def test_firmware_frames():
    folder = ROOT / "samples" / "firmware-update-data-blocked"
    result = analyzer.firmware(folder / "capture.pcap", site=folder / "site.yaml")
    assert result.failed
    assert repr(result) == "<1 complete, 1 failed>"
    good, bad = (row for _, row in result.transfers.iterrows())
    assert (good["outcome"], good["bytes"], good["cause"]) == ("complete", 48_000, None)
    assert (bad["outcome"], bad["cause"], bad["bytes"]) == ("failed", "data-path-blocked", 0)
    assert bad["requested"]["blksize"] == "1428"
    assert str(result.transfers["first"].dtype) == "datetime64[ns, UTC]"
    assert list(result.attempts["outcome"]).count("transfer-failed") == 1
    assert result.attempts["requested_at"].notna().all()
    assert result.attempts["came_back_at"].dtype == result.attempts["first"].dtype
    assert list(result.findings["kind"]) == ["transfer-failed"]
    assert result.to_dict()["schema"] == "portmatrix.firmware/1"


def test_firmware_of_nothing(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes((ROOT / "samples" / "firmware-update-ok" / "capture.pcap").read_bytes()[:24])
    result = analyzer.firmware(empty)
    assert not result.failed
    assert repr(result) == "<no transfer>"
    assert result.transfers.empty
    assert result.attempts.empty
    assert "cause" in result.transfers.columns
