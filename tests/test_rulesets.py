"""Which rulesets are loaded, from where, and what they know together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import rulesets
from analyzer.errors import PortmatrixError, RulesetError
from analyzer.model import Edition

OWN = """\
ruleset: {name}
title: Own
vendor: Acme
document: Guide
subject: {subject}
services:
  - {{port: 502, transport: tcp, name: Modbus, protocol: modbus}}
editions:
  - {{id: 1.0+, section: Table, versions: ">=1.0", incoming: {{tcp: 502}}}}
"""


def own(folder: Path, name: str, subject: str = "acme-meter", file: str = "") -> str:
    path = folder / (file or f"{name}.yaml")
    path.write_text(OWN.format(name=name, subject=subject), encoding="utf-8")
    return str(path)


def names(extra: list[str]) -> list[str]:
    return [ruleset.name for ruleset in rulesets.load(extra)]


def test_shipped() -> None:
    assert names([]) == ["biostar-1", "igor-bacnet-service", "igor-gateway", "igor-node", "infrastructure"]
    assert {ruleset.file for ruleset in rulesets.load()} == {f"rulesets/{name}.yaml" for name in names([])}


def test_own_files_and_directories_come_after_the_shipped(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    own(folder, "b-meter")
    own(folder, "a-meter", file="z.yml")
    (folder / "README.md").write_text("not a ruleset")
    single = own(tmp_path, "c-meter")
    assert names([single, str(folder)])[5:] == ["c-meter", "b-meter", "a-meter"]


def test_an_own_ruleset_stands_in_for_the_shipped_one(tmp_path: Path) -> None:
    path = own(tmp_path, "igor-node", subject="igor-node")
    loaded = {ruleset.name: ruleset for ruleset in rulesets.load([path])}
    assert loaded["igor-node"].title == "Own"
    assert loaded["igor-node"].file == path
    assert len(loaded) == 5


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("ruleset: x\ntitel: X\n", encoding="utf-8")
    two.write_text("- 1\n", encoding="utf-8")
    three = own(tmp_path, "igor-node")
    four = own(tmp_path, "igor-node", file="again.yaml")
    with pytest.raises(RulesetError) as caught:
        rulesets.load([str(one), str(two), three, four])
    found = [(mistake.file, mistake.line) for mistake in caught.value.mistakes]
    assert found == [(str(one), 1), (str(one), 1), (str(one), 2), (str(two), 1), (four, 1)]
    assert f"ruleset 'igor-node' is also in {three}" in str(caught.value)


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    for option in (str(tmp_path / "absent.yaml"), str(tmp_path), "nul\0byte"):
        with pytest.raises(PortmatrixError) as caught:
            rulesets.load([option])
        assert "\n" not in str(caught.value)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(RulesetError):
        rulesets.load([str(binary)])


def test_roles_and_modes(tmp_path: Path) -> None:
    shipped = rulesets.load()
    assert rulesets.roles(shipped) == {
        "bacnet-system",
        "biostar-client",
        "biostar-device",
        "biostar-server",
        "igor-bacnet-service",
        "igor-gateway",
        "igor-node",
    }
    doors = {"biostar-server", "biostar-client", "biostar-device"}
    assert rulesets.modes(shipped) == {"server": doors, "direct": doors}
    assert "acme-meter" in rulesets.roles(rulesets.load([own(tmp_path, "acme")]))


@pytest.mark.parametrize(
    ("version", "editions"),
    [
        ("1.12.0", []),
        ("1.12.1", ["1.12.1-4.5.3"]),
        ("4.5.3", ["1.12.1-4.5.3"]),
        ("4.5.3-123", ["1.12.1-4.5.3"]),
        ("4.5.4", []),
        ("4.9", []),
        ("5.0.0", ["5.0.0+"]),
        ("v12.3", ["5.0.0+"]),
    ],
)
def test_select(version: str, editions: list[str]) -> None:
    (gateway,) = [ruleset for ruleset in rulesets.load() if ruleset.name == "igor-gateway"]
    assert [edition.id for edition in gateway.editions if rulesets.select(edition, version)] == editions


def test_an_edition_by_mode_is_never_selected_by_version() -> None:
    assert not rulesets.select(Edition("server", "x", "s", (), (), mode="server"), "1.0")
    with pytest.raises(ValueError, match="doubtful"):
        rulesets.select(Edition("1+", "x", "s", (), (), versions=">=1"), "1.0a")


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from analyzer import rulesets, site; rulesets.load();"
        "heavy = {'numpy', 'pandas', 'pydantic', 'rich', 'dpkt', 'jsonschema'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert done.stdout.strip() == "[]"
