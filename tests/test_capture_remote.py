"""Captures behind URLs, on real servers of this machine: what is listed, read, refused, tried again."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fleets
import fsspec
import pytest
import servers
import trustme

from analyzer.capture import remote
from analyzer.capture.find import find
from analyzer.errors import CaptureError, MissingExtra
from analyzer.fleet.plan import plan
from analyzer.fleet.results import Results
from analyzer.fleet.run import Account, run

ROOT = Path(__file__).parents[1]
NAMES = ("b7/a.pcap", "b7/deep/b.pcap", "b9/c.pcap")


def names(root: str, *sources: str) -> list[str]:
    """What ``sources`` under the URL ``root`` name, as paths there."""
    return [job.path.removeprefix(root) for job in plan([root + source for source in sources]).jobs]


def keys(*sources: str) -> set[str]:
    return {job.key for job in plan(sources).jobs}


def analysed(folder: Path, *sources: str) -> Account:
    return run(plan(sources).jobs, Results(str(folder)), lambda _workers: ThreadPoolExecutor(1))


def sums(folder: Path) -> set[str]:
    """SHA-256 of every capture among the results."""
    with Results(str(folder)).database() as database:
        return {value for (value,) in database.execute("SELECT sha256 FROM captures").fetchall()}


def command(*arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and standard error of the command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three captures of two sites, and the sums of what is analysed of them without a server."""
    folder = tmp_path_factory.mktemp("made")
    for number, name in enumerate(NAMES):
        fleets.faulty(folder / "held" / name, at=number)
    analysed(folder / "results", str(folder / "held"))
    assert len(sums(folder / "results")) == 3
    return folder / "held", sums(folder / "results")


@pytest.fixture
def held(made, tmp_path):
    """The captures, for a test to serve and to change."""
    return shutil.copytree(made[0], tmp_path / "held")


@pytest.fixture
def direct(made):
    return made[1]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No connection of another test, and no waiting."""
    monkeypatch.setattr(remote, "PAUSE", 0.01)
    for scheme in ("s3", "https", "sftp", "memory"):
        fsspec.get_filesystem_class(scheme).clear_instance_cache()


def test_folders_globs_and_files_in_memory(held):
    system = fsspec.filesystem("memory")
    for name in NAMES:
        system.pipe(f"/{name}", (held / name).read_bytes())
    assert names("memory://", "/b7") == ["/b7/a.pcap", "/b7/deep/b.pcap"]
    assert names("memory://", "/b*/*.pcap", "/b9/c.pcap") == ["/b7/a.pcap", "/b9/c.pcap"]
    system.rm("/b7", recursive=True)
    system.rm("/b9", recursive=True)


def test_requests_grow_so_that_a_look_is_cheap_and_a_large_file_takes_few():
    data = bytes(range(256)) * (1 << 17)
    fsspec.filesystem("memory").pipe("/x/large", data)
    stream = remote.opened("memory://x/large")
    asked = []
    inner = stream._file.read
    stream._file.read = lambda size: asked.append(size) or inner(size)
    assert stream.read(10) == data[:10]
    assert asked == [remote.FIRST_READ]
    read = [data[:10]]
    while piece := stream.read(99_999):
        assert len(piece) <= 99_999
        read.append(piece)
    assert b"".join(read) == data
    assert max(asked) == remote.MOST_READ
    assert len(asked) < 12
    fsspec.filesystem("memory").rm("/x", recursive=True)


@pytest.mark.parametrize("url", ["s3://bucket/a.pcap", "https://host/a.pcap", "sftp://host/a.pcap"])
def test_without_its_client_library_one_line_says_what_to_install(url, monkeypatch):
    for module in ("s3fs", "aiohttp", "sshfs", "sshfs.spec"):
        monkeypatch.setitem(sys.modules, module, None)
    for scheme in ("s3", "https", "sftp"):
        monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, scheme, raising=False)
    for ask in (find, plan):
        with pytest.raises(MissingExtra, match=rf"reading {url} needs an extra: .*portmatrix\[remote\]"):
            ask([url])


# ---------------------------------------------------------------- https


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def web(held, authority, monkeypatch):
    """An https server whose authority this process trusts; its URL and its handler."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    monkeypatch.setitem(fsspec.config.conf, "https", {"ssl": context})
    with servers.https(held, authority.issue_cert("127.0.0.1")) as found:
        yield found


def test_https_folders_globs_and_files(web, direct, tmp_path):
    root, _ = web
    assert names(root, "/b7/") == ["/b7/a.pcap", "/b7/deep/b.pcap"]
    assert names(root, "/b7") == ["/b7/a.pcap", "/b7/deep/b.pcap"]
    assert names(root, "/*/*.pcap") == ["/b7/a.pcap", "/b9/c.pcap"]
    assert keys(f"{root}/b9/") == keys(f"{root}/b9/c.pcap")
    assert not analysed(tmp_path / "r", f"{root}/").failed
    assert sums(tmp_path / "r") == direct


