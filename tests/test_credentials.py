"""What a URL holds to open it is used, and is nowhere afterwards: not in a result, not on the terminal."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import traceback
import zipfile
from pathlib import Path
from urllib.parse import quote

import fleets
import fsspec
import pypdf
import pytest
import servers
from judging import SAMPLES

import analyzer
from analyzer.capture import remote
from analyzer.cli import run
from analyzer.errors import CaptureError
from analyzer.fleet.plan import plan
from analyzer.fleet.results import Results
from analyzer.fleet.work import batch
from analyzer.report import names

CASE = SAMPLES / "unexpected-service"
PASSWORD = "hunter2!pass/word"
TOKEN = "tok4711"
SECRETS = ("hunter2", "word@", TOKEN, "s3cret")


def clean(data: bytes | str) -> bool:
    """Whether none of the secrets is in there."""
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    return not any(secret in text for secret in SECRETS)


def content(path: Path) -> str:
    """All that a file holds, unpacked."""
    data = path.read_bytes()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if data.startswith(b"%PDF"):
        return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    if data.startswith(b"PAR1"):
        from analyzer import parquet

        with parquet.connect() as database:
            held = database.execute("SELECT * FROM read_parquet($file)", {"file": str(path)}).fetchall()
            about = database.execute(
                "SELECT * FROM parquet_kv_metadata($file)", {"file": str(path)}
            ).fetchall()
        return f"{held} {about}"
    return data.decode("utf-8", "replace")


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No connection of another test, and no waiting."""
    monkeypatch.setattr(remote, "PAUSE", 0.01)
    monkeypatch.setattr(sys.modules["analyzer.fleet.run"], "TRIES", 1)
    for scheme in ("http", "sftp", "memory"):
        fsspec.get_filesystem_class(scheme).clear_instance_cache()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder on a web server that wants user, password and token; its host and handler."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(CASE / "capture.pcapng", folder / "a.pcapng")
    fleets.chatty(folder / "large.pcap", 2000)
    (folder / "text.pcap").write_text("no capture")
    with servers.guarded(folder, f"reader:{PASSWORD}", TOKEN) as (host, handler):
        yield host, handler


def address(host: str, name: str = "a.pcapng", password: str = PASSWORD, token: str = TOKEN) -> str:
    return f"http://reader:{quote(password, safe='')}@{host}/{name}?token={token}&part=2"


def outcome(capfd, *arguments: str) -> tuple[int, str]:
    """Exit code and all that was said. None of it is a secret."""
    code = run(arguments)
    said = capfd.readouterr()
    assert clean(said.out), said.out
    assert clean(said.err), said.err
    return code, said.out + said.err


@pytest.mark.parametrize(
    ("command", "form"),
    [
        (command, form)
        for command, what in (("check", "report"), ("flows", "flows"), ("firmware", "firmware"))
        for form in names(what)
    ],
)
def test_no_format_shows_them(served, tmp_path, capfd, command, form):
    host, _ = served
    site = ["--site", str(CASE / "site.yaml")] if command != "flows" else []
    target = tmp_path / f"out.{form}"
    code, _ = outcome(capfd, command, address(host), *site, "--format", form, "-o", str(target), "-v")
    assert code in (0, 1)
    assert target.stat().st_size
    assert clean(content(target))


def test_reports_say_where_the_capture_was_and_how_they_were_made(served, tmp_path, capfd):
    host, _ = served
    site = str(CASE / "site.yaml")
    for form in ("json", "html"):
        outcome(capfd, "check", address(host), "--site", site, "-o", str(tmp_path / f"r.{form}"))
    shown = f"http://***@{host}/a.pcapng?token=***&part=2"
    assert f'"path":"{shown}"' in content(tmp_path / "r.json").replace('": "', '":"')
    assert f"portmatrix check &#39;{shown}&#39; --site".replace("&part", "&amp;part") in content(
        tmp_path / "r.html"
    )


