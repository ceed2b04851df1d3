"""Memory that was used goes back to the system, in a process that judges large tables again and again.

The C library of Linux (glibc) keeps blocks below a threshold in one heap, from which only what lies at its
end goes back; and it raises the threshold to the largest block that was ever given up, 32 MiB at the most
(mallopt(3), M_MMAP_THRESHOLD). A judgement's columns are blocks of some megabytes: after a few hundred
judgements the heap is mostly holes. With a fixed threshold each of them is a mapping of its own, and goes
back at once.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

BLOCK: Final = 1 << 19
"""Bytes from which on a block is a mapping of its own: the columns of a table large enough to be folded."""
_M_MMAP_THRESHOLD: Final = -3
"""malloc.h of glibc."""


def give_back() -> bool:
    """Fix the threshold for this process; False where its C library knows no such thing.

    For a program that follows captures for days, not for a library: it concerns the whole process.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, BLOCK))