def test_a_file_that_changed_on_a_web_server_is_another(web, held):
    root, _ = web
    before = keys(f"{root}/b9/")
    assert keys(f"{root}/b9/") == before
    fleets.healthy(held / "b9" / "c.pcap", at=5)
    assert not keys(f"{root}/b9/") & before


def test_links_that_only_sort_a_listing_are_no_files(web, held):
    (held / "b9" / "index.html").write_text(
        '<a href="?C=N;O=D">Name</a> <a href="/">Parent</a> <a href="c.pcap">c.pcap</a>'
    )
    assert names(web[0], "/b9/") == ["/b9/c.pcap"]


def test_a_connection_that_ends_early_is_no_short_capture(web, direct, tmp_path):
    root, handler = web
    # Each capture is opened twice: for a look at its head, and to be read.
    handler.faults = {"/b7/a.pcap": [lambda: None, "cut", lambda: None, "cut"], "/b9/c.pcap": ["cut"]}
    assert not analysed(tmp_path / "r", f"{root}/").failed
    assert sums(tmp_path / "r") == direct


def test_a_connection_that_always_ends_early_is_a_failure(web, tmp_path):
    root, handler = web
    handler.faults = {"/b9/c.pcap": [lambda: None, "cut"] * 3}
    (failure,) = analysed(tmp_path / "r", f"{root}/b9/c.pcap").failed
    assert failure.reason.startswith("reading stopped at byte ")
    assert sums(tmp_path / "r") == set()


def test_a_server_error_is_asked_again_and_a_refusal_is_not(web, direct, tmp_path):
    root, handler = web
    handler.faults = {"/": [500, 503], "/b7/a.pcap": [500]}
    assert not analysed(tmp_path / "r", f"{root}/").failed
    assert sums(tmp_path / "r") == direct
    handler.faults = {"/": [403]}
    with pytest.raises(CaptureError, match=r"cannot be listed: the server says 403 Forbidden$"):
        plan([f"{root}/"])
    with pytest.raises(CaptureError, match=r"nothing: cannot be listed: the server says 404 File not found$"):
        plan([f"{root}/nothing"])


def test_a_file_that_changes_is_analysed_as_it_is_then(web, held, tmp_path):
    root, handler = web
    jobs = plan([f"{root}/b9/c.pcap"]).jobs

    def changed():
        fleets.faulty(held / "b9" / "c.pcap", at=99)
        os.utime(held / "b9" / "c.pcap", (0, 0))

    fleets.healthy(held / "b9" / "c.pcap", at=50)
    handler.faults = {"/b9/c.pcap": [lambda: None, changed]}
    outcome = run(jobs, Results(str(tmp_path / "r")), lambda _workers: ThreadPoolExecutor(1))
    assert not outcome.failed
    assert len(handler.asked) > 5, "it was read twice"
    analysed(tmp_path / "now", str(held / "b9"))
    assert sums(tmp_path / "r") == sums(tmp_path / "now")
    assert keys(f"{root}/b9/c.pcap") != {job.key for job in jobs}, "the next run knows that it changed"


@pytest.mark.parametrize("ranges", [True, False])
def test_a_large_capture_is_read_in_pieces_where_the_server_knows_ranges(web, held, tmp_path, ranges):
    root, handler = web
    handler.ranges = ranges
    fleets.chatty(held / "b9" / "large.pcap", 4000)
    results = Results(str(tmp_path / "r"))
    split = (held / "b9" / "large.pcap").stat().st_size // 3
    jobs = plan([f"{root}/b9/large.pcap"]).jobs
    assert not run(jobs, results, lambda _workers: ThreadPoolExecutor(2), 2, split=split).failed
    analysed(tmp_path / "whole", str(held / "b9" / "large.pcap"))
    assert content(results) == content(Results(str(tmp_path / "whole")))


def content(results: Results) -> list[object]:
    with results.database() as database:
        flows = "SELECT * EXCLUDE capture FROM flows ORDER BY first, first_frame"
        captures = "SELECT packets, bytes, flows FROM captures"
        return database.execute(flows).fetchall() + database.execute(captures).fetchall()