def test_no_other_command_shows_them(served, tmp_path, capfd):
    host, _ = served
    url, site = address(host), str(tmp_path / "site.yaml")
    shutil.copy(CASE / "site.yaml", site)
    run(["check", url, "--site", site, "--format", "csv", "-o", str(tmp_path / "found.csv")])
    report = analyzer.check(str(CASE / "capture.pcapng"), site=site)
    finding = next(found.id for found in report.report.findings if found.kind.value == "unexpected-flow")
    for command in (
        ("evidence", url, "--site", site, "--finding", finding, "-o", str(tmp_path / "e.pcapng")),
        ("survey", url, "-o", str(tmp_path / "s.yaml")),
        ("learn", url, "-o", str(tmp_path / "l.yaml")),
        ("diff", url, str(CASE / "capture.pcapng"), "--site", site, "-o", str(tmp_path / "d.html")),
        ("diff", url, url, "--site", site, "-o", str(tmp_path / "d.json")),
        ("firmware", "--pair", url, url, "-o", str(tmp_path / "p.json")),
        ("inspect", url, "--flow", "f1", "-o", str(tmp_path / "i.json")),
        ("waive", finding, url, "--site", site, "--reason", "known", "--owner", "IT"),
    ):
        code, said = outcome(capfd, *command)
        assert code in (0, 1), said
    made = sorted(tmp_path.iterdir())
    assert len(made) == 9
    for path in made:
        assert clean(content(path)), path


@pytest.mark.parametrize(
    "url",
    [
        address("{host}", password="hunter2!not"),
        address("{host}", token="tok4711x"),
        address("{host}", "nothing.pcap"),
        address("{host}", "text.pcap"),
        address("127.0.0.1:1"),
        address("nowhere.invalid"),
        address("{host}x"),
        f"http://reader:{PASSWORD}@{{host}}/a.pcapng?token={TOKEN}",
        f"nosuch://reader:hunter2@{{host}}/a.pcapng?token={TOKEN}",
        f"s3://reader:hunter2@{{host}}/a.pcapng?token={TOKEN}",
        "sftp://reader:hunter2@127.0.0.1:1/a.pcapng",
        "sftp://reader:hunter2@host:port/a.pcapng",
        f"file://reader:hunter2@/a.pcapng?token={TOKEN}",
        f"zip://a.pcap::http://reader:hunter2@{{host}}/a.zip?token={TOKEN}",
    ],
)
def test_no_error_shows_them(served, tmp_path, capfd, monkeypatch, url):
    host, _ = served
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(remote, "TRIES", 1)
    url = url.format(host=host)
    for command in (["check"], ["flows"], ["firmware"], ["fleet", "-o", str(tmp_path / "r")]):
        code, said = outcome(capfd, *command, url)
        assert code == 2
        assert said.count("\n") == 1 or command[0] == "fleet"
        assert "***@" in said


@pytest.mark.parametrize("fault", [500, "cut"])
def test_no_source_that_fails_shows_them(served, tmp_path, capfd, fault):
    host, handler = served
    handler.faults = {"/a.pcapng": [lambda: None, *[fault] * 9]}
    outcome(capfd, "check", address(host), "-o", str(tmp_path / "r.json"))
    handler.faults = {"/a.pcapng": [lambda: None, *[fault] * 9]}
    assert outcome(capfd, "fleet", address(host), "--jobs", "1", "-o", str(tmp_path / "r"))[0] == 2
    handler.faults = {}
    assert all(clean(content(path)) for path in tmp_path.rglob("*") if path.is_file())


def test_an_option_that_takes_a_file_does_not_show_them(capfd):
    url = f"https://reader:hunter2@host/x?token={TOKEN}"
    capture = str(CASE / "capture.pcapng")
    for arguments in (
        ("check", capture, "--site", url),
        ("check", capture, "--rules", url),
        ("check", capture, "-o", url),
        ("check", capture, "--host", url),
        ("check", "--follow", url),
        ("fleet", capture, "-o", url),
        ("fleet", capture, "--sites", url),
        ("exclusions", url),
        (url,),
    ):
        code, said = outcome(capfd, *arguments)
        assert code == 2, said
        assert said.count("\n") == 1


def test_a_traceback_does_not_show_them(served):
    host, _ = served
    for url in (address(host, password="hunter2"), "sftp://reader:hunter2/s3cret@host/a.pcap"):
        with pytest.raises(CaptureError) as caught:
            analyzer.check(url)
        shown = "".join(traceback.format_exception(caught.value))
        assert clean("\n".join(line for line in shown.splitlines() if not line.lstrip().startswith("url")))


def test_a_process_that_ends_says_nothing_more(served):
    host, _ = served
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "analyzer", "check", address(host, password="hunter2")],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONASYNCIODEBUG": "1"},
    )
    assert done.returncode == 2
    assert clean(done.stdout + done.stderr), done.stderr


# ---------------------------------------------------------------- fleets


