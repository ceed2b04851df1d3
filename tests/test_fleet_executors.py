"""Where jobs run."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from analyzer import processors
from analyzer.errors import MissingExtra, UsageError
from analyzer.fleet import executors
from analyzer.fleet.executors import ABANDONED, Cluster, dask, local


def test_local_workers_are_processes_one_a_processor() -> None:
    with local(0) as executor:
        assert executor._max_workers == processors.available()  # type: ignore[attr-defined]
    with local(3) as executor:
        assert executor._max_workers == 3  # type: ignore[attr-defined]


def test_windows_cannot_wait_for_more_workers(monkeypatch) -> None:
    monkeypatch.setattr(executors, "WINDOWS", True)
    with local(100) as executor:  # no worker starts before there is a job
        assert executor._max_workers == 61  # type: ignore[attr-defined]


def test_workers_end_with_a_parent_that_is_killed() -> None:
    """Their standard output is a pipe, which ends when the last of them does."""
    code = (
        "import os, signal, time\nfrom analyzer.fleet.executors import local\n"
        "if __name__ == '__main__':\n"
        "    executor = local(2)\n"
        "    print(executor.submit(os.getpid).result() != os.getpid(), flush=True)\n"
        "    executor.submit(time.sleep, 600)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"True\n")


def test_without_dask_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match="cluster"):
        dask("tcp://127.0.0.1:1")


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://127.0.0.1:1"])
def test_no_scheduler_is_one_line(address: str) -> None:
    cluster = dask(address)
    connect = cluster._connect
    cluster._connect = lambda where, **more: connect(where, **more | {"timeout": "0.2s"})
    with pytest.raises(UsageError, match="--scheduler") as caught:
        cluster(0)
    assert "\n" not in str(caught.value)


class Client:
    """A scheduler's answers, one after the other."""

    def __init__(self, *answers: dict[str, int] | None) -> None:
        self.answers = list(answers)

    def ncores(self) -> dict[str, int]:
        answer = self.answers.pop(0)
        if answer is None:
            raise OSError("connection closed")
        return answer

    def get_executor(self, **_: object) -> None:
        return None


def test_a_cluster_is_as_wide_as_its_threads_and_abandoned_after_a_while() -> None:
    now = [100.0]
    cluster = Cluster("tcp://x:1", lambda: now[0])
    client = Client({"a": 1, "b": 4}, {"b": 4}, {}, None, {"c": 2})
    cluster._connect = lambda *_, **__: client
    cluster(0)
    seen = []
    for step in (0.0, 2.0, ABANDONED - 1, 2.0, 2.0):
        now[0] += step
        seen.append((cluster.abandoned(), cluster.width()))
    assert seen == [(False, 5), (False, 4), (False, 4), (True, 4), (False, 2)]
