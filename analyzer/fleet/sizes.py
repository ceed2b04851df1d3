"""Sizes as people write them: ``500000``, ``64MB``, ``1.5 GiB``."""

from __future__ import annotations

import re
from typing import Final

HINT: Final = "give bytes, or a number with kB, MB, GB, MiB, GiB"
_UNITS: Final = {
    "": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
    **{letter: 1024**power for power, letter in enumerate("kmgt", 1)},
}
_SIZE: Final = re.compile(r"(\d+(?:\.\d*)?) *((?:[kmgt](?:i?b)?)?)", re.IGNORECASE | re.ASCII)


def bytes_of(text: str) -> int:
    """Bytes, at least one. A unit is decimal with ``B`` alone, else binary. Raises ``ValueError``."""
    found = _SIZE.fullmatch(text.strip())
    counted = int(float(found[1]) * _UNITS[found[2].lower()]) if found is not None else 0
    if counted < 1:
        raise ValueError(f"{text!r} is no size")
    return counted
