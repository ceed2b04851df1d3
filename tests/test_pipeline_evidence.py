"""From a finding to a file of its frames."""

from __future__ import annotations

import io
from pathlib import Path

import captures
import judging
import pytest

from analyzer.errors import CaptureError, UsageError
from analyzer.pipeline import Options, check
from analyzer.pipeline.evidence import Wanted, copy, rereadable, sight

SAMPLES = Path(__file__).parents[1] / "samples"
BLOCKED = Options((str(SAMPLES / "coap-blocked/capture.pcap"),), site=str(SAMPLES / "coap-blocked/site.yaml"))
REFUSED = Options((str(SAMPLES / "coap-refused/capture.pcap"),), site=str(SAMPLES / "coap-refused/site.yaml"))
MISSING = Options((str(SAMPLES / "coap-missing/capture.pcap"),), site=str(SAMPLES / "coap-missing/site.yaml"))


def written(options: Options, wanted: Wanted, limit: int = 0) -> bytes:
    out = io.BytesIO()
    copy(sight(options, wanted, limit), out, "test")
    return out.getvalue()


@pytest.mark.parametrize("options", [BLOCKED, REFUSED], ids=["blocked", "refused"])
def test_the_frames_of_a_finding_are_the_originals(options: Options) -> None:
    (finding,) = check(options).findings
    found = sight(options, Wanted(finding.id))
    rows, capture = captures.read(written(options, Wanted(finding.id)))
    originals, _ = captures.read(Path(options.sources[0]).read_bytes())
    assert [row[:4] for row in rows] == [originals[frame - 1][:4] for frame in found.chosen.frames]
    assert set(finding.frames) <= set(found.chosen.frames.tolist())
    assert not capture.problems


@pytest.mark.parametrize(("path", "place"), judging.samples(), ids=lambda path: path.parent.name)
def test_the_evidence_alone_shows_the_same_flows(path: Path, place: Path) -> None:
    """Outcomes of the flows behind every violation are the same in the small file."""
    options = Options((str(path),), site=str(place))
    report = check(options)
    for finding in report.findings[:2]:
        if not finding.flows:
            continue
        data = written(options, Wanted(finding.id))
        with io.BytesIO(data) as stdin:
            small = check(Options(("-",), site=str(place), stdin=stdin))
        mine = {flow.id: flow for flow in report.flows}
        there = {(flow.transport, flow.originator, flow.responder): flow for flow in small.flows}
        for flow in (mine[flow] for flow in finding.flows):
            again = there[flow.transport, flow.originator, flow.responder]
            assert (again.packets, again.bytes, again.outcome) == (flow.packets, flow.bytes, flow.outcome)


def test_several_captures_keep_their_interfaces_apart(tmp_path: Path) -> None:
    frames = captures.read(Path(BLOCKED.sources[0]).read_bytes())[0]
    half = len(frames) // 2
    for name, part, nano in (("a.pcap", frames[:half], False), ("b.pcap", frames[half:], True)):
        (tmp_path / name).write_bytes(captures.pcap([(row.time, row.data) for row in part], nano=nano))
    options = Options((str(tmp_path),), site=BLOCKED.site)
    data = written(options, Wanted("failing"))
    rows, _ = captures.read(data)
    assert [row[:2] for row in rows] == [
        row[:2] for row in captures.read(written(BLOCKED, Wanted("failing")))[0]
    ]
    assert {row.interface for row in rows} == {0, 1}
    assert b"a.pcap" in data
    assert b"b.pcap" in data


def test_the_comment_is_on_the_first_frame_only() -> None:
    (finding,) = check(BLOCKED).findings
    data = written(BLOCKED, Wanted(finding.id))
    # once as the comment of the section, once on the first packet
    assert data.count(finding.id.encode()) == 2
    assert data.count(finding.advice.encode()) == 1


def test_a_finding_without_frames_says_what_was_looked_at() -> None:
    with pytest.raises(UsageError, match=r"has no frames, .* looked at 390 frames in 5 min"):
        sight(MISSING, Wanted("missing-flow"))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("nothing-like-it"), "there are failing-flow-"),
        (Wanted(flows=("f99",)), "there are f1 to f"),
        (Wanted(flows=("x",)), "flow x: no flow"),
        (Wanted(flows=("f\u00b2",)), "no flow"),
        (Wanted(frames=((29, 30),)), "the captures have 28 frames"),
    ],
)
def test_what_is_not_there_is_one_clear_line(wanted: Wanted, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        sight(BLOCKED, wanted)
    assert "\n" not in str(caught.value)


def test_frames_by_number_and_the_limit() -> None:
    assert sight(BLOCKED, Wanted(frames=((3, 4), (27, 10**11)))).chosen.frames.tolist() == [3, 4, 27, 28]
    found = sight(BLOCKED, Wanted("failing"), limit=2)
    assert (len(found.chosen.frames), found.chosen.total) == (2, 6)
    assert sight(BLOCKED, Wanted(everything=True)).chosen.total == 28


def test_a_pipe_other_than_standard_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is a pipe or device"), rereadable(Options(("/dev/null",))):
        pass
