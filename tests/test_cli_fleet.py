"""``portmatrix fleet``: what a user types, and what the exit code says."""

from __future__ import annotations

import sys

import fleets
import pytest

from analyzer.cli import run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fleets.sites(tmp_path / "sites", "b7", "b9")
    fleets.healthy(tmp_path / "captures" / "b7" / "a.pcap")
    return tmp_path


def fleet(*more):
    return run(["fleet", "captures", "--sites", "sites", "--jobs", "1", *more])


def test_a_fleet_is_summed_up_and_asked(folder, capsys):
    assert fleet() == 0
    said = capsys.readouterr()
    assert said.out.startswith("COMPLIANT: 1 site, no violation\n1 capture analysed, 0 known")
    assert (folder / "results" / "summary.txt").read_text() == said.out
    assert run(["fleet", "query", "SELECT site, count(*) AS n FROM captures GROUP BY ALL"]) == 0
    assert capsys.readouterr().out.split() == ["site", "n", "b7", "1"]


def test_only_what_is_new_is_analysed_and_a_violation_is_exit_code_1(folder, capsys):
    assert fleet("-q") == 0
    fleets.faulty(folder / "captures" / "b9" / "b.pcap")
    capsys.readouterr()
    assert fleet() == 1
    said = capsys.readouterr().out
    assert "1 capture analysed, 1 known from earlier runs" in said
    assert "New since the last run\n  b9: violation: " in said


def test_a_site_file_that_changed_has_its_captures_analysed_anew(folder, capsys):
    fleets.faulty(folder / "captures" / "b9" / "b.pcap")
    assert fleet() == 1
    allowed = "allow:\n  - {from: any, to: gateway, transport: tcp, port: 22, reason: maintenance}\n"
    (folder / "sites" / "b9.yaml").write_text(fleets.SITE + allowed)
    assert fleet() == 0
    assert len(list(folder.glob("results/captures/*/*/*.parquet"))) == 2
    capsys.readouterr()


def test_a_capture_that_cannot_be_read_is_listed_and_exit_code_2(folder, capsys):
    (folder / "captures" / "bad.pcap").write_bytes(b"\xd4\xc3\xb2\xa1\x02")
    assert fleet() == 2
    said = capsys.readouterr().out
    assert "1 FAILED" in said
    assert "Captures that could not be analysed\n  captures/bad.pcap: " in said


def test_a_large_capture_in_pieces_is_the_same(folder, capsys):
    assert fleet("--split", "100", "-o", "pieces") == 0
    assert fleet("--split", "1 GiB") == 0
    said = []
    for where in ("pieces", "results"):
        query = "SELECT * EXCLUDE capture FROM flows ORDER BY id"
        run(["fleet", "query", query, "--results", where, "--format", "json"])
        said.append(capsys.readouterr().out.splitlines()[-2:])
    assert said[0] == said[1]


@pytest.mark.parametrize("size", ["", "0", "-1", "many", "1 XB", "1e9"])
def test_a_size_that_is_none_is_one_line(folder, size, capsys):
    assert fleet("--split", size) == 2
    assert "is no size" in capsys.readouterr().err


def test_a_disk_without_room_for_the_summary_is_told_of_after_it(folder, capsys, monkeypatch):
    def full(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analyzer.fleet.results.Results.write", full)
    assert fleet() == 2
    said = capsys.readouterr()
    assert said.out.startswith("COMPLIANT: 1 site")
    assert said.err == "portmatrix: -o results: No space left on device\n"


def test_another_run_is_not_disturbed(folder, capsys, monkeypatch):
    monkeypatch.setattr("analyzer.fleet.results._locked", lambda _file: False)
    assert fleet() == 2
    assert capsys.readouterr().err == "portmatrix: -o results: another run is writing there\n"


def test_a_source_that_names_nothing_is_one_line(folder, capsys):
    assert run(["fleet", "nowhere"]) == 2
    assert capsys.readouterr().err == "portmatrix: nowhere: names no file\n"


def test_without_dask_one_line_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert fleet("--scheduler", "tcp://127.0.0.1:1") == 2
    assert "pip install 'portmatrix[cluster]'" in capsys.readouterr().err


def test_the_columns_are_told_of_and_lie_beside_the_results(folder, capsys):
    assert fleet("-q") == 0
    capsys.readouterr()
    assert run(["fleet", "columns"]) == 0
    said = capsys.readouterr().out
    assert said == (folder / "results" / "columns.md").read_text()
    assert "| `responder_port` | USMALLINT | NULL without ports |" in said


def test_help_is_there_for_the_group_and_its_commands(capsys):
    assert run(["fleet", "--help"]) == 0
    assert "query" in capsys.readouterr().out
    assert run(["fleet", "run", "--help"]) == 0
    assert "--scheduler" in capsys.readouterr().out
    assert run(["fleet"]) == 2
