"""Who made a network interface: the vendor that registered the first three bytes of its MAC address."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from analyzer.addresses import mac

LOCAL: Final = 1 << 41
"""The bit of an address that somebody made up (IEEE 802: locally administered)."""


@cache
def _lookup() -> Callable[[str], str] | None:
    try:
        from netutils.mac import get_oui  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return get_oui


def known() -> bool:
    """Whether the extra ``oui`` is installed."""
    return _lookup() is not None


def vendor(number: int) -> str:
    """The vendor of a MAC address, empty where nobody registered it or the extra is missing."""
    lookup = _lookup()
    if lookup is None:
        return ""
    if number & LOCAL:
        return "locally administered"
    try:
        return lookup(mac(number))
    except ValueError:  # registered by nobody
        return ""
