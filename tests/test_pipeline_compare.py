"""Sides of a comparison: captures, saved reports, standard input."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from analyzer import report as renderers
from analyzer.errors import CaptureError, UsageError
from analyzer.model import Diff
from analyzer.pipeline import Options, check
from analyzer.pipeline import compare as module
from analyzer.pipeline.compare import Pair, diff

SAMPLES = Path(__file__).parents[1] / "samples"
OLD = str(SAMPLES / "firmware-update-data-blocked/capture.pcap")
NEW = str(SAMPLES / "firmware-update-ok/capture.pcap")
OPTIONS = Options((), site=str(SAMPLES / "firmware-update-ok/site.yaml"))


def saved(source: str, folder: Path) -> str:
    path = folder / "saved.json"
    with path.open("w") as stream:
        render = renderers.formats()["json"].render_report
        assert render is not None
        render(check(Options((source,), site=OPTIONS.site)), stream, renderers.Style())
    return str(path)


def changes(found: Diff) -> tuple[object, ...]:
    return found.findings, found.rows, found.relations, found.background, found.notes


def test_a_saved_report_is_as_good_as_its_capture(tmp_path: Path) -> None:
    path = saved(OLD, tmp_path)
    fresh = diff(Pair(OLD, NEW, OPTIONS))
    assert fresh.differs
    assert changes(diff(Pair(path, NEW, OPTIONS))) == changes(fresh)
    assert not diff(Pair(path, OLD, OPTIONS)).differs
    report = check(Options((OLD,), site=OPTIONS.site))
    assert changes(diff(Pair(report, NEW, OPTIONS))) == changes(fresh)


def test_the_old_site_may_differ() -> None:
    wrong = str(SAMPLES / "biostar-server-mode/site.yaml")
    found = diff(Pair(OLD, NEW, OPTIONS, wrong))
    assert "the sides speak of different sites" in found.notes[0]


def test_either_side_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = changes(diff(Pair(OLD, NEW, OPTIONS)))
    for data in (Path(NEW).read_bytes(), Path(saved(NEW, tmp_path)).read_bytes()):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data))))
        assert changes(diff(Pair(OLD, "-", OPTIONS))) == fresh
    with pytest.raises(UsageError, match="only one of the two"):
        diff(Pair("-", "-", OPTIONS))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "line 1, column 2"),
        (b'{"schema": "portmatrix.flows/1"}', "not a report of 'check'"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "is no UTF-8 at byte 7"),
        (b"[]", "not a pcap or pcapng"),
        (b"", "empty"),
    ],
)
def test_what_is_no_report_is_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(CaptureError) as caught:
        diff(Pair(str(path), NEW, OPTIONS))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_document_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPORT_LIMIT", 1 << 20)
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"a": "x" * (2 << 20)}))
    with pytest.raises(CaptureError, match="larger than 1 MiB"):
        diff(Pair(str(path), NEW, OPTIONS))
