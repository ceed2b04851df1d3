"""``portmatrix rules list`` and ``rules show``."""

import json

import pytest
import reports
from printed import GATEWAY_5, NODE_4

from analyzer import rulesets
from analyzer.cli import run
from analyzer.model import Background

OWN = """\
ruleset: acme
title: 7
colour: blue
"""


@pytest.fixture
def loaded(monkeypatch):
    """Rulesets built by hand instead of the shipped ones."""
    seen = []

    def load(extra=()):
        seen.append(tuple(extra))
        return (reports.RULESET,)

    monkeypatch.setattr(rulesets, "load", load)
    return seen


def test_list_names_every_shipped_ruleset(capsys):
    assert run(["rules", "list"]) == 0
    out = capsys.readouterr().out
    for name in ("igor-gateway", "igor-node", "igor-bacnet-service", "biostar-1", "infrastructure"):
        assert f"{name}: " in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_show_prints_the_four_columns(loaded, capsys):
    assert run(["rules", "show", "igor-gateway", "--edition", "5.0.0+"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if "INCOMING" in line)
    assert [line.split() for line in lines[at : at + 4]] == [
        ["INCOMING", "OUTGOING"],
        ["TCP", "UDP", "TCP", "UDP"],
        ["80", "5683", "80", "5683"],
        ["--", "50195", "443", "--"],
    ]
    text = "\n".join(lines)
    assert "1.12.1-4.5.3" not in text
    assert "CoAP" in text
    ours = text.index("Interpretation (ours")
    assert text.index("Exercised as a pool.") > ours > text.index("Legend")


@pytest.mark.parametrize(
    ("name", "edition", "document"),
    [("igor-gateway", "5.0.0+", GATEWAY_5), ("igor-node", "4.0.0-5.0.2", NODE_4)],
)
def test_show_agrees_with_the_document_line_by_line(name, edition, document, capsys):
    assert run(["rules", "show", name, "--edition", edition]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    at = lines.index(["TCP", "UDP", "TCP", "UDP"]) + 1
    assert lines[at : lines.index([], at)] == [line.split() for line in document.strip().split("\n")]


def test_show_without_a_name_is_everything(capsys):
    assert run(["rules", "show"]) == 0
    out = capsys.readouterr().out
    assert out.count("INCOMING") >= 7
    assert all(len(line) <= 80 for line in out.splitlines())


def test_show_as_json(loaded, capsys):
    assert run(["rules", "show", "igor-gateway", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "portmatrix.rules/1"
    (ruleset,) = document["rulesets"]
    assert ruleset["editions"][1]["incoming"] == {"tcp": [80], "udp": [5683, 50195]}
    assert ruleset["services"][1]["interpretations"][0]["what"] == "Exercised as a pool."


def test_edition_narrows_json_too(loaded, capsys):
    assert run(["rules", "show", "--edition", "5.0.0+", "--format", "json"]) == 0
    (ruleset,) = json.loads(capsys.readouterr().out)["rulesets"]
    assert [edition["id"] for edition in ruleset["editions"]] == ["5.0.0+"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["show", "nope"], "igor-gateway"),
        (["show", "--edition", "9"], "5.0.0+"),
        (["list", "--format", "csv"], "text, json"),
    ],
)
def test_what_is_not_there_lists_what_is(loaded, arguments, word, capsys):
    assert run(["rules", *arguments]) == 2
    err = capsys.readouterr().err
    assert word in err
    assert err.count("\n") == 1


def test_show_to_a_file(loaded, tmp_path):
    assert run(["rules", "show", "-o", str(tmp_path / "r.json")]) == 0
    assert json.loads((tmp_path / "r.json").read_text())["rulesets"]


def test_own_rules_reach_the_loader(loaded):
    assert run(["rules", "list", "--rules", "a", "--rules", "b"]) == 0
    assert run(["rules", "lint", "c", "--rules", "d"]) == 0
    assert loaded == [("a", "b"), ("c", "d")]


def test_hostile_text_of_a_ruleset_is_visible(monkeypatch, capsys):
    from dataclasses import replace

    hostile = replace(
        reports.RULESET,
        title=reports.HOSTILE,
        notes=(reports.HOSTILE,),
        background=(Background("dns", "always", reports.HOSTILE),),
    )
    monkeypatch.setattr(rulesets, "load", lambda extra=(): (hostile,))
    assert run(["rules", "show"]) == 0
    assert run(["rules", "list"]) == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(capsys.readouterr().out)


def test_elsewhere_an_invalid_ruleset_is_exit_2(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text(OWN)
    assert run(["rules", "list", "--rules", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "a.yaml:1:1" in err
