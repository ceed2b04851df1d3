"""The repository itself: what lies where, what a wheel carries, and that the tools find nothing."""

from __future__ import annotations

import ast
import hashlib
import itertools
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement

import analyzer
from analyzer.version import VERSION

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOP = {
    *("pyproject.toml", "setup.py", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile"),
    "MANIFEST.in",
    *("analyzer", "rulesets", "samples", "tests", "benchmarks", "notebooks", ".ci", ".gitignore"),
}
APACHE_2_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def tracked() -> list[Path]:
    """The files of the repository; in an unpacked archive, whatever lies there."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.returncode == 0 and listed.stdout:
        names = [ROOT / name for name in listed.stdout.split("\0") if name]
        return [path for path in names if path.is_file()]
    skipped = {".venv", "__pycache__", "build"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not skipped & set(path.parts)]


def prose_and_code() -> list[Path]:
    binary = {".png", ".pcap", ".pcapng", ".gz", ".zst", ".lz4", ".xz"}
    return [path for path in tracked() if path.suffix not in binary]


def test_the_top_level_is_clean() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP


def test_license_is_apache_2() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_SHA256
    assert PROJECT["project"]["license"] == "Apache-2.0"


def test_the_version_is_stated_once() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "analyzer.version.VERSION"}
    assert analyzer.__version__ == VERSION
    said = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("analyzer/**/*.py")
        if f'"{VERSION}"' in path.read_text(encoding="utf-8")
    ]
    assert said == ["analyzer/version.py"]


def test_the_changelog_speaks_of_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert VERSION in headings


# Written in pieces, so that this file does not name what it looks for.
MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/",
            r"/tmp" r"/[a-z]",
            r"\.libr" r"ary\b",
            r"farm-(?:bench|studio)",
            r"sub" r"agent",
            r"(?:pypi|pythonhosted)" r"\.org",
            r"deb\.deb" r"ian",
            r"registry\.npm" r"js",
        )
    )
)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error)\b|pragma: no " r"cover")


@pytest.mark.parametrize("pattern", [MACHINE, UNFINISHED], ids=["machine", "unfinished"])
def test_no_file_says(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in prose_and_code()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def says_and_imports_only(path: Path) -> bool:
    """Whether a module holds no code: nothing in it can be wrong by itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(tree))


def test_file(source: Path) -> str:
    parts = source.relative_to(ROOT / "analyzer").with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1] or ("package",)
    return f"test_{'_'.join(parts)}.py"


test_file.__test__ = False  # type: ignore[attr-defined]


def test_every_source_file_has_its_test_file() -> None:
    """But the entry point and the version, which the tests of the command and of the wheel cover."""
    missing = [
        f"{source.relative_to(ROOT)} has no tests/{test_file(source)}"
        for source in sorted(ROOT.glob("analyzer/**/*.py"))
        if source.name not in ("__main__.py", "version.py")
        and not (source.name == "__init__.py" and says_and_imports_only(source))
        and not (ROOT / "tests" / test_file(source)).is_file()
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=["ruff", "format", "mypy"],
)
def test_the_tools_find_nothing(command: tuple[str, ...]) -> None:
    result = run(sys.executable, "-m", *command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_piece_of_a_text_is_left_behind() -> None:
    """A string on a line of its own after a return is the second half of what was to be returned."""
    lost = [
        f"{source.relative_to(ROOT)}:{after.lineno}"
        for source in sorted(ROOT.glob("analyzer/**/*.py"))
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        for body in (getattr(node, "body", None), getattr(node, "orelse", None))
        for before, after in itertools.pairwise(body if isinstance(body, list) else ())
        if isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant | ast.JoinedStr)
        and not isinstance(before, ast.Assign | ast.AnnAssign)
    ]
    assert not lost, "\n".join(lost)


# ---------------------------------------------------------------- packaging

IMPORTED_AS = {"pyyaml": "yaml", "backports.zstd": "backports"}


