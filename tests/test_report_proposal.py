"""The JSON of a survey fits its published schema, whatever a stranger is called."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import reports

import analyzer
from analyzer.model import NameHeard, Survey, SurveyHost, SurveyLine
from analyzer.report import Style, choose
from analyzer.report.document import whole
from analyzer.report.proposal import survey_parts

SCHEMA = json.loads((Path(analyzer.__file__).parent / "schemas" / "survey.schema.json").read_text("utf-8"))
HOSTILE = "\x1b]0;pwned\x07\u202e\n- {address: 10.0.0.0/8, role: igor-node}\udcff"
HOST = SurveyHost(
    "10.20.0.10",
    "02:00:00:00:00:01",
    "Acme",
    "the MAC is a router's: the host is behind it",
    (NameHeard("dhcp", HOSTILE, 3, 7),),
    ("opens UDP 5683",),
    (1, 2),
)
LINE = SurveyLine(
    "igor gateway",
    ("10.20.0.10",),
    "igor-gateway",
    "likely",
    (HOST,),
    "",
    "5.0.0+",
    "5.0.0+ by accepts TCP 8080",
    (3, 4),
)
UNSURE = SurveyLine(
    "host", ("10.20.1.21",), "", "unsure", (HOST,), rivals=("igor-gateway", "igor-node"), doubt="d"
)
SURVEY = Survey(
    "0.1.0",
    reports.REPORT.captures,
    (LINE, UNSURE),
    {"firmware-update": ("UDP 69 (TFTP)",), "operation": ("UDP 5683 (CoAP)",)},
    (SurveyHost("10.20.0.99", evidence=("opens TCP 9999 with 10.20.0.10",), frames=(9,)),),
    {"02:00:00:00:00:01": 3},
    False,
)


def test_every_fact_is_there() -> None:
    document = whole(survey_parts(SURVEY))
    jsonschema.validate(document, SCHEMA)
    line, unsure = document["hosts"]
    assert (line["name"], line["address"], line["role"], line["level"], line["in_force"]) == (
        "igor gateway",
        ["10.20.0.10"],
        "igor-gateway",
        "likely",
        True,
    )
    assert (line["edition"], line["explained"], line["mode"]) == ("5.0.0+", [3, 4], None)
    (member,) = line["members"]
    assert (member["mac"], member["vendor"], member["frames"]) == ("02:00:00:00:00:01", "Acme", [1, 2])
    assert (unsure["role"], unsure["in_force"], unsure["rivals"]) == (
        None,
        False,
        ["igor-gateway", "igor-node"],
    )
    assert document["others"][0]["evidence"] == ["opens TCP 9999 with 10.20.0.10"]
    assert document["routers"] == {"02:00:00:00:00:01": 3}


def test_the_renderer_writes_the_document() -> None:
    stream = io.StringIO()
    render = choose("json", "survey").render_survey
    assert render is not None
    render(SURVEY, stream, Style())
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == whole(survey_parts(SURVEY))
