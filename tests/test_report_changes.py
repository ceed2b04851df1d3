"""The comparison in words: headline first, every fact in every format, strangers harmless."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from reports import HOSTILE

import analyzer
from analyzer.model import (
    Diff,
    Fault,
    FindingChange,
    FindingKind,
    Outcome,
    RelationChange,
    RowChange,
    Severity,
    Side,
    Status,
    Traffic,
    Turn,
    Verdict,
)
from analyzer.report import Style, changes, formats

SCHEMA = json.loads((Path(analyzer.__file__).parent / "schemas" / "diff.schema.json").read_text())
SIDE = Side(
    "old.pcap",
    "capture",
    "1",
    "Site",
    False,
    ("old.pcap",),
    10,
    "2026-01-02T03:04:05.000000Z",
    None,
    10**10,
    {"violation": 1},
)
FAULT = Fault(
    "failing-flow-1", FindingKind.FAILING_FLOW, Severity.VIOLATION, "CoAP is blocked", advice="Open UDP 5683."
)
BLOCKED = Traffic(Verdict.EXPECTED, Outcome.BLOCKED, 2, 20, 2_000, 200.0)
WORKS = replace(BLOCKED, outcome=Outcome.ANSWERED)
RELATION = RelationChange(
    "changed",
    "igor-gateway",
    "igor-node",
    "udp",
    5683,
    "CoAP",
    BLOCKED,
    WORKS,
    (("10.0.0.1", "10.0.0.2"),) * 5,
)
ROW = RowChange(
    "igor-gateway/1/incoming/udp/5683", "CoAP", Status.FAILING, Status.WORKING, "no reply", "2 of 2 answered"
)
FINDINGS = (
    FindingChange(Turn.NEW, None, replace(FAULT, id="n", title="A new one"), True),
    FindingChange(
        Turn.FIRST_JUDGED, None, replace(FAULT, id="j", title="Seen at last"), True, reason="not seen"
    ),
    FindingChange(
        Turn.REMAINS,
        FAULT,
        replace(FAULT, severity=Severity.WARNING, title="Half a fault"),
        True,
        changed=True,
        reason="violation, now warning",
    ),
    FindingChange(
        Turn.NO_LONGER_JUDGED, replace(FAULT, id="l", title="Out of sight"), None, True, reason="not tried"
    ),
    FindingChange(Turn.FIXED, replace(FAULT, id="f", title="A repaired one"), None, True),
    FindingChange(Turn.FIXED, replace(FAULT, id="f2", title="Another repaired one"), None, True),
    FindingChange(Turn.FIXED, replace(FAULT, id="o", severity=Severity.NOTE, title="A note"), None, False),
)
NOTHING = Diff("1", SIDE, SIDE)
EVERYTHING = Diff(
    "1",
    SIDE,
    replace(SIDE, source="new.json", form="report", compliant=True, findings={}),
    FINDINGS,
    (ROW,),
    (
        RELATION,
        replace(RELATION, change="appeared", old=None, responder="10.9.9.9", port=None),
        replace(RELATION, change="vanished", new=None),
        replace(RELATION, change="volume", new=replace(BLOCKED, rate=50_000.0)),
    ),
    {"appeared": 3, "vanished": 0},
    ("only NEW has igor-node 6.0.2",),
)


STYLE = Style()


def rendered(name: str, diff: Diff, style: Style = STYLE) -> str:
    stream = io.StringIO()
    render = formats()[name].render_diff
    assert render is not None
    render(diff, stream, style)
    return stream.getvalue()


FORMATS = [name for name, entry in formats().items() if entry.render_diff]


@pytest.mark.parametrize(
    ("side", "verdict"),
    [
        (SIDE, "not compliant, 1 violation"),
        (replace(SIDE, compliant=True, findings={}), "compliant, no finding"),
        (replace(SIDE, compliant=True, findings={}, judged=False), "nothing judged, no finding"),
    ],
)
def test_silence_of_a_side_does_not_pass_for_approval(side: Side, verdict: str) -> None:
    assert dict(changes.sides(Diff("1", side, side)))["OLD"].endswith(f"): {verdict}")


@pytest.mark.parametrize(
    ("diff", "said"),
    [
        (EVERYTHING, "2 faults fixed, 1 new, 1 remains; 1 no longer judged; 1 judged for the first time"),
        (NOTHING, "no difference: no fault on either side"),
        (replace(NOTHING, rows=(ROW,)), "no fault on either side"),
        (
            replace(NOTHING, findings=(FindingChange(Turn.REMAINS, FAULT, FAULT, True),) * 3),
            "no difference: 0 faults fixed, 0 new, 3 remain",
        ),
        (replace(NOTHING, findings=EVERYTHING.findings[4:5]), "1 fault fixed, 0 new, 0 remain"),
    ],
)
def test_the_headline(diff: Diff, said: str) -> None:
    assert changes.headline(diff) == said
    assert rendered("text", diff, Style(width=120)).split("\n")[0] == said


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_every_fact(name: str) -> None:
    text = " ".join(rendered(name, EVERYTHING, Style(width=200)).split())
    for entry in EVERYTHING.findings:
        assert entry.shown.id in text
        assert entry.shown.title in text
        assert entry.reason in text
    assert changes.headline(EVERYTHING) in text
    for fact in (
        ROW.id,
        "10.9.9.9",
        "igor-node",
        "5683",
        "only NEW has igor-node 6.0.2",
        "new.json",
        "10.0.0.2",
    ):
        assert fact in text


@pytest.mark.parametrize("diff", [EVERYTHING, NOTHING])
def test_json_is_valid(diff: Diff) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(rendered("json", diff))
    jsonschema.validate(document, SCHEMA)
    assert document["summary"]["differs"] is diff.differs
    assert document["summary"]["headline"] == changes.headline(diff)
    assert len(document["findings"]) == len(diff.findings)


@pytest.mark.parametrize("name", FORMATS)
def test_strangers_are_harmless(name: str) -> None:
    fault = replace(FAULT, title=HOSTILE, detail=HOSTILE, advice=HOSTILE, waived=HOSTILE)
    diff = replace(
        EVERYTHING,
        old=replace(SIDE, source=HOSTILE, site=HOSTILE),
        findings=(FindingChange(Turn.NEW, None, fault, True, reason=HOSTILE),),
        rows=(replace(ROW, id=HOSTILE, service=HOSTILE, new_reason=HOSTILE),),
        relations=(replace(RELATION, originator=HOSTILE, service=HOSTILE, pairs=((HOSTILE, HOSTILE),)),),
        notes=(HOSTILE,),
    )
    text = rendered(name, diff)
    for bad in ("\x1b", "\u202e", "\u200b", "\r", "\x07"):
        assert bad not in text
    if name == "html":
        assert text.count("<script") == 1  # the page has one of its own


def test_quiet_and_verbose() -> None:
    many = replace(EVERYTHING, relations=(RELATION,) * 60)
    usual, loud = rendered("text", many), rendered("text", many, Style(verbosity=1))
    assert "and 20 more; -v shows all" in usual
    assert loud.count("igor-gateway -> igor-node") == 60
    quiet = rendered("text", many, Style(verbosity=-1))
    assert "Advice" not in quiet
    assert "Advice" in usual
    assert all(len(line) <= 80 for line in usual.split("\n"))


def test_a_pair_that_the_line_names_is_not_said_again() -> None:
    """Hosts without roles are named by address."""
    bare = replace(RELATION, originator="10.0.0.1", responder="10.0.0.2", pairs=(("10.0.0.1", "10.0.0.2"),))
    known = replace(bare, originator="igor-gateway")
    for relation, detail in ((bare, ()), (known, ("10.0.0.1 -> 10.0.0.2",))):
        (section,) = changes.sections(Diff("1", SIDE, SIDE, (), (), (relation,)))
        assert section.entries[0].detail == detail
