"""Vendors' version strings and the ranges of versions that a sheet is valid for.

Comparison is PEP 440's (``packaging``), but vendors do not write PEP 440: there ``4.5.3-123`` is a
post-release, hence outside ``<=4.5.3``, and ``4.5.3a`` an alpha, hence before ``4.5.3``. So strings
are normalised first: the dotted release number counts, a build number or service pack is kept as a
local label, which PEP 440 ignores against a bound without one. What may mean an earlier or a later
release is refused, with the reason.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from packaging.version import Version

MAX_LENGTH: Final = 64
"""Longest version string looked at; vendors' own stay below 30."""

FIRST: Final = Version("0")
"""No release is before this one."""

_SHAPE: Final = re.compile(
    r"""(?:(?:version|ver|rev|rel|release|firmware|fw|sw|v|r)[\s.:_-]*)?
        (?P<release>[0-9]{1,9}(?:\.[0-9]{1,9}){0,5})
        (?P<tail>.*)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)
_LABEL: Final = re.compile(
    r"""[\s._+-]*(?:
        (?P<pack>service[\s-]?pack|sp|update|upd|u|hotfix|hf|patch|p)[\s._-]*(?P<count>[0-9]{1,9})
        | (?:build|bld)[\s._:#-]*(?P<build>[0-9]{1,12})
        )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_BUILD: Final = re.compile(r"(?:\s*[-+_]\s*|\s+)([0-9]{1,12})|\s*\(([0-9]{1,12})\)", re.ASCII)
_LOCAL: Final = re.compile(r"\+([A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)", re.ASCII)
_PRE: Final = re.compile(r"[\s._-]*(?:alpha|beta|a|b|c|rc|pre|preview|dev|beta)[\s._-]*[0-9]+", re.IGNORECASE)
_PRE_WORD: Final = re.compile(r"[\s._-]*(?:alpha|beta|rc|pre|preview|dev)\b.*", re.IGNORECASE | re.DOTALL)
_PACKS: Final = {
    "service pack": "sp", "service-pack": "sp", "servicepack": "sp", "sp": "sp",
    "update": "u", "upd": "u", "u": "u", "hotfix": "hf", "hf": "hf", "patch": "p", "p": "p",
}  # fmt: skip
_CLAUSE: Final = re.compile(r"\s*(>=|<=|==|>|<)\s*([0-9]+(?:\.[0-9]+)*)\s*", re.ASCII)


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Version:
    """The version that a vendor's string means.

    ``v5.0.0`` and ``R2.1`` lose their prefix; ``1.12.1_SP3``, ``3.8U1`` and ``4.5.3-123`` keep pack
    and build as a local label (``1.12.1+sp.3``), so they stay within a range that ends at their release.

    Raises ``ValueError`` with the reason for what is no version, or a doubtful one.
    """
    cleaned = text.strip()
    if not cleaned:
        raise ValueError("no version given")
    if len(cleaned) > MAX_LENGTH:
        raise ValueError(f"a version has at most {MAX_LENGTH} characters")
    match = _SHAPE.fullmatch(cleaned)
    if match is None:
        raise ValueError(f"{cleaned!r} is not a version: write the release number, for example 5.1.0")
    release, tail = match["release"], match["tail"]
    return Version(release + _local(cleaned, release, tail))


def _local(text: str, release: str, tail: str) -> str:
    """The tail after the release number as a PEP 440 local label, ``+`` included, or empty."""
    if not tail:
        return ""
    if label := _LABEL.fullmatch(tail):
        if label["build"]:
            return f"+{label['build']}"
        return f"+{_PACKS[label['pack'].lower()]}.{label['count']}"
    if build := _BUILD.fullmatch(tail):
        return f"+{build[1] or build[2]}"
    if local := _LOCAL.fullmatch(tail):
        return f"+{local[1]}"
    raise ValueError(_doubt(text, release, tail))


def _doubt(text: str, release: str, tail: str) -> str:
    if _PRE.fullmatch(tail) or _PRE_WORD.fullmatch(tail):
        return f"{text!r} looks like a pre-release, and no sheet speaks of those: write a release"
    if len(tail.strip(" ._-")) == 1 and tail.strip(" ._-").isalpha():
        if tail.strip(" ._-") in "xX":
            return f"{text!r} names many versions: write the one that is installed"
        return f"{text!r} is doubtful, the letter may mean before or after {release}: write the number alone"
    if tail.startswith("."):
        return f"{text!r} is not a version: write the release number, for example {release}"
    return f"{text!r} is doubtful, {tail.strip()!r} is not understood: write the release number alone"


class Bound(NamedTuple):
    """One end of a range: ``version`` None where it is open, ``inside`` whether it belongs to the range."""

    version: Version | None
    inside: bool


def matches(version: str, specifier: str) -> bool:
    """Whether a vendor's version string lies within a specifier; an empty specifier holds them all.

    A pack or build belongs to its release: bounds state none, and are compared without it (PEP 440).

    Raises ``ValueError`` as :func:`parse` and :func:`bounds` do.
    """
    lower, upper = bounds(specifier)
    release = Version(parse(version).public)
    above = lower.version is None or release > lower.version or (lower.inside and release == lower.version)
    below = upper.version is None or release < upper.version or (upper.inside and release == upper.version)
    return above and below


@functools.lru_cache(maxsize=256)
def bounds(specifier: str) -> tuple[Bound, Bound]:
    """Lower and upper bound of a sheet's version range, the tightest clause of each. Only ``>= > <= < ==``
    with plain release numbers, joined by commas.

    Raises ``ValueError`` with what would be right, and for a range that holds no version.
    """
    found = _bounds(specifier)
    if _empty(*found):
        raise ValueError(f"{specifier!r} holds no version at all")
    return found


def _bounds(specifier: str) -> tuple[Bound, Bound]:
    lower, upper = Bound(None, False), Bound(None, False)
    for clause in specifier.split(",") if specifier.strip() else ():
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise ValueError(
                f"{clause.strip()!r} is not a version bound: write bounds such as >=1.12.1,<=4.5.3"
            )
        operator, version = match[1], Version(match[2])
        inside = "=" in operator
        if operator not in ("<", "<=") and _tighter(lower, version, inside, upwards=True):
            lower = Bound(version, inside)
        if operator not in (">", ">=") and _tighter(upper, version, inside, upwards=False):
            upper = Bound(version, inside)
    return lower, upper


def _empty(lower: Bound, upper: Bound) -> bool:
    """Whether no version is between two bounds; between two releases there is always another."""
    if upper.version is None:
        return False
    first = lower if lower.version is not None else Bound(FIRST, True)
    assert first.version is not None
    return first.version > upper.version or (
        first.version == upper.version and not (first.inside and upper.inside)
    )


def _tighter(bound: Bound, version: Version, inside: bool, *, upwards: bool) -> bool:
    if bound.version is None:
        return True
    if bound.version == version:
        return bound.inside and not inside
    return version > bound.version if upwards else version < bound.version


def overlap(one: str, other: str) -> bool:
    """Whether two specifiers share a version."""
    return not _empty(*_bounds(",".join(filter(str.strip, (one, other)))))


def gaps(specifiers: Iterable[str]) -> tuple[str, ...]:
    """The versions that no specifier holds, in words, lowest first: ``below 1.12.1``,
    ``above 4.5.3 and below 5.0.0``. Raises ``ValueError`` for an invalid specifier."""
    ranges = sorted((bounds(specifier) for specifier in specifiers), key=_lowest)
    found: list[str] = []
    reached: Bound | None = None  # upper end of what is covered so far; None before the first range
    for lower, upper in ranges:
        if reached is None:
            if lower.version is not None:
                found.append(_below(lower))
        elif reached.version is None:
            break
        elif lower.version is not None and _apart(reached, lower):
            found.append(f"{_above(reached)} and {_below(lower)}")
        if reached is None or _further(upper, reached):
            reached = upper
    if reached is not None and reached.version is not None:
        found.append(_above(reached))
    return tuple(found)


def uncovered(tables: Iterable[str], stated: Iterable[str]) -> tuple[str, ...]:
    """The versions within ``tables`` that no specifier of ``stated`` holds, in words.

    Raises ``ValueError`` for an invalid specifier.
    """
    covering = tuple(stated)
    found: list[str] = []
    for table in tables:
        lower, upper = bounds(table)
        inside = [specifier for specifier in covering if overlap(table, specifier)]
        if not inside:
            found.append(table)
            continue
        ends = [bounds(specifier) for specifier in inside]
        first = min(ends, key=_lowest)[0]
        if first.version is not None and (lower.version is None or lower.version < first.version):
            found.append(
                _below(first) if lower.version is None else f"from {lower.version} to {_below(first)}"
            )
        last = max((end for _, end in ends), key=_highest)
        if last.version is not None and (upper.version is None or upper.version > last.version):
            found.append(_above(last) if upper.version is None else f"{_above(last)} to {upper.version}")
    return tuple(dict.fromkeys(found))


def _highest(upper: Bound) -> tuple[bool, Version, bool]:
    return upper.version is None, upper.version or Version("0"), upper.inside


def _lowest(pair: tuple[Bound, Bound]) -> tuple[bool, Version, bool]:
    lower = pair[0]
    return lower.version is not None, lower.version or Version("0"), not lower.inside


def _apart(reached: Bound, lower: Bound) -> bool:
    assert reached.version is not None
    assert lower.version is not None
    return lower.version > reached.version or (
        lower.version == reached.version and not lower.inside and not reached.inside
    )


def _further(upper: Bound, reached: Bound) -> bool:
    if reached.version is None:
        return False
    return upper.version is None or (upper.version, upper.inside) > (reached.version, reached.inside)


def _below(bound: Bound) -> str:
    return f"below {bound.version}" if bound.inside else f"up to {bound.version}"


def _above(bound: Bound) -> str:
    return f"above {bound.version}" if bound.inside else f"from {bound.version}"
