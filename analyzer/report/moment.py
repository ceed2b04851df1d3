"""Moments of a capture in words."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime.datetime(1970, 1, 1)
_SECOND: Final = 10**9
# RFC 3339 has four-digit years: what lies outside is shown as the nearest moment that has a name.
_EARLIEST: Final = (datetime.datetime.min - _EPOCH) // datetime.timedelta(seconds=1) * _SECOND
_LATEST: Final = ((datetime.datetime.max - _EPOCH) // datetime.timedelta(seconds=1) + 1) * _SECOND - 1


def timestamp(nanoseconds: int) -> str:
    """Nanoseconds since 1970 as RFC 3339 in UTC: six digits where they say it all, else nine."""
    seconds, rest = divmod(min(max(nanoseconds, _EARLIEST), _LATEST), _SECOND)
    return f"{_moment(seconds)}.{rest:09d}Z" if rest % 1000 else f"{_moment(seconds)}.{rest // 1000:06d}Z"


@lru_cache(4096)
def _moment(seconds: int) -> str:
    return (_EPOCH + datetime.timedelta(seconds=seconds)).isoformat()
