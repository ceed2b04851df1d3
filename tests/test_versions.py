"""Version strings as vendors write them, and ranges of versions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from analyzer import versions

LEGACY = ">=1.12.1,<=4.5.3"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5.1.0", "5.1.0"),
        (" 5.1.0 ", "5.1.0"),
        ("v5.0.0", "5.0.0"),
        ("V 5.0.0", "5.0.0"),
        ("R2.1", "2.1"),
        ("Rev. 2.1", "2.1"),
        ("firmware 6.0.2", "6.0.2"),
        ("4.10", "4.10"),
        ("1.12.1_SP3", "1.12.1+sp.3"),
        ("1.12.1 Service Pack 3", "1.12.1+sp.3"),
        ("3.8U1", "3.8+u.1"),
        ("3.8 Update 1", "3.8+u.1"),
        ("4.5.3-123", "4.5.3+123"),
        ("4.5.3 build 123", "4.5.3+123"),
        ("4.5.3 (123)", "4.5.3+123"),
        ("4.5.3+abc", "4.5.3+abc"),
    ],
)
def test_parse(written: str, meant: str) -> None:
    assert str(versions.parse(written)) == meant


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no version"),
        ("latest", "not a version"),
        ("4.5.3a", "letter may mean before or after 4.5.3"),
        ("4.5.3-rc1", "pre-release"),
        ("5.0.0b2", "pre-release"),
        ("5.0.0 beta", "pre-release"),
        ("5.0.0.dev3", "pre-release"),
        ("5.x", "many versions"),
        ("5.1.", "not a version"),
        ("1!5.1", "not understood"),
        ("5.1.0 or 5.2.0", "not understood"),
        ("1" * 65, "at most 64"),
        ("\u0665.\u0661", "not a version"),  # Arabic digits
        ("5\n.1", "not understood"),
    ],
)
def test_doubtful_versions_are_refused_with_the_reason(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        versions.parse(written)


@pytest.mark.parametrize(
    ("version", "inside"),
    [
        ("1.12.0", False),
        ("1.12.1", True),
        ("1.12.1_SP3", True),
        ("1.2.1", False),
        ("4.5.3", True),
        ("4.5.3-123", True),  # PEP 440 alone: a post-release, outside
        ("4.5.3.0", True),
        ("4.5.4", False),
        ("4.10", False),
        ("R2.1", True),
    ],
)
def test_matches(version: str, inside: bool) -> None:
    assert versions.matches(version, LEGACY) is inside


@pytest.mark.parametrize(
    "specifier",
    ["~=1.0", "1.0", ">=1.0 <=2", ">=", "===1", "!=2", ">=1.0,", ">=5,<2", ">=1.*", "<0", ">5,<=5.0"],
)
def test_specifiers_are_plain_bounds(specifier: str) -> None:
    with pytest.raises(ValueError, match=r"bound|no version"):
        versions.bounds(specifier)


@pytest.mark.parametrize(
    ("specifiers", "expected"),
    [
        ([LEGACY, ">=5.0.0"], ("below 1.12.1", "above 4.5.3 and below 5.0.0")),
        ([">=5.0.0", LEGACY], ("below 1.12.1", "above 4.5.3 and below 5.0.0")),
        (["<2", ">=2"], ()),
        (["<2", ">2"], ("from 2 and up to 2",)),
        (["==2"], ("below 2", "above 2")),
        ([">=1,<9", ">=2,<3", ">=9"], ("below 1",)),
        ([""], ()),
        ([], ()),
    ],
)
def test_gaps(specifiers: list[str], expected: tuple[str, ...]) -> None:
    assert versions.gaps(specifiers) == expected


def test_uncovered() -> None:
    node = [">=3.1.0,<=4.5.3", ">=5.0.0"]
    assert versions.uncovered([LEGACY, ">=5.0.0"], node) == ("from 1.12.1 to below 3.1.0",)
    assert versions.uncovered([">=1,<=9"], [">=2,<=5"]) == ("from 1 to below 2", "above 5 to 9")
    assert versions.uncovered([">=1"], []) == (">=1",)


def test_overlap() -> None:
    assert not versions.overlap(LEGACY, ">=5.0.0")
    assert versions.overlap(">=5.0.0", ">=5.0.0,<6")
    assert not versions.overlap("<5", ">=5")


NUMBERS = st.tuples(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30)).map(
    lambda parts: ".".join(map(str, parts))
)


@given(NUMBERS, NUMBERS, NUMBERS)
@settings(deadline=None)
def test_a_version_is_in_a_range_or_in_a_gap(low: str, high: str, version: str) -> None:
    low, high = sorted((low, high), key=versions.parse)
    specifier = f">={low},<={high}"
    inside = versions.parse(low) <= versions.parse(version) <= versions.parse(high)
    assert versions.matches(version, specifier) is inside
    beside = versions.matches(version, f"<{low}") or versions.matches(version, f">{high}")
    assert beside is not inside


SMALL = st.lists(st.integers(0, 2), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
CLAUSES = st.tuples(st.sampled_from([">=", ">", "<=", "<", "=="]), SMALL).map("".join)
RANGES = st.lists(CLAUSES, max_size=3).map(",".join)


@given(SMALL, st.sampled_from(["", "_SP3", "-77"]), RANGES)
@settings(deadline=None)
def test_ranges_hold_what_pep_440_says(release: str, tail: str, specifier: str) -> None:
    version, meant = versions.parse(release + tail), SpecifierSet(specifier)
    try:
        inside = versions.matches(release + tail, specifier)
    except ValueError:
        inside = False
    assert inside is (version in meant)


@given(RANGES, RANGES)
@settings(deadline=None)
def test_ranges_overlap_where_one_version_is_in_both(one: str, other: str) -> None:
    numbers = [f"{a}.{b}.{c}.{d}" for a in range(4) for b in range(4) for c in range(4) for d in (0, 1)]
    both = SpecifierSet(one) & SpecifierSet(other)
    # Every bound has three numbers at the most, so between two of them lies one of these.
    assert versions.overlap(one, other) is any(number in both for number in numbers)


@given(NUMBERS, st.sampled_from(["_SP3", "U1", "-77", " build 7", " (12)", " patch 2"]))
@settings(deadline=None)
def test_a_pack_or_build_stays_with_its_release(release: str, tail: str) -> None:
    assert versions.matches(release + tail, f"=={release}")
    assert versions.matches(release + tail, f"<={release}")
    assert not versions.matches(release + tail, f"<{release}")
    assert not versions.matches(release + tail, f">{release}")


@given(st.text() | st.text("0123456789.-_+ vRSPabrc()"))
@settings(deadline=None)
def test_any_text_is_a_version_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(versions.parse(text)).isprintable()
