"""What entries of a document are made of."""

from __future__ import annotations

from typing import Any

from analyzer.report.moment import timestamp

Entry = dict[str, Any]


def when(nanoseconds: int | None) -> str | None:
    """A time stamp, of what may have none."""
    return None if nanoseconds is None else timestamp(nanoseconds)


def seconds(nanoseconds: int | None) -> float | None:
    """A length of time, of what may have none."""
    return None if nanoseconds is None else nanoseconds / 1e9
