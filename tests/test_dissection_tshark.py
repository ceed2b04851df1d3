"""What is missing is one line that says how to get it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from analyzer.dissection import tshark
from analyzer.errors import MissingExtra, UsageError


@pytest.mark.parametrize(
    ("platform", "said"),
    [("linux", "apt install tshark"), ("darwin", "brew install"), ("win32", "install Wireshark")],
)
def test_without_tshark(platform: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(tshark, "_usual", lambda: ["/nowhere/tshark"])
    with pytest.raises(UsageError, match=said) as caught:
        tshark.require("inspect")
    assert "\n" not in str(caught.value)


def test_without_pyshark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"portmatrix\[wireshark\]"):
        tshark.require("inspect")


def test_where_installers_put_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("ProgramFiles", str(tmp_path))
    path = tmp_path / "Wireshark" / "tshark.exe"
    path.parent.mkdir()
    path.write_bytes(b"")
    assert tshark.require("inspect") == str(path)