def sources() -> Iterator[str]:
    """The package and the notebooks, as Python."""
    for path in ROOT.glob("analyzer/**/*.py"):
        yield path.read_text(encoding="utf-8")
    for path in ROOT.glob("notebooks/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(line for line in cell["source"] if not line.startswith("%"))


def imported() -> set[str]:
    """Top-level names of what the package and the notebooks import."""
    # One runs notebooks, and no notebook names it; fsspec loads the others for the URLs that are theirs.
    names: set[str] = {"ipykernel", "s3fs", "sshfs"}
    for source in sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return names


def test_dependencies_are_what_is_imported() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    stated = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    stated += [Requirement(line) for name, lines in extras.items() if name != "test" for line in lines]
    names = {entry.name.lower() for entry in stated} - {"portmatrix"}
    modules = {IMPORTED_AS.get(name, name) for name in names}
    used = imported() - set(sys.stdlib_module_names) - {"analyzer", "compression"}
    assert used == modules


def test_the_extra_all_has_every_extra_of_a_user() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = [Requirement(line) for line in extras["all"]]
    assert everything.extras == set(extras) - {"all", "test"}


def test_the_list_of_packages_is_complete() -> None:
    found = {info.name for info in pkgutil.walk_packages(analyzer.__path__, "analyzer.") if info.ispkg}
    found -= {"analyzer.shipped"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == {"analyzer", "analyzer.shipped", *found}


def copied(folder: Path) -> Path:
    """A copy of what a build needs, because a build leaves its traces where it is made."""
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("analyzer", "rulesets"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy."""
    folder = copied(tmp_path_factory.mktemp("build"))
    made = run(
        *(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "made", "."),
        cwd=folder,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    (path,) = (folder / "made").glob("*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_carries_the_package_and_the_rulesets(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("analyzer/**/*.py*")}
    package = {name for name in package if name.endswith((".py", ".pyi"))}
    package |= {path.relative_to(ROOT).as_posix() for path in ROOT.glob("analyzer/report/*.typ")}
    package |= {f"analyzer/schemas/{path.name}" for path in ROOT.glob("analyzer/schemas/*.json")}
    package |= {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("analyzer/report/html/*")
        if path.suffix in (".html", ".css", ".js")
    }
    sheets = [path for path in ROOT.glob("rulesets/*") if path.suffix in (".py", ".yaml")]
    rulesets = {f"analyzer/shipped/{path.name}" for path in sheets}
    rulesets |= {"analyzer/shipped/_sheets.py"}  # the sheets as the build prepared them
    compiled = {name for name in names if name.endswith((".so", ".pyd"))}
    assert names - compiled == package | rulesets | {"analyzer/py.typed"}
    with zipfile.ZipFile(wheel) as packed:
        assert not [name for name in compiled if b".debug_info" in packed.read(name)]
    folders = {name.rpartition("/")[0] for name in compiled}
    # All of them where there is a C compiler, none where there is none.
    sources = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("analyzer/**/*.pyx")}
    assert folders in (set(), sources)


@pytest.mark.slow
def test_the_source_archive_carries_what_the_build_needs(tmp_path: Path) -> None:
    made = run(sys.executable, "setup.py", "-q", "sdist", "-d", "made", cwd=copied(tmp_path))
    assert made.returncode == 0, made.stdout + made.stderr
    (path,) = (tmp_path / "made").glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("analyzer/**/*.pyx")}
    assert len(needed) == 11
    needed |= {path.relative_to(ROOT).as_posix() for path in ROOT.glob("analyzer/**/*.pxd")}
    assert needed | {"analyzer/decode/crc32.h", "setup.py", "pyproject.toml"} <= names
    assert not {name for name in names if name.endswith((".c", ".so", ".pyd", "_sheets.py"))}


@pytest.mark.slow
def test_without_a_compiler_everything_works_with_dpkt(tmp_path: Path) -> None:
    built = run(sys.executable, "setup.py", "-q", "build", cwd=copied(tmp_path), CC="no-such-compiler")
    assert built.returncode == 0, built.stdout + built.stderr
    said = run(sys.executable, "-m", "analyzer", "--version", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert said.stdout == f"portmatrix {VERSION} (decoder: dpkt)\n", said.stdout + said.stderr
    capture = ROOT / "samples" / "healthy-current" / "capture.pcap"
    found = run(
        *(sys.executable, "-m", "analyzer", "flows", str(capture), "--format", "csv"),
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert found.returncode == 0, found.stderr
    assert (
        found.stdout == run(sys.executable, "-m", "analyzer", "flows", str(capture), "--format", "csv").stdout
    )


@pytest.mark.slow
def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert f"\nVersion: {VERSION}\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata


@pytest.mark.slow
def test_an_installed_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Its dependencies are those of the environment that runs the tests; the package is its own."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=os.name != "nt")
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    where = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path)
    site = Path(where.stdout.strip())
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # By a path file, because PYTHONPATH would come first and stand in for what the wheel lacks.
    shared = [path for path in sys.path if path.endswith("site-packages") and Path(path) != site]
    (site / "zz-dependencies.pth").write_text("\n".join(shared) + "\n", encoding="utf-8")

    found = run(python, "-c", "import analyzer; print(analyzer.__file__)", cwd=tmp_path)
    assert Path(found.stdout.strip()).is_relative_to(site.resolve()), found.stdout + found.stderr
    version = run(python, "-m", "analyzer", "--version", cwd=tmp_path)
    assert version.stdout.startswith(f"portmatrix {VERSION} "), version.stdout + version.stderr
    listed = run(python, "-m", "analyzer", "rules", "list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    for path in ROOT.glob("rulesets/*.yaml"):
        assert f"\n{path.stem}: " in "\n" + listed.stdout
    prepared = "import sys; sys.modules['yaml'] = None; from analyzer.cli import run; run(['rules', 'list'])"
    assert run(python, "-c", prepared, cwd=tmp_path).stdout == listed.stdout


# ---------------------------------------------------------------- continuous integration

SKIPS = """
import pytest

def test_passes():
    pass

def test_needs_a_tool():
    pytest.skip("no tshark here")

@pytest.mark.skipif(True, reason="only on Windows")
def test_elsewhere():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_known():
    assert False
"""


@pytest.mark.parametrize(("ci", "counts"), [("true", (2, 1)), ("", (0, 3))])
def test_a_skip_fails_in_ci_only(tmp_path: Path, ci: str, counts: tuple[int, int]) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_some.py").write_text(SKIPS, encoding="utf-8")
    (tmp_path / "test_whole.py").write_text(
        "import pytest\npytest.skip('no corpus', allow_module_level=True)\n", encoding="utf-8"
    )
    report = tmp_path / "report.xml"
    options = ("-q", "--continue-on-collection-errors", "-p", "no:cacheprovider", "-p", "no:xdist")
    command = ("-m", "pytest", *options, f"--junitxml={report}", ".")
    done = run(sys.executable, *command, cwd=tmp_path, CI=ci, PYTEST_ADDOPTS="")
    suite = ElementTree.parse(report).getroot()[0]
    refused = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    # An expected failure counts as skipped in this format.
    assert (refused, int(suite.attrib["skipped"]) - 1) == counts, done.stdout
    assert (done.returncode == 0) == (not refused)
    assert ("skipped in CI, where nothing may be missing: " in done.stdout) == bool(refused)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert script.rstrip().endswith("\nmake test")
    assert "\nset -euo pipefail\n" in script
    assert "make test " in (ROOT / "README.md").read_text(encoding="utf-8")
