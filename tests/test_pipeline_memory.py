"""Blocks that were given up go back to the system, whatever was given up before."""

from __future__ import annotations

import platform
import subprocess
import sys

from analyzer.pipeline import memory

HOLES = """
import resource, sys
from pathlib import Path
from analyzer.pipeline import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20

if sys.argv[1] == "fixed":
    assert memory.give_back()
bytearray(30 << 20)  # this one raises the threshold where it is not fixed
before, kept = resident(), []
for _ in range(100):
    large = bytearray(2 << 20)
    kept.append(bytearray(1000))  # lies behind it in the heap
    kept.append(bytearray(1 << 10))
    held = [large]
    kept.append(held)
for held in kept[2::3]:
    held.clear()
print(resident() - before)
"""


def grown(how: str) -> int:
    """MiB that stay when a hundred blocks of 2 MiB were given up."""
    said = subprocess.run([sys.executable, "-c", HOLES, how], capture_output=True, text=True, check=True)
    return int(said.stdout)


def test_what_was_given_up_goes_back() -> None:
    if platform.libc_ver()[0] == "glibc":
        assert grown("fixed") < 20
    else:
        assert not memory.give_back()


def test_other_systems_and_libraries_are_left_alone(monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        assert not memory.give_back()

    def none(_name: None) -> object:
        return object()

    monkeypatch.setattr(memory.ctypes, "CDLL", none)
    assert not memory.give_back()
