from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import pytest
from reports import HOSTILE, START

import analyzer
from analyzer.model import DissectedField, DissectedFrame, DissectedLayer, Dissection
from analyzer.report import Style, formats

FIELDS = (DissectedField(0, "ip.flags", "Flags: 0x2"), DissectedField(1, "ip.flags.df", f".1.. = {HOSTILE}"))
FRAME = DissectedFrame(7, "a.pcap", 3, START, 60, (DissectedLayer("ip", FIELDS),), 2)
DISSECTION = Dissection("1", f"failing-flow-1: {HOSTILE}", (FRAME,), 9, ("8 frames more left out",))


def rendered(name: str, **style: int) -> str:
    stream = io.StringIO()
    render = formats()[name].render_dissection
    assert render is not None
    render(DISSECTION, stream, Style(**style))  # type: ignore[arg-type]
    return stream.getvalue()


def test_text() -> None:
    lines = rendered("text", width=120).splitlines()
    assert lines[0].startswith("1 frame of 9: failing-flow-1: ")
    assert "Frame 7 (a.pcap 3), 2026-01-02T03:03:05.000000Z, 60 bytes" in lines
    assert "    Flags: 0x2" in lines
    assert any(line.startswith("      .1.. = ") for line in lines)
    assert lines[-1] == "  and 2 fields more"
    assert "Flags" not in rendered("text", verbosity=-1)


def test_json_is_valid() -> None:
    schema = json.loads((Path(analyzer.__file__).parent / "schemas" / "dissection.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(rendered("json"))
    jsonschema.validate(document, schema)
    assert document["frames"][0]["layers"][0]["fields"][1]["depth"] == 1


@pytest.mark.parametrize("name", ["text", "json"])
def test_strangers_are_harmless(name: str) -> None:
    text = rendered(name)
    for bad in ("\x1b", "\u202e", "\u200b", "\r", "\x07"):
        assert bad not in text
