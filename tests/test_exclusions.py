"""Exclusions by version, and what an export of the preferences lacks."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import rulesets
from analyzer.errors import CaptureError, UsageError
from analyzer.exclusions import Missing, compare, read_preferences, silence, wanted
from analyzer.model import Cause, Host

SHEETS = rulesets.load()
PATHS = ("C:\\Igor", "C:\\Igor\\Data", "C:\\Igor\\Sampling")


def export(paths: object, processes: object, **more: object) -> bytes:
    return json.dumps({"ExclusionPath": paths, "ExclusionProcess": processes, **more}).encode()


@pytest.mark.parametrize(
    ("version", "count", "service"),
    [
        ("1.12.1", 7, "C:\\Igor\\UPnP\\Igor.Upnp.Service.exe"),
        ("4.5.3", 7, "C:\\Igor\\UPnP\\Igor.Upnp.Service.exe"),
        ("5.0.0", 7, "C:\\Igor\\Admin\\Igor.Gateway.Admin.Service.exe"),
        ("5.1.0", 7, "C:\\Igor\\Admin\\Igor.Gateway.Admin.Service.exe"),
    ],
)
def test_both_ranges(version: str, count: int, service: str) -> None:
    asked = wanted(SHEETS, version)
    assert asked.paths == PATHS
    assert len(asked.processes) == count
    assert service in asked.processes
    assert not [process for process in asked.processes if "acnet" in process.lower()]
    assert len(asked.conditional) == 1


@pytest.mark.parametrize(
    ("version", "service"),
    [
        ("4.0.0", "C:\\Igor\\BACnet\\Igor.Bacnet.Service.exe"),
        ("5.0.0", "C:\\Program Files (x86)\\Igor\\Igor BACnet Service\\Igor.Bacnet.Service.exe"),
    ],
)
def test_bacnet_only_where_it_is_used(version: str, service: str) -> None:
    assert wanted(SHEETS, version).conditional == ((service, "bacnet-system"),)
    with_bacnet = wanted(SHEETS, version, ["bacnet-system"])
    assert service in with_bacnet.processes
    assert len(with_bacnet.processes) == 8
    assert with_bacnet.conditional == ()


@pytest.mark.parametrize("version", ["1.12.0", "4.5.4", "4.9"])
def test_gaps_have_none(version: str) -> None:
    with pytest.raises(UsageError, match="no sheet states exclusions"):
        wanted(SHEETS, version)


def test_no_version() -> None:
    with pytest.raises(UsageError, match="--version soon"):
        wanted(SHEETS, "soon")


def test_everything_is_there() -> None:
    asked = wanted(SHEETS, "5.1.0")
    assert compare(asked, asked.paths, asked.processes) == ((), ())


def test_spelling_does_not_matter() -> None:
    asked = wanted(SHEETS, "5.1.0")
    paths = [f'"{path.upper()}\\"' for path in asked.paths]
    processes = [process.replace("\\", "/").upper() for process in asked.processes]
    assert compare(asked, paths, processes) == ((), ())


def test_each_missing_one_is_named() -> None:
    asked = wanted(SHEETS, "5.1.0")
    for path in asked.paths:
        rest = [other for other in asked.paths if other != path]
        ((missing,), nothing) = compare(asked, rest, asked.processes)
        assert (missing.entry, nothing) == (path, ())
        assert missing.covered == ("C:\\Igor" if path != "C:\\Igor" else "")
    for process in asked.processes:
        rest = [other for other in asked.processes if other != process]
        assert compare(asked, asked.paths, rest) == ((), (Missing(process),))


def test_a_process_by_its_name_or_by_a_pattern() -> None:
    asked = wanted(SHEETS, "5.1.0")
    assert compare(asked, asked.paths, [process.split("\\")[-1] for process in asked.processes]) == ((), ())
    assert compare(asked, asked.paths, ["C:\\Igor\\*"]) == ((), ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_powershell(encoding: str) -> None:
    data = export(["C:\\Igor"], None).decode().encode(encoding)
    assert read_preferences(data, "p.json") == (("C:\\Igor",), ())


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (export("C:\\Igor", "a.exe"), (("C:\\Igor",), ("a.exe",))),
        (export(None, None), ((), ())),
        (export({"value": ["x"], "Count": 1}, [1, "y"]), (("x",), ("y",))),
        (b"[" + export(["x"], []) + b"]", (("x",), ())),
    ],
)
def test_the_shapes_of_an_export(data: bytes, read: object) -> None:
    assert read_preferences(data, "p.json") == read


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"{}", "not an export"),
        (b"[1, 2]", "not an export"),
        (b'{"ExclusionPath": ', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (export("N/A: Must be an administrator to view exclusions", None), "as administrator"),
    ],
)
def test_what_is_no_export(data: bytes, words: str) -> None:
    with pytest.raises(CaptureError, match=words) as caught:
        read_preferences(data, "p.json")
    assert str(caught.value).startswith("p.json: ")
    assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with contextlib.suppress(CaptureError):
        read_preferences(data, "p.json")


def test_silence_is_only_for_a_silent_host_of_the_sheet() -> None:
    gateway = Host("gateway", ("10.0.0.1",), ("igor-gateway",), "5.1.0")
    assert "--version 5.1.0" in silence(Cause.NO_RESPONSE, [gateway], SHEETS)
    assert "--version V" in silence(Cause.NO_RESPONSE, [Host("g", (), ("igor-gateway",))], SHEETS)
    assert silence(Cause.REFUSED, [gateway], SHEETS) == ""
    assert silence(Cause.NO_RESPONSE, [Host("n", (), ("igor-node",))], SHEETS) == ""
    assert silence(Cause.NO_RESPONSE, [], SHEETS) == ""