@pytest.mark.slow
def test_the_users_own_authority_is_named_by_the_environment(held, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with servers.https(held, authority.issue_cert("127.0.0.1")) as (root, _):
        arguments = ("check", f"{root}/b9/c.pcap", "-q")
        assert command(*arguments, SSL_CERT_FILE=str(tmp_path / "ca.pem")) == (0, "")
        code, said = command(*arguments)
    assert code == 2
    assert said.startswith(f"portmatrix: {root}/b9/c.pcap: cannot be read: ")
    assert "certificate verify failed" in said
    assert "SSL_CERT_FILE" in said
    assert said.count("\n") == 1


# ---------------------------------------------------------------- s3


@pytest.fixture(scope="module")
def endpoint():
    with servers.s3() as found:
        yield found


@pytest.fixture
def bucket(endpoint, held, monkeypatch):
    """A bucket with the captures, and the environment of a user who may read it."""
    user = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in user.items():
        monkeypatch.setenv(name, value)
    system = fsspec.filesystem("s3")
    if not system.exists("captures"):
        system.mkdir("captures")
    for name in NAMES:
        system.pipe(f"captures/{name}", (held / name).read_bytes())
    return system


def test_s3_folders_globs_and_files(bucket, direct, tmp_path):
    root = "s3://captures"
    assert names(root, "") == [f"/{name}" for name in NAMES]
    assert names(root, "/b7/") == ["/b7/a.pcap", "/b7/deep/b.pcap"]
    assert names(root, "/*/*.pcap") == ["/b7/a.pcap", "/b9/c.pcap"]
    assert keys(f"{root}/b9/") == keys(f"{root}/b9/c.pcap")
    assert not analysed(tmp_path / "r", root).failed
    assert sums(tmp_path / "r") == direct


def test_an_object_that_changed_is_another(bucket):
    before = keys("s3://captures/b9")
    bucket.pipe("captures/b9/c.pcap", b"x")
    assert not keys("s3://captures/b9") & before


def test_a_store_that_drops_connections_costs_nothing(bucket, endpoint, direct, tmp_path, monkeypatch):
    cuts = [500, 300, 100]
    with servers.cutting(endpoint, cuts) as shaky:
        monkeypatch.setenv("AWS_ENDPOINT_URL", shaky)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        assert not analysed(tmp_path / "r", "s3://captures").failed
    assert cuts == []
    assert sums(tmp_path / "r") == direct


def test_keys_that_the_store_does_not_know_are_one_line(bucket, endpoint):
    servers.locked(endpoint)
    try:
        with pytest.raises(CaptureError) as caught:
            plan(["s3://captures/"])
    finally:
        servers.locked(endpoint, yes=False)
    assert str(caught.value).startswith("s3://captures/: cannot be listed: ")
    assert "\n" not in str(caught.value)


def test_no_keys_at_all_are_one_line(bucket, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(CaptureError, match=r"^s3://captures/: cannot be listed: .*credentials"):
        plan(["s3://captures/"])


def test_a_bucket_that_is_not_there_is_one_line(bucket):
    with pytest.raises(CaptureError, match=r"^s3://nobody/x: cannot be listed: .*not"):
        plan(["s3://nobody/x"])


# ---------------------------------------------------------------- sftp


@pytest.fixture
def shell(held, tmp_path, monkeypatch):
    """An SSH server, and the home of a user who has its key in known_hosts."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    server = servers.Sftp(held)
    (home / ".ssh" / "known_hosts").write_text(server.known)
    server.key.write_private_key(home / ".ssh" / "id_ed25519")
    yield server
    server.stop()


def test_sftp_folders_globs_and_files(shell, direct, tmp_path):
    root = f"sftp://reader@127.0.0.1:{shell.port}"
    assert names(root, "/b7/") == ["/b7/a.pcap", "/b7/deep/b.pcap"]
    assert names(root, "/*/*.pcap") == ["/b7/a.pcap", "/b9/c.pcap"]
    assert keys(f"{root}/b9") == keys(f"{root}/b9/c.pcap")
    assert not analysed(tmp_path / "r", f"{root}/").failed
    assert sums(tmp_path / "r") == direct


def test_hosts_are_called_as_in_the_users_ssh_config(shell, tmp_path):
    (tmp_path / "home" / ".ssh" / "config").write_text(
        f"Host store\n  HostName 127.0.0.1\n  Port {shell.port}\n  User reader\n"
    )
    assert names("sftp://store", "/b9") == ["/b9/c.pcap"]


def test_a_connection_that_drops_is_made_anew(shell, direct, tmp_path):
    shell.drops = 2
    assert not analysed(tmp_path / "r", f"sftp://reader@127.0.0.1:{shell.port}/").failed
    assert shell.drops == 0
    assert sums(tmp_path / "r") == direct


def test_a_server_that_known_hosts_does_not_know_is_refused(shell, tmp_path):
    known = tmp_path / "home" / ".ssh" / "known_hosts"
    url = f"sftp://reader@127.0.0.1:{shell.port}/b9"
    for content in ("", shell.known.replace(shell.known.split()[2], _another().split()[1])):
        known.write_text(content)
        with pytest.raises(CaptureError, match=r"cannot be read: Host key .*known_hosts"):
            plan([url])
    known.unlink()
    with pytest.raises(CaptureError, match=r"cannot be read: Host key .*known_hosts"):
        plan([url])


def _another() -> str:
    import asyncssh

    return asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()


def test_a_user_who_may_not_is_one_line(shell):
    with pytest.raises(CaptureError) as caught:
        plan([f"sftp://stranger@127.0.0.1:{shell.port}/b9"])
    assert "cannot be read: Permission denied" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(CaptureError, match="cannot be listed: not found"):
        plan([f"sftp://reader@127.0.0.1:{shell.port}/nothing"])
