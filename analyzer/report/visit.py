"""The next visit: rows that this capture did not prove, as steps to take while capturing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from analyzer.model import Row, RowResult, Status

DO: Final[Mapping[str, str]] = {
    "operation": (
        "Let the site work as on a normal day for at least ten minutes: operate lights and doors, open the "
        "web pages, and let every program that uses the system do its work."
    ),
    "firmware-update": (
        "Update the firmware of one device and keep capturing until it is back. Where an update can be "
        "pushed or fetched, one of the two is enough."
    ),
    "configuration": "Change one setting of a device from its usual program, save it, and put it back.",
    "discovery": "Search for devices from the program that finds them.",
    "emergency": (
        "Run the test of the emergency function. Agree on it first with whoever is responsible for the "
        "building."
    ),
    "integration": "Let the third-party system find the devices, read a point, write a point, and subscribe.",
}
"""What makes an activity take place, by its name in the rulesets."""


class Step(NamedTuple):
    """One thing to do while capturing.

    ``option`` is what to add to the command line so that the rows are due; ``why`` says what this capture
    lacked where it could not have shown the rows, empty where the activity did not take place.
    """

    activity: str
    do: str
    rows: tuple[Row, ...]
    option: str
    why: str = ""


def _family(row: Row) -> tuple[str, str, str, str, str]:
    """Rows of one family count as one when due: a pool's ports, and both directions of a pair."""
    service = row.service
    member = f"pool {service.pool}" if service.pool else f"{row.transport} {row.port}"
    return row.ruleset, row.subject, row.edition, "both" if service.paired else row.direction, member


def steps(results: Sequence[RowResult]) -> list[Step]:
    """The steps that would prove the rows not exercised or not observable, in the order of the rows.

    Rows whose family was exercised by another row need no step.
    """
    done = {_family(result.row) for result in results if result.flows}
    grouped: dict[tuple[str, str], list[Row]] = {}
    for result in _unproven(results):
        if _family(result.row) in done:
            continue
        why = result.reason if result.status is Status.NOT_OBSERVABLE else ""
        grouped.setdefault((why, result.row.service.activity), []).append(result.row)
    ordered = sorted(grouped.items(), key=lambda item: bool(item[0][0]))
    return [
        Step(
            activity,
            DO.get(activity, f"Carry out the activity {activity}."),
            tuple(rows),
            "" if activity == "operation" else f"--activity {activity}",
            why,
        )
        for (why, activity), rows in ordered
    ]


def _unproven(results: Sequence[RowResult]) -> Iterable[RowResult]:
    return (result for result in results if result.status in (Status.NOT_EXERCISED, Status.NOT_OBSERVABLE))
