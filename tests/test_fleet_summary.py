"""The page over all sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import fleets
import pytest

from analyzer.fleet.plan import plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import Account, Failure, run
from analyzer.fleet.summary import SILENT_DAYS, Summary, page, summarise

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
    job = plan([__file__]).jobs[0]
    account = Account((), (Failure(job, "cut \x1b[31m"),), ())
    failed = tuple((failure.job.path, failure.reason) for failure in account.failed)
    lines = page(Summary((), (), None, (), failed, 0, 0, 0))
    assert lines[0] == "NO RESULT: no capture was analysed"
    assert "0 captures analysed, 0 known from earlier runs, 1 FAILED" in lines
    assert "cut \\x1b[31m" in lines[-1]
