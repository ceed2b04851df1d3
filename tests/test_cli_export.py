"""``portmatrix export`` end to end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from exporting import SIX
from judging import CURRENT, SAMPLES

from analyzer.cli import run

SITE = ("--site", str(SAMPLES / "healthy-current" / "site.yaml"))


def test_to_standard_output_with_remarks_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "--to", "nftables", *SITE]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("# portmatrix ")
    assert told.out.endswith("}\n")
    assert "portmatrix: rows that only one of two sheets lists are permitted (--disputed)\n" in told.err
    assert run(["export", "--to", "nftables", *SITE, "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.nft"
    assert run(["export", "--to", "nftables", *SITE, "-o", str(file), "-q"]) == 0
    assert file.read_text().startswith("# portmatrix ")
    assert list(tmp_path.iterdir()) == [file]


def test_several_files_go_into_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hosts = [part for host in SIX for part in ("--host", host)]
    assert run(["export", "--to", "iptables", *hosts]) == 2
    assert capsys.readouterr().err == (
        "portmatrix: --to iptables makes 2 files (portmatrix.iptables, portmatrix.ip6tables): use -o DIR\n"
    )
    folder = tmp_path / "a" / "b"
    assert run(["export", "--to", "iptables", *hosts, "-o", str(folder), "-q"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["portmatrix.ip6tables", "portmatrix.iptables"]
    assert run(["export", "--to", "bpf", *hosts, "-o", f"{tmp_path}/c/", "-q"]) == 0
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["portmatrix.bpf"]
    (tmp_path / "file").touch()
    assert run(["export", "--to", "iptables", *hosts, "-o", str(tmp_path / "file")]) == 2
    assert "file: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "nftables"], "export needs the site"),
        (["--to", "pf", *SITE], "--to pf: not available, choose from "),
        (["--to", "cisco", *SITE, "--tftp-ports", "5-4"], "write LOW-HIGH, 1024 to 65535"),
        (["--to", "cisco", *SITE, "--tftp-ports", "x"], "write LOW-HIGH, 1024 to 65535"),
        (["--to", "cisco", *SITE, "--subnet", "10.0.0.9/8"], "--subnet: 10.0.0.9/8 has host bits set"),
        (["--to", "cisco", "--site", "nowhere.yaml"], "nowhere.yaml"),
        (SITE, "--to"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.count("\n") == 1


def test_the_site_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(Path(SITE[1]).read_text())
    assert run(["export", "--to", "bpf", "--site", str(site), "-o", str(site)]) == 2
    assert "is an input" in capsys.readouterr().err


def test_filters_need_no_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "aerleon", None)
    monkeypatch.setitem(sys.modules, "aerleon.api", None)
    hosts = [part for host in CURRENT for part in ("--host", host)]
    assert run(["export", "--to", "bpf", *hosts, "-q"]) == 0
    assert run(["export", "--to", "cisco", *hosts, "-q"]) == 2
    assert capsys.readouterr().err == (
        "portmatrix: making firewall rules (aerleon) needs an extra: pip install 'portmatrix[export]'\n"
    )
