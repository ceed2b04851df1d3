"""What lint says of the shipped sheets, and of sheets made to be odd."""

from __future__ import annotations

import dataclasses

import pytest

from analyzer import lint, rulefile, rulesets
from analyzer.lint import Note
from analyzer.model import Ruleset


@pytest.fixture(scope="module")
def shipped() -> tuple[Ruleset, ...]:
    return rulesets.load()


def test_the_vendors_sheets_disagree_on_just_these_rows(shipped: tuple[Ruleset, ...]) -> None:
    """Typed from laying the printed tables over each other by hand."""
    found = {
        (note.edition, note.message): set(note.rows)
        for note in lint.lint(shipped)
        if note.code == "one-sided"
    }
    assert found == {
        ("igor-gateway 1.12.1-4.5.3", "not listed as incoming by igor-node 4.0.0-5.0.2"): {
            "outgoing/tcp/443",
            "outgoing/tcp/1900",
            "outgoing/udp/1900",
            "outgoing/udp/50202",
        },
        ("igor-gateway 1.12.1-4.5.3", "not listed as outgoing by igor-node 4.0.0-5.0.2"): {
            "incoming/udp/1900",
            "incoming/udp/50202",
        },
        ("igor-gateway 5.0.0+", "not listed as incoming by igor-node 6.0.0+"): {
            "outgoing/tcp/443",
            "outgoing/tcp/8080",
            "outgoing/tcp/8081",
            "outgoing/udp/50202",
        },
        ("igor-gateway 5.0.0+", "not listed as outgoing by igor-node 6.0.0+"): {
            "incoming/tcp/443",
            "incoming/tcp/8080",
            "incoming/tcp/8081",
        },
    }


def test_the_shipped_sheets_have_nothing_else_but_gaps(shipped: tuple[Ruleset, ...]) -> None:
    rest = [str(note) for note in lint.lint(shipped) if note.code != "one-sided"]
    assert rest == [
        "note: igor-bacnet-service: no table for igor-bacnet-service below 1.0.0",
        "note: igor-gateway: no table for igor-gateway below 1.12.1",
        "note: igor-gateway: no table for igor-gateway above 4.5.3 and below 5.0.0",
        "note: igor-node: no table for igor-node below 4.0.0",
        "note: igor-node: no table for igor-node above 5.0.2 and below 6.0.0",
        "note: igor-bacnet-service: no loaded sheet speaks about bacnet-system",
        "note: igor-node: no table here is stated to work with igor-gateway from 1.12.1 to below 3.1.0",
    ]


def test_a_note_is_one_line() -> None:
    note = Note(
        "warning",
        "r",
        "one-sided",
        "not listed",
        "s 1+",
        ("incoming/tcp/1", "incoming/tcp/2", "outgoing/udp/3"),
    )
    assert str(note) == "warning: r (s 1+): not listed: incoming tcp 1, 2, outgoing udp 3"


def sheet(name: str, editions: str, services: str = "") -> Ruleset:
    text = f"""\
ruleset: {name}
title: T
vendor: V
document: D
subject: {name}
services:
  - {{port: [1, 2, 3], transport: [tcp, udp], name: S, protocol: http}}
{services}
editions:
{editions}
"""
    return rulefile.parse(text, f"{name}.yaml")


