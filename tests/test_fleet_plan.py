"""Which captures there are, and whose."""

from __future__ import annotations

import fnmatch
import os

import fleets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import SiteError, UsageError
from analyzer.fleet.plan import UNASSIGNED, Assignment, plan, site_of


@pytest.mark.parametrize(
    ("path", "site"),
    [
        ("captures/b7/monday.pcap", "b7"),
        ("b7/b12/x.pcap", "b12"),
        ("x/b7-2026.pcap.gz", "b7"),
        ("x/b7.pcap", "b7"),
        ("x/b70.pcap", UNASSIGNED),
        ("x/b12-north.pcap", "b12-north"),
        ("s3://bucket/b12/x.pcap", "b12"),
        (r"D:\captures\b7\x.pcap", "b7"),
        ("elsewhere.pcap", UNASSIGNED),
    ],
)
def test_a_capture_belongs_to_the_site_that_its_path_names(path, site):
    assert site_of(path, ("b7", "b12", "b12-north")) == site


def test_the_fleet_file_decides_first_and_in_its_order():
    lines = [
        Assignment("b12", "*/loan/*"),
        Assignment("", "*/floors/{site}_*"),
        Assignment("b7", "*.old"),
    ]
    assert site_of("b7/loan/x.pcap", ("b7", "b12"), lines) == "b12"
    assert site_of("x/floors/b7_1.pcap", ("b7", "b12"), lines) == "b7"
    assert site_of("b12/x.old", ("b7", "b12"), lines) == "b7"
    assert site_of("b12/x.pcap", ("b7", "b12"), lines) == "b12"


def naive(path, sites, assigned):
    """What a capture's site is, as the documentation says it, one site after the other."""
    for entry in assigned:
        for site in sites if "{site}" in entry.match else [entry.site]:
            if fnmatch.fnmatchcase(path, entry.match.replace("{site}", site)):
                return site
    *folders, name = path.split("/")
    for folder in reversed(folders):
        if folder in sites:
            return folder
    begins = [site for site in sites if name.startswith(site) and not name[len(site) :][:1].isalnum()]
    return max(begins, key=len, default=UNASSIGNED)


words = st.text("ab1-._", min_size=1, max_size=5).filter(lambda word: word not in (".", ".."))


@settings(max_examples=100)
@given(
    st.lists(words, min_size=1, max_size=4),
    st.lists(words, max_size=5, unique=True),
    st.lists(st.builds(Assignment, words, st.sampled_from(["*{site}*", "{site}/*", "*/{site}-*", "*b*"]))),
)
def test_a_site_is_found_without_walking_through_all(parts, sites, assigned):
    path = "/".join(parts)
    assert site_of(path, dict.fromkeys(sites), assigned) == naive(path, sites, assigned)


class Asked(dict):
    """Sites that may be asked for and not walked through."""

    def __iter__(self):
        raise AssertionError("there may be 100,000 of them")


def test_sites_are_not_walked_through():
    sites = Asked({"b7": "", "b12": ""})
    lines = [Assignment("", "*/floors/{site}_*")]
    assert [site_of(path, sites, lines) for path in ("b7/x", "x/b12-1", "x/floors/b7_1", "x/y")] == [
        *("b7", "b12", "b7", UNASSIGNED)
    ]


def test_sources_are_paths_directories_and_globs(tmp_path):
    for name in ("b7/a.pcap", "b7/deep/b.pcap", "b9/c.pcap"):
        fleets.healthy(tmp_path / name)
    sites = fleets.sites(tmp_path / "sites", "b7", "b9")

    def found(*sources):
        return [
            (os.path.relpath(job.path, tmp_path), job.site, job.named)
            for job in plan([str(tmp_path / source) for source in sources], sites).jobs
        ]

    assert found("b7") == [("b7/a.pcap", "b7", True), ("b7/deep/b.pcap", "b7", True)]
    assert found("b*/*.pcap") == [("b7/a.pcap", "b7", True), ("b9/c.pcap", "b9", True)]
    assert found("b9/c.pcap", "b9") == [("b9/c.pcap", "b9", True)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("a.pcap", True),
        ("a.PCAPNG", True),
        ("a.cap12.zst", True),
        ("notes.txt", False),
        ("a.pcap.md5", False),
    ],
)
def test_what_a_directory_holds_is_meant_by_its_name(name, meant, tmp_path):
    (tmp_path / name).write_bytes(b"anything")
    assert [job.named for job in plan([str(tmp_path)]).jobs] == [meant]
    assert [job.named for job in plan([str(tmp_path / name)]).jobs] == [True]


