"""The names are those that Wireshark and bacpypes3 have."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping

import pytest

from analyzer.protocols._bacnet import (
    ABORTS,
    BVLC_RESULTS,
    BVLC_RESULTS_6,
    ERROR_CLASSES,
    ERROR_CODES,
    NETWORK_REJECTS,
    REJECTS,
    reason,
)


def of_bacpypes3(enumeration: type) -> dict[int, str]:
    named = {number: name for name, number in enumeration._enum_map.items() if name == name.lower()}  # type: ignore[attr-defined]
    # It derives the names from Python's, which loses a hyphen.
    return {number: name.replace("-alist", "-a-list") for number, name in named.items()}


def test_agrees_with_bacpypes3() -> None:
    pytest.importorskip("bacpypes3")
    from bacpypes3.apdu import AbortReason, RejectReason
    from bacpypes3.basetypes import ErrorClass, ErrorCode

    codes = of_bacpypes3(ErrorCode)
    assert {number: codes.get(number) for number in ERROR_CODES} == ERROR_CODES
    assert dict(enumerate(ERROR_CLASSES)) == of_bacpypes3(ErrorClass)
    aborts = of_bacpypes3(AbortReason)
    assert {number: name for number, name in aborts.items() if number < 64} == dict(enumerate(ABORTS))
    rejects = of_bacpypes3(RejectReason) | {3: "invalid-parameter-data-type"}
    assert rejects == dict(enumerate(REJECTS))


def test_agrees_with_wireshark() -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    lines = subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True, check=True).stdout
    told: dict[str, set[tuple[int, str]]] = {}
    for line in lines.splitlines():
        cells = line.split("\t")
        if cells[0] == "V" and len(cells) > 3 and cells[1].startswith(("bvlc.", "bacapp.")):
            told.setdefault(cells[1], set()).add((int(cells[2], 0), cells[3]))

    def named(field: str, names: Mapping[int, str]) -> None:
        assert set(names.items()) <= told[field], field

    named("bvlc.result", BVLC_RESULTS)
    named("bvlc.result", BVLC_RESULTS_6)
    named("bacapp.abort_reason", dict(enumerate(ABORTS)))
    named("bacapp.reject_reason", dict(enumerate(REJECTS)))
    named("bacapp.error_class", dict(enumerate(ERROR_CLASSES)))


def test_a_reason_without_a_name_is_its_number() -> None:
    assert reason(REJECTS, 9) == "unrecognized-service"
    assert reason(ABORTS, 64) == "reason 64"
    assert reason(NETWORK_REJECTS, None) == "no reason in sight"
