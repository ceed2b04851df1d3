"""The folder is the registry of targets; what holds for each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from exporting import FIREWALLS, HOSTILE, SIX, policy, written
from judging import CURRENT

from analyzer import export
from analyzer.cli.export import TARGETS
from analyzer.errors import UsageError

TEXTS = (*FIREWALLS, "bpf", "wireshark")


def test_the_help_lists_the_folder() -> None:
    assert sorted(TARGETS) == sorted(export.targets())


def test_an_unknown_target_is_told() -> None:
    with pytest.raises(UsageError, match=r"--to pf: not available, choose from bpf, cisco"):
        export.choose("pf")


def test_a_file_that_is_no_target_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zebra.py").write_text("TARGET = 'zebra'")
    monkeypatch.setattr(export, "__path__", [*export.__path__, str(tmp_path)])
    with pytest.raises(ImportError, match=r"analyzer\.export\.zebra has no TARGET of type Target"):
        export.targets.__wrapped__()


def test_no_order_depends_on_hashes() -> None:
    program = (
        "import sys; from analyzer.cli import main; "
        "main(['export', '--to', 'bpf', '--host', 'igor-gateway=10.0.0.1@4.5.3', '--host', "
        "'igor-node=10.0.1.0/24@5.0.2', '--host', 'bacnet-system=10.0.0.9', '-q'])"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


@pytest.mark.parametrize("target", TEXTS)
def test_equal_sites_give_equal_files(target: str) -> None:
    first, again = (export.choose(target).write(policy.__wrapped__(CURRENT)).files for _ in range(2))
    assert first == again


@pytest.mark.parametrize("target", [target for target in TEXTS if target != "ciscoasa"])
def test_both_families_are_written(target: str) -> None:
    text = written(target, SIX)
    assert "10.20.1.0" in text
    assert "fd00:20:1::/64" in text


@pytest.mark.parametrize("target", FIREWALLS)
def test_every_row_stands_in_a_comment_with_its_document(target: str) -> None:
    found = policy(CURRENT)
    text = " ".join(
        written(target, CURRENT).replace("remark", " ").replace("access-list PORTMATRIX", " ").split()
    )
    rows = {row for rule in found.rules if rule.permits for row in rule.permit.rows}
    assert len(rows) >= 40
    for row in rows:
        if target == "windows" and row.direction == "outgoing" and row.subject == "igor-gateway":
            continue  # outgoing rules are written with --default deny only
        assert row.id in text
    assert "Igor Node Firmware Port Requirements, Firmware Versions 6.0.0 and Higher" in text


@pytest.mark.parametrize("target", TEXTS)
def test_a_strangers_words_do_nothing(target: str, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(HOSTILE)
    text = written(target, site=site)
    for evil in ("table ip evil {", "*/ then", "accept; #", "$(", "`", "\u202e", "%PATH%", "-->  <x>"):
        assert evil not in text
    assert not [
        line
        for line in text.splitlines()
        if line.startswith(("-A FORWARD -j ACCEPT", "netsh advfirewall reset"))
    ]