def codes(*sheets: Ruleset, protocols: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    return [(note.severity, note.code, note.message) for note in lint.lint(sheets, protocols)]


def test_overlapping_versions() -> None:
    odd = sheet(
        "odd",
        '  - {id: a, section: S, versions: "<=2", incoming: {tcp: [1, 2, 3]}}\n'
        '  - {id: b, section: S, versions: ">=2", incoming: {tcp: 1}}',
    )
    assert codes(odd) == [("warning", "overlap", "a and b share versions of odd")]


def test_two_tables_of_one_mode() -> None:
    odd = sheet(
        "odd",
        "  - {id: a, section: S, mode: m, incoming: {tcp: [1, 2, 3]}}\n"
        "  - {id: b, section: S, mode: m, incoming: {tcp: 1}}",
    )
    assert codes(odd) == [("warning", "overlap", "several tables for odd in mode m")]


def test_a_legend_entry_in_no_table_and_an_unknown_protocol() -> None:
    odd = sheet(
        "odd",
        '  - {id: a, section: S, versions: ">=0", incoming: {tcp: [1, 2]}, outgoing: {udp: 3}}',
        "  - {port: 9, transport: tcp, name: Nine, protocol: nein}",
    )
    assert codes(odd, protocols=("http",)) == [
        ("warning", "unknown-protocol", "no protocol is called 'nein'"),
        ("note", "unused-service", "the legend's tcp 9 is in no table"),
        ("note", "gap", "no table for odd below 0"),
    ]


def test_a_row_without_a_service_is_an_error() -> None:
    good = sheet("odd", '  - {id: a, section: S, versions: "<=2", incoming: {tcp: [1, 2, 3]}}')
    services = {key: service for key, service in good.services.items() if key != ("tcp", 2)}
    services["tcp", 3] = dataclasses.replace(services["tcp", 3], name="")
    found = lint.lint([dataclasses.replace(good, services=services)])
    assert [(note.severity, note.code, note.rows) for note in found][:2] == [
        ("error", "no-service", ("incoming/tcp/2",)),
        ("error", "no-legend", ()),
    ]


def test_sheets_that_name_each_other_row_by_row() -> None:
    one = sheet(
        "one",
        "  - {id: m, section: S, mode: m, incoming: {tcp: [1, 3]}, outgoing: {tcp: 2},"
        " peers: {incoming/tcp/1: two, outgoing/tcp/2: two}}",
    )
    two = sheet(
        "two",
        "  - {id: m, section: S, mode: m, incoming: {tcp: 2}, outgoing: {tcp: [1, 3]},"
        " peers: {incoming/tcp/2: one, outgoing/tcp/1: one}}",
    )
    assert [note for note in lint.lint([one, two]) if note.code == "one-sided"] == []
    three = dataclasses.replace(two, editions=(dataclasses.replace(two.editions[0], incoming=(), peers={}),))
    assert [(note.edition, note.rows) for note in lint.lint([one, three]) if note.code == "one-sided"] == [
        ("one m", ("outgoing/tcp/2",))
    ]


def test_incompatible_editions_are_not_compared() -> None:
    one = sheet(
        "one",
        '  - {id: "1", section: S, versions: "<2", incoming: {tcp: 1}, peers: {incoming: two},'
        ' works_with: {two: "<2"}}',
    )
    two = sheet("two", '  - {id: "2", section: S, versions: ">=2", outgoing: {tcp: 2}}')
    assert not lint.compatible(one.editions[0], two.editions[0])
    assert [note.code for note in lint.lint([one, two]) if note.severity == "warning"] == ["unreachable"]
    assert ("note", "counterpart-gap", "no table here is stated to work with two >=2") in codes(one, two)


def test_a_role_nobody_speaks_about() -> None:
    odd = sheet("odd", "  - {id: a, section: S, mode: m, incoming: {tcp: [1, 2, 3]}, peers: {incoming: od}}")
    assert codes(odd) == [("note", "role-without-sheet", "no loaded sheet speaks about od")]


def test_rows_that_nobody_can_reach() -> None:
    odd = sheet(
        "odd",
        '  - {id: a, section: S, versions: ">=0", peers: {incoming/tcp/1: [], incoming/tcp/2: hub},\n'
        "     due_with: {incoming/tcp/2: lamp}, incoming: {tcp: [1, 2, 3]}}",
    )
    found = {(note.code, note.message, note.rows) for note in lint.lint((odd,)) if note.code == "unreachable"}
    assert found == {
        ("unreachable", "no counterpart is named, so no traffic is ever expected", ("incoming/tcp/1",)),
        ("unreachable", "due with a role that is no counterpart of the row", ("incoming/tcp/2",)),
    }


def test_a_table_whose_counterpart_has_none() -> None:
    hub = sheet("hub", '  - {id: "1", section: S, versions: "<2", incoming: {tcp: [1, 2, 3]}}')
    lamp = sheet(
        "lamp",
        '  - {id: a, section: S, versions: "<5", works_with: {hub: ">=2"}, incoming: {tcp: [1, 2, 3]}}\n'
        '  - {id: b, section: S, versions: ">=5", works_with: {hub: "<=1.5"}, incoming: {tcp: [1, 2, 3]}}',
    )
    found = [str(note) for note in lint.lint((hub, lamp)) if note.code == "unreachable"]
    assert found == [
        "warning: lamp (lamp a): works with hub >=2, of which there is no table: its rows meet no counterpart"
    ]


def test_two_rulesets_of_one_role() -> None:
    one = sheet("lamp", '  - {id: a, section: S, versions: ">=2", incoming: {tcp: [1, 2, 3]}}')
    other = dataclasses.replace(one, name="mine")
    apart = sheet("lamp", '  - {id: b, section: S, versions: "<2", incoming: {tcp: [1, 2, 3]}}')
    found = [str(note) for note in lint.lint((one, other)) if note.code == "overlap"]
    assert found == ["warning: lamp (lamp a): mine a has a table for the same lamp"]
    later = dataclasses.replace(apart, name="mine")
    assert [note for note in lint.lint((one, later)) if note.code == "overlap"] == []
