"""The JSON document of a survey, key by key; ``analyzer/schemas/survey.schema.json`` describes it."""

from __future__ import annotations

from typing import Any, Final

from analyzer.model import NameHeard, Survey, SurveyHost, SurveyLine
from analyzer.report.document import Entry, capture, tool
from analyzer.report.neutral import unicode

SURVEY_SCHEMA: Final = "portmatrix.survey/1"


def name(heard: NameHeard) -> Entry:
    """One entry of ``names``."""
    return {"kind": heard.kind, "text": unicode(heard.text), "count": heard.count, "frame": heard.frame}


def host(entry: SurveyHost) -> Entry:
    """One address of a line, or one of ``others``."""
    return {
        "address": entry.address,
        "mac": entry.mac,
        "vendor": unicode(entry.vendor) or None,
        "link": entry.link or None,
        "names": [name(heard) for heard in entry.names],
        "evidence": list(entry.evidence),
        "frames": list(entry.frames),
    }


def line(entry: SurveyLine) -> Entry:
    """One entry of ``hosts``: a line of the proposed site file. ``in_force`` is False for an unsure one."""
    return {
        "name": unicode(entry.name),
        "address": list(entry.addresses),
        "role": entry.role or None,
        "mode": entry.mode or None,
        "level": entry.level,
        "in_force": entry.in_force,
        "edition": entry.edition or None,
        "edition_evidence": entry.edition_evidence,
        "explained": list(entry.explained),
        "rivals": list(entry.rivals),
        "doubt": entry.doubt,
        "members": [host(member) for member in entry.hosts],
    }


def survey_parts(survey: Survey) -> dict[str, Any]:
    """The document of ``survey`` in key order."""
    return {
        "schema": SURVEY_SCHEMA,
        "tool": tool(survey.version),
        "captures": [capture(info) for info in survey.captures],
        "hosts": map(line, survey.lines),
        "others": map(host, survey.others),
        "activities": {activity: list(services) for activity, services in survey.activities.items()},
        "routers": dict(survey.routers),
        "vendors_known": survey.vendors_known,
    }