def test_no_result_of_a_fleet_shows_them_and_it_goes_on_with_others(served, tmp_path, capfd):
    host, handler = served
    results = tmp_path / "results"
    sources = [address(host, name) for name in ("a.pcapng", "large.pcap", "text.pcap")]
    arguments = ["--jobs", "2", "--split", "40 kB", "-o", str(results)]
    code, said = outcome(capfd, "fleet", *sources, *arguments, "-v")
    assert code == 2
    assert f"http://***@{host}/text.pcap?token=***&part=2: " in said
    assert "2 captures analysed" in said
    files = [path for path in results.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert clean(content(path)), path
        assert clean(str(path))
    code, said = outcome(
        capfd, "fleet", "query", "SELECT DISTINCT source FROM captures", "--results", str(results)
    )
    assert f"http://***@{host}/large.pcap?token=***&part=2" in said
    wanted = handler.wanted
    with servers.guarded(results, "reader:n3w", "renewed") as (_, other):
        handler.wanted = other.wanted
    sources = [address(host, name, "n3w", "renewed") for name in ("a.pcapng", "large.pcap")]
    code, said = outcome(capfd, "fleet", *sources, *arguments)
    handler.wanted = wanted
    assert "0 captures analysed, 2 known from earlier runs" in said


def test_folders_are_walked_with_them_and_workers_cannot_tell_them(tmp_path):
    fleets.faulty(tmp_path / "b7" / "a.pcap")
    with servers.guarded(tmp_path, f"reader:{PASSWORD}") as (host, _):
        planned = plan([f"http://reader:{quote(PASSWORD, safe='')}@{host}/"])
        (job,) = planned.jobs
        assert job.path == f"http://***@{host}/b7/a.pcap"
        assert clean(repr(planned))
        made = batch(fleets.analyse, planned.jobs)
    assert [(one.key, one.error) for one in made.done] == [(job.key, "")]
    assert clean(repr(made))


def test_sftp_takes_a_password(tmp_path, monkeypatch, capfd):
    """Of the server ``servers.Sftp``: it is ``secret``, which is hidden as such."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    fleets.faulty(tmp_path / "held" / "b7" / "a.pcap")
    server = servers.Sftp(tmp_path / "held")
    (home / ".ssh" / "known_hosts").write_text(server.known)
    try:
        root = f"sftp://reader:secret@127.0.0.1:{server.port}"
        assert run(["fleet", f"{root}/b7", "--jobs", "1", "-o", str(tmp_path / "r")]) in (0, 1)
        assert run(["check", f"{root}/b7/a.pcap", "-o", str(tmp_path / "r" / "check.json")]) == 0
        assert run(["check", f"{root.replace('secret', 'secreet')}/b7/a.pcap"]) == 2
    finally:
        server.stop()
    said = capfd.readouterr()
    assert "secre" not in said.out + said.err
    files = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert not any("secret" in content(path) for path in files)
    assert "sftp://reader:***@127.0.0.1" in content(tmp_path / "r" / "check.json")


def test_files_that_only_their_credentials_tell_apart_stay_apart(tmp_path):
    system = fsspec.filesystem("memory")
    for number in (1, 2):
        system.pipe(f"/x/a.pcap?token={number}", fleets.faulty(tmp_path / "a.pcap", at=number).read_bytes())
    urls = [f"memory://x/a.pcap?token={number}" for number in (1, 2, 1)]
    jobs = plan(urls).jobs
    system.rm("/x", recursive=True)
    assert [job.path for job in jobs] == [f"memory:///x/a.pcap?token=***{more}" for more in ("", "#2")]
    assert len({job.key for job in jobs}) == 2


def test_results_that_still_hold_them_are_made_anew(tmp_path, capfd, monkeypatch):
    """Those of a version that kept URLs as they were given."""
    fleets.faulty(tmp_path / "b7" / "a.pcap")
    arguments = ["--jobs", "1", "-o", str(tmp_path / "r")]
    with servers.guarded(tmp_path, f"reader:{PASSWORD}") as (host, _):
        url = f"http://reader:{quote(PASSWORD, safe='')}@{host}/b7/a.pcap"
        with monkeypatch.context() as before:
            before.setattr(sys.modules[plan.__module__], "shown", lambda given: given)
            run(["fleet", url, *arguments])
        capfd.readouterr()
        assert list(Results(str(tmp_path / "r")).sources().values()) == [url]
        outcome(capfd, "fleet", url, *arguments)
    assert list(Results(str(tmp_path / "r")).sources().values()) == [f"http://***@{host}/b7/a.pcap"]
