"""``portmatrix rules lint``."""

from analyzer.cli import run

OWN = """\
ruleset: acme
title: 7
colour: blue
"""


def test_lint_of_the_shipped_rulesets_is_valid(capsys):
    assert run(["rules", "lint"]) == 0
    out, err = capsys.readouterr()
    assert "50202" in out
    assert out.splitlines()[-1].startswith("5 rulesets valid, ")
    assert err == ""


def test_lint_prints_every_mistake_and_exits_1(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text(OWN)
    (tmp_path / "b.yaml").write_text("[1, 2")
    assert run(["rules", "lint", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert len(out.splitlines()) >= 3
    assert all(f"{tmp_path}/" in line for line in out.splitlines())
    assert any(line.startswith(f"{tmp_path / 'b.yaml'}:") for line in out.splitlines())


def test_lint_of_nothing_is_exit_2(tmp_path, capsys):
    assert run(["rules", "lint", str(tmp_path / "nowhere.yaml")]) == 2
    assert capsys.readouterr().err.startswith("portmatrix: ")