def test_a_key_stays_until_something_changes_that_the_result_depends_on(tmp_path):
    capture = str(fleets.healthy(tmp_path / "b7" / "a.pcap"))
    folder = fleets.sites(tmp_path / "sites", "b7")

    def key(**more):
        ((job),) = plan([capture], folder, **more).jobs
        return job.key

    first = key()
    assert key() == first
    assert key(strict=True) != first
    assert key(activities=("all",)) != first
    (tmp_path / "sites" / "b7.yaml").write_text(fleets.SITE + "# another\n")
    assert key() != first
    (tmp_path / "sites" / "b7.yaml").write_text(fleets.SITE)
    assert key() == first
    fleets.faulty(tmp_path / "b7" / "a.pcap")
    assert key() != first


def test_urls_are_listed_by_fsspec():
    import fsspec

    system = fsspec.filesystem("memory")
    for name in ("/b7/a.pcap", "/b7/b.pcap", "/other/c.pcap"):
        system.pipe(name, b"x")
    try:
        assert [job.path for job in plan(["memory://b7/*.pcap"]).jobs] == [
            "memory:///b7/a.pcap",
            "memory:///b7/b.pcap",
        ]
        assert [job.named for job in plan(["memory://b7/a.pcap"]).jobs] == [True]
        assert len(plan(["memory://other"]).jobs) == 1
        with pytest.raises(UsageError, match="names no file"):
            plan(["memory://b7/*.gz"])
    finally:
        for name in ("/b7", "/other"):
            system.rm(name, recursive=True)


@pytest.mark.parametrize(
    ("sources", "sites", "said"),
    [
        (["nowhere.pcap"], None, "nowhere.pcap: names no file"),
        (["."], "nowhere", "--sites nowhere: is no directory"),
        (["."], "empty", "holds no site file"),
    ],
)
def test_what_names_nothing_is_refused(sources, sites, said, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        plan(sources, sites)


def test_a_site_is_called_something_that_may_be_a_folder(tmp_path):
    folder = fleets.sites(tmp_path / "sites", "b7")
    (tmp_path / "sites" / "a b=c.yaml").write_text(fleets.SITE)
    with pytest.raises(UsageError, match="is named by letters"):
        plan([folder], folder)


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("split: 64 MB\n", 64_000_000),
        ("split: 1000\ncaptures: []\n", 1000),
        ("captures: []\n", None),
    ],
)
def test_the_fleet_file_says_from_which_size_captures_are_split(text, split, tmp_path):
    fleets.healthy(tmp_path / "b7" / "a.pcap")
    folder = fleets.sites(tmp_path / "sites", "b7")
    (tmp_path / "sites" / "fleet.yaml").write_text(text)
    assert plan([str(tmp_path / "b7")], folder).split == split
    assert plan([str(tmp_path / "b7")]).split is None


@pytest.mark.parametrize("value", ["many", "0", "[1]", "''", "true"])
def test_a_split_that_is_no_size_has_its_place(value, tmp_path):
    folder = fleets.sites(tmp_path / "sites", "b7")
    (tmp_path / "sites" / "fleet.yaml").write_text(f"split: {value}\n")
    with pytest.raises(SiteError, match=r"fleet\.yaml:1:8: split"):
        plan([folder], folder)


def test_mistakes_in_the_fleet_file_have_their_place(tmp_path):
    folder = fleets.sites(tmp_path / "sites", "b7")
    (tmp_path / "sites" / "fleet.yaml").write_text("captures:\n  - {site: b8, match: '*'}\n  - {match: x}\n")
    with pytest.raises(SiteError, match=r"fleet\.yaml:2:12: no site file is named 'b8'"):
        plan([folder], folder)
