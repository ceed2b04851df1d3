"""From a finding to Wireshark's words about its frames."""

from __future__ import annotations

import shutil
from pathlib import Path

import captures
import pytest

from analyzer import dissection
from analyzer.dissection import Dissected
from analyzer.errors import PortmatrixError
from analyzer.pipeline import Options
from analyzer.pipeline.evidence import Wanted
from analyzer.pipeline.inspect import inspect

SAMPLES = Path(__file__).parents[1] / "samples"
BLOCKED = Options((str(SAMPLES / "coap-blocked/capture.pcap"),), site=str(SAMPLES / "coap-blocked/site.yaml"))

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def test_frames_keep_their_numbers(tmp_path: Path) -> None:
    rows, _ = captures.read(Path(BLOCKED.sources[0]).read_bytes())
    for name, part in (("a.pcap", rows[:10]), ("b.pcap", rows[10:])):
        (tmp_path / name).write_bytes(captures.pcap([(row.time, row.data) for row in part]))
    found = inspect(Options((str(tmp_path),), site=BLOCKED.site), Wanted("failing"))
    assert [(frame.number, Path(frame.capture).name, frame.local) for frame in found.frames] == [
        (7, "a.pcap", 7),
        (8, "a.pcap", 8),
        (15, "b.pcap", 5),
        (16, "b.pcap", 6),
        (23, "b.pcap", 13),
        (24, "b.pcap", 14),
    ]
    assert [frame.time for frame in found.frames] == [rows[frame.number - 1].time for frame in found.frames]
    texts = {field.name: field.text for layer in found.frames[2].layers for field in layer.fields}
    assert texts["frame.number"] == "Frame Number: 5"
    assert [layer.name for layer in found.frames[1].layers] == ["frame", "eth", "ip", "icmp", "coap"]


def test_the_limit_is_said() -> None:
    found = inspect(BLOCKED, Wanted("failing"), limit=2)
    assert (len(found.frames), found.total) == (2, 6)
    assert found.remarks == ("4 frames more left out by the limit (--limit)",)


def test_a_part_is_better_than_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dissection, "dissect", lambda *_: Dissected((((), 0),), "it stopped"))
    found = inspect(BLOCKED, Wanted("failing"))
    assert found.remarks == ("only the first 1 came: it stopped",)
    monkeypatch.setattr(dissection, "dissect", lambda *_: Dissected((), "it stopped"))
    with pytest.raises(PortmatrixError, match="inspect: it stopped"):
        inspect(BLOCKED, Wanted("failing"))
