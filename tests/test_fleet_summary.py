"""The page over all sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import fleets
import pytest
from traffic import Traffic

from analyzer import parquet
from analyzer.fleet.plan import plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import run
from analyzer.fleet.summary import SILENT_DAYS, Fresh, SiteLine, Summary, page, summarise

DAY = 86_400


@pytest.fixture
def fleet(tmp_path):
    """Three sites with captures, one without; two share a fault."""
    fleets.healthy(tmp_path / "calm" / "a.pcap", at=10 * DAY)
    fleets.faulty(tmp_path / "bad-1" / "a.pcap", at=10 * DAY)
    fleets.faulty(tmp_path / "bad-2" / "a.pcap", at=(10 - SILENT_DAYS) * DAY)
    sites = fleets.sites(tmp_path / "sites", "calm", "bad-1", "bad-2", "dark")
    sources = [str(tmp_path / name) for name in ("calm", "bad-1", "bad-2")]
    results = Results(str(tmp_path / "results"))

    def again():
        planned = plan(sources, sites)
        todo = [job for job in planned.jobs if job.key not in results.known()]
        outcome = run(todo, results, lambda _workers: ThreadPoolExecutor(1))
        summary, findings = summarise(results, planned, outcome, len(planned.jobs) - len(todo))
        results.note(f"{len(results.runs())}", {"findings": findings})
        return summary

    return again, tmp_path


def test_the_worst_site_comes_first_and_shared_faults_are_one_line(fleet):
    again, _ = fleet
    summary = again()
    assert [(line.site, line.violations) for line in summary.sites] == [
        ("bad-1", 1),
        ("bad-2", 1),
        ("calm", 0),
    ]
    (fault,) = summary.shared
    assert (fault.sites, fault.severity) == (("bad-1", "bad-2"), "violation")
    assert summary.fresh is None
    assert not summary.compliant


def test_sites_without_news_are_named(fleet):
    again, _ = fleet
    assert again().silent == (("bad-2", "2026-09-24"), ("dark", ""))


def test_a_second_run_tells_what_is_new_and_what_was_mended_is_history(fleet):
    again, folder = fleet
    assert again().done == 3
    fleets.faulty(folder / "calm" / "b.pcap", at=11 * DAY)
    fleets.healthy(folder / "bad-1" / "b.pcap", at=11 * DAY)
    summary = again()
    assert (summary.done, summary.known) == (2, 3)
    assert [(one.site, one.severity) for one in summary.fresh] == [("calm", "violation")]
    assert {line.site: line.violations for line in summary.sites} == {"calm": 1, "bad-1": 0, "bad-2": 1}
    assert again().fresh == ()


def test_the_page_says_it_all_without_a_strangers_bytes():
    lines = page(Summary((), (), None, (), (), (("a.pcap", "cut \x1b[31m"),), 0, 0, 0))
    assert lines[0] == "NO RESULT: no capture was analysed"
    assert "0 captures analysed, 0 known from earlier runs, 1 FAILED" in lines
    assert lines[-1] == "  a.pcap: cut \\x1b[31m"


def test_sites_without_findings_and_sites_without_captures_are_a_line_each():
    sites = [
        SiteLine("bad", 3, "2026-09-21", 2, 1, 1, 1, "SSH is open", 3),
        SiteLine("lost", 0, "", 0, 0, 0, 4, "", 0),
        *(SiteLine(f"calm-{number}", 1, "2026-09-21", 0, 0, 0, 0, "", 1) for number in range(9)),
    ]
    calm = "calm-0, calm-1, calm-2, calm-3, calm-4, calm-5"
    silent = (("far", "2026-08-01"), ("dark-1", ""), ("dark-2", ""))
    lines = page(Summary(tuple(sites), (), None, silent, (), (), 12, 0, 0))
    assert lines[0] == "NOT COMPLIANT: 1 of 10 sites with violations"
    at = lines.index("Sites, the worst first")
    assert lines[at + 1 : at + 5] == [
        "  bad     2 violations, 1 warning, 1 damaged, 1 FAILED; 3 captures, last 2026-09-21",
        "          SSH is open",
        "  lost    0 violations, 0 warnings, 4 FAILED; no capture",
        f"  without violation, warning or damage: 9 sites ({calm} and 3 more)",
    ]
    at = lines.index("Sites without news")
    assert lines[at + 1 :] == ["  far: last capture 2026-08-01", "  no capture: 2 sites (dark-1, dark-2)"]


def test_a_site_about_which_no_sheet_speaks_is_not_called_compliant():
    mute = SiteLine("mute", 2, "2026-09-21", 0, 0, 0, 0, "", 0)
    heard = SiteLine("heard", 1, "2026-09-21", 0, 0, 0, 0, "", 1)

    def first(*sites):
        lines = page(Summary(sites, (), None, (), (), (), 1, 0, 0))
        return lines[0], [line for line in lines if line.startswith("  mute")]

    said = "0 violations, 0 warnings, nothing judged; 2 captures, last 2026-09-21"
    assert first(mute) == ("NOTHING JUDGED: no sheet speaks about the traffic of 1 site", [f"  mute  {said}"])
    compliant = "COMPLIANT: 1 site, no violation; nothing judged at 1 more"
    assert first(heard, mute) == (compliant, [f"  mute   {said}"])


def test_strangers_alone_are_not_judged(fleet):
    again, folder = fleet
    Traffic().udp(0, "10.9.0.1", 4000, "10.9.0.2", 4001, b"hello").write(folder / "calm" / "x.pcap")
    (calm,) = [line for line in again().sites if line.site == "calm"]
    assert 0 < calm.judged == calm.captures - 1


def test_results_of_a_version_that_did_not_say_what_was_judged_stay_approved(fleet):
    again, folder = fleet
    before = {line.site: line.judged for line in again().sites}
    for path in (folder / "results" / "captures").rglob("*.parquet"):
        old = path.with_name("old")
        with parquet.connect() as database:
            read = f"read_parquet('{path}', hive_partitioning = false)"
            database.execute(f"COPY (SELECT * EXCLUDE (judged) FROM {read}) TO '{old}' (FORMAT parquet)")
        old.replace(path)
    assert {line.site: line.judged for line in again().sites} == before


def test_the_same_new_fault_at_several_sites_is_one_entry():
    new = [Fresh(site, f"id-{site}", "violation", f"SSH at {site}", "ssh") for site in ("a", "b")]
    other = Fresh("a", "x", "warning", "old version", "version")
    lines = page(Summary((), (), (other, *new), (), (), (), 0, 0, 0))
    at = lines.index("New since the last run")
    assert lines[at + 1 : at + 4] == [
        "  violation: 2 sites (a, b): ssh",
        "    for example: SSH at a",
        "  a: warning: old version [x]",
    ]


def test_damaged_captures_and_those_that_failed_are_listed(fleet):
    again, folder = fleet
    whole = fleets.healthy(folder / "calm" / "b.pcap", at=10 * DAY).read_bytes()
    (folder / "calm" / "b.pcap").write_bytes(whole[:-3])
    (folder / "calm" / "c.pcap").write_bytes(whole[:3])
    summary = again()
    ((path, problem),) = summary.damaged
    assert (path, problem.split(":")[0]) == (str(folder / "calm" / "b.pcap"), "truncated-file")
    ((path, reason),) = summary.failed
    assert path == str(folder / "calm" / "c.pcap")
    assert path not in reason
    (calm,) = [line for line in summary.sites if line.site == "calm"]
    assert (calm.problems, calm.failed) == (1, 1)
    assert again().damaged == summary.damaged, "also when it is known from an earlier run"
