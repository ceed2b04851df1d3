"""The rows that a capture did not prove, as steps."""

from __future__ import annotations

from dataclasses import replace

import reports

from analyzer.model import RowResult, Service, Status
from analyzer.report import visit
from analyzer.rulefile import ACTIVITIES


def test_every_activity_of_the_rulesets_says_what_to_do() -> None:
    assert set(visit.DO) == set(ACTIVITIES)


def test_rows_are_grouped_by_activity_and_by_what_was_lacking() -> None:
    found = visit.steps(reports.ROWS)
    assert [(step.activity, len(step.rows), step.option, step.why) for step in found] == [
        ("configuration", 1, "--activity configuration", ""),
        ("firmware-update", 1, "--activity firmware-update", "the node was seen for 1 min only"),
    ]
    assert [row.port for step in found for row in step.rows] == [80, 50195]


def like(result: RowResult, port: int, service: Service, status: Status, *flows: str) -> RowResult:
    line = replace(result.row, id=f"row/{result.row.direction}/{port}", port=port, service=service)
    return RowResult(line, status, "", flows=flows)


def test_a_pool_that_one_row_exercised_needs_no_step() -> None:
    base = reports.ROWS[2]
    pool = replace(base.row.service, pool="update")
    used = like(base, 50195, pool, Status.WORKING, "f1")
    rest = like(base, 50196, pool, Status.NOT_EXERCISED)
    assert visit.steps([used, rest]) == []
    assert len(visit.steps([replace(used, flows=(), status=Status.NOT_EXERCISED), rest])[0].rows) == 2


def test_a_pair_is_exercised_by_either_direction_and_others_are_not() -> None:
    incoming, outgoing = reports.ROWS[1], reports.ROWS[4]
    paired = replace(incoming.row.service, paired=True)
    used = like(incoming, 69, paired, Status.WORKING, "f1")
    other = like(outgoing, 69, paired, Status.NOT_EXERCISED)
    assert visit.steps([used, other]) == []
    alone = replace(paired, paired=False)
    steps = visit.steps(
        [like(incoming, 69, alone, Status.WORKING, "f1"), like(outgoing, 69, alone, Status.NOT_EXERCISED)]
    )
    assert [row.direction for step in steps for row in step.rows] == ["outgoing"]
    assert steps[0].option == ""  # operation is always in


def test_an_activity_of_an_own_ruleset_is_named() -> None:
    service = replace(reports.LEGEND["tcp", 80], activity="commissioning")
    (step,) = visit.steps([like(reports.ROWS[0], 80, service, Status.NOT_EXERCISED)])
    assert step.do == "Carry out the activity commissioning."
