"""``import analyzer``: the public names, and that they cost nothing until used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import analyzer
from analyzer import api, version

ROOT = Path(__file__).parents[1]


def python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_public_names_are_those_of_the_api() -> None:
    assert sorted(analyzer.__all__) == [
        "DiffResult",
        "FirmwareResult",
        "FlowsResult",
        "Result",
        "SurveyResult",
        "__version__",
        "check",
        "diff",
        "firmware",
        "flows",
        "survey",
    ]
    assert analyzer.check is api.check
    assert analyzer.flows is api.flows
    assert analyzer.survey is api.survey
    assert analyzer.Result is api.Result
    assert analyzer.FlowsResult is api.FlowsResult
    assert analyzer.__version__ == version.VERSION


def test_dir_lists_them() -> None:
    assert set(analyzer.__all__) <= set(dir(analyzer))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = analyzer.chekc


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"numpy", "dpkt", "yaml", "click", "pandas", "analyzer.api"}
    assert python(f"import sys, analyzer; print({heavy} & set(sys.modules))") == "set()"


def test_a_check_loads_neither_pandas_nor_an_optional_package() -> None:
    case = ROOT / "samples" / "coap-blocked"
    loaded = python(
        "import sys, analyzer\n"
        f"result = analyzer.check({str(case / 'capture.pcap')!r}, site={str(case / 'site.yaml')!r})\n"
        "result.to_dict()\n"
        "print(result.compliant, {'pandas', 'rich', 'fsspec', 'lz4', 'jsonschema'} & set(sys.modules))"
    )
    assert loaded == "False set()"


@pytest.mark.parametrize("first", ["analyzer.pipeline", "analyzer.flowtable", "analyzer.cli"])
def test_the_functions_stay_functions_whatever_was_imported_first(first: str) -> None:
    assert python(f"import {first}, analyzer; print(callable(analyzer.flows), callable(analyzer.check))") == (
        "True True"
    )
