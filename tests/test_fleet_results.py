"""The dataset: partitions, whole files, views, what is forgotten."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb
import fleets
import pytest

from analyzer.errors import UsageError
from analyzer.fleet.index import quoted
from analyzer.fleet.plan import plan
from analyzer.fleet.query import ask
from analyzer.fleet.results import Results, whole
from analyzer.fleet.run import run
from analyzer.fleet.tables import TABLES
from analyzer.fleet.work import File, analyse, batch


@pytest.fixture
def results(tmp_path):
    fleets.healthy(tmp_path / "b7" / "a.pcap")
    fleets.faulty(tmp_path / "b9" / "b.pcap", at=86_400)
    made = Results(str(tmp_path / "it's results"))
    jobs = plan([str(tmp_path / "b7"), str(tmp_path / "b9")], fleets.sites(tmp_path / "s", "b7", "b9")).jobs
    run(jobs, made, lambda _workers: ThreadPoolExecutor(1))
    return made


def test_tables_are_partitioned_by_site_and_day(results):
    found = sorted(
        path.relative_to(results.folder).parts[:3] for path in results.folder.glob("*/*/*/*.parquet")
    )
    assert found == sorted(
        (name, site, day)
        for site, day in (("site=b7", "day=2026-09-21"), ("site=b9", "day=2026-09-22"))
        for name in TABLES
        if name in ("flows", "rows", "captures") or (name, site) == ("findings", "site=b9")
    )


def test_other_programs_read_them_as_they_are(results):
    quoted = str(results.folder).replace("'", "''")
    ((count,),) = duckdb.sql(
        f"SELECT count(*) FROM '{quoted}/flows/*/*/*.parquet' WHERE site = 'b9'"
    ).fetchall()
    assert count == 2


def test_nothing_is_an_empty_table(tmp_path):
    with Results(str(tmp_path / "none")).database() as database:
        for name, columns in TABLES.items():
            answer = database.execute(f"SELECT * FROM {name}")
            assert [entry[0] for entry in answer.description] == [*(c.name for c in columns), "site", "day"]
            assert answer.fetchall() == []


def test_what_is_forgotten_is_gone_from_every_table(results):
    gone = min(results.known())
    results.forget({gone})
    assert len(results.known()) == 1
    for name in TABLES:
        for path in results.folder.glob(f"{name}/*/*/*.parquet"):
            rows = duckdb.read_parquet(str(path)).filter(f"capture = '{gone}'")
            assert rows.fetchall() == []


def test_what_shares_a_file_with_what_is_forgotten_stays(tmp_path):
    for name in "abc":
        fleets.faulty(tmp_path / "b7" / f"{name}.pcap", at=ord(name))
    made = Results(str(tmp_path / "r"))
    jobs = plan([str(tmp_path / "b7")], fleets.sites(tmp_path / "s", "b7")).jobs
    keys = [job.key for job in jobs]
    made.add("b7", keys, batch(analyse, jobs).files)
    assert len(list(made.folder.glob("captures/*/*/*.parquet"))) == 1
    made.forget({keys[1]})
    assert made.known() == {keys[0], keys[2]}
    with made.database() as database:
        counts = database.execute("SELECT capture, count(*) FROM flows GROUP BY 1 ORDER BY 1").fetchall()
    assert counts == [(key, 2) for key in sorted((keys[0], keys[2]))]
    made.forget({keys[0], keys[2]})
    assert not list(made.folder.glob("*/*/*/*.parquet"))


def test_every_table_has_a_file_and_what_a_killed_run_left_is_swept(tmp_path):
    fleets.healthy(tmp_path / "b7" / "a.pcap")
    made = Results(str(tmp_path / "r"))
    jobs = plan([str(tmp_path / "b7")], fleets.sites(tmp_path / "s", "b7")).jobs
    files = batch(analyse, jobs).files
    made.add("b7", ["half"], [file for file in files if file.table != "captures"])
    (made.folder / "flows" / "site=b7" / "day=2026-09-21" / ".x.parquet.1.part").write_text("half")
    assert made.known() == set()
    with made.database() as database:
        assert database.execute("SELECT count(*) FROM flows").fetchone() == (0,), "not there whole: no result"
    with made.held():
        assert not [path for path in made.folder.glob("flows/**/*") if path.is_file()]
        made.add("b7", [jobs[0].key], files)
        made.complete()
    found = {path.relative_to(made.folder).parts[0] for path in made.folder.glob("*/*/*/*.parquet")}
    assert found == set(TABLES)
    empty = str(made.folder / "transfers" / "*" / "*" / "*.parquet")
    assert duckdb.read_parquet(empty).columns[:3] == ["capture", "id", "protocol"]


def test_only_what_a_run_did_not_end_is_swept(tmp_path, monkeypatch):
    made, swept = Results(str(tmp_path / "r")), []
    monkeypatch.setattr(made, "_sweep", lambda: swept.append(made))

    def held(*files):
        with made.held():
            for file in files:
                made.add("b7", [file.table], [file])
        return len(swept)

    assert held() == 1, "whoever wrote here before"
    assert held(File("flows", "2026-09-21", b"x")) == 1
    assert held() == 1
    with pytest.raises(KeyboardInterrupt), made.held():
        raise KeyboardInterrupt
    assert held() == 2
    monkeypatch.setattr("analyzer.fleet.results.whole", full)
    with made.held(), pytest.raises(OSError, match="No space"):
        made.add("b7", ["x"], [File("flows", "2026-09-21", b"x")])
    assert held() == 3


def full(*_given):
    raise OSError(28, "No space left on device")


def test_a_query_of_one_site_opens_no_file_of_another(results):
    with results.held():
        pass
    (other,) = results.folder.glob("flows/site=b9/*/*.parquet")
    other.write_bytes(b"no Parquet")
    with results.database(alike=True) as database:
        ((count,),) = database.execute("SELECT count(*) FROM flows WHERE site = 'b7'").fetchall()
        assert count == 2
        with pytest.raises(duckdb.Error, match="b9"):
            database.execute("SELECT count(*) FROM flows").fetchall()


@pytest.mark.parametrize("site", ["b7", "b9"])
def test_files_of_a_version_that_had_fewer_columns_are_asked_too(results, site, tmp_path):
    (path,) = results.folder.glob(f"flows/site={site}/*/*.parquet")
    less = tmp_path / "less.parquet"
    duckdb.sql(
        f"COPY (SELECT * EXCLUDE waived FROM read_parquet({quoted(path)})) TO '{less}' (FORMAT parquet)"
    )
    path.write_bytes(less.read_bytes())
    with results.held():
        pass
    for sql in ("SELECT count(waived) FROM flows", "SELECT count(*), any_value(waived) FROM flows"):
        assert ask(str(results.folder), sql)[1][0][0] == (0 if "waived)" in sql[:20] else 4)
    assert len(ask(str(results.folder), "SELECT * FROM flows")[1]) == 4


def test_two_runs_do_not_write_at_once(tmp_path):
    code = (
        "import sys\nfrom analyzer.fleet.results import Results\n"
        "with Results(sys.argv[1]).held():\n print('held', flush=True)\n sys.stdin.read()"
    )
    made = Results(str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match="another run"), made.held():
            pass
        other.kill()
    with made.held():
        pass


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        whole(tmp_path / "x.parquet", b"data")
    assert list(tmp_path.iterdir()) == []


def test_runs_are_kept_in_order_and_junk_among_them_is_passed_over(results):
    results.note("2026-11-21T10:00:00+00:00", {"findings": [2]})
    results.note("2026-11-20T10:00:00+00:00", {"findings": [1]})
    (results.folder / "runs" / "2026-11-22.json").write_text("{")
    assert [entry["findings"] for entry in results.runs()] == [[1], [2]]


def test_a_file_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        Results(str(tmp_path / "file"))


def test_results_are_local(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        UsageError, match=r"^-o s3://bucket/r: results are written to a folder of this machine$"
    ):
        Results("s3://bucket/r")
    assert list(tmp_path.iterdir()) == []
