"""A keyed permutation of bit strings that keeps prefixes, as Crypto-PAn does.

Two strings that share their first n bits share the first n bits of their images, and no more (Xu, Fan, Ammar,
Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002): each bit is flipped or not, as a keyed hash of
the bits before it says. Where a prefix has a meaning that must stay, its bits are pinned: not flipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

KEY_BYTES = 32
_MOST = 64
"""blake2b takes keys of at most 64 bytes."""


class Tree:
    """A permutation of strings of ``width`` bits, given and returned as whole numbers.

    ``name`` sets the trees of one key apart. ``fixed`` are prefixes ``(bits, length)``: what begins with one
    is mapped to what begins with it, and nothing else is.
    """

    def __init__(self, key: bytes, name: str, width: int, fixed: Iterable[tuple[int, int]] = ()) -> None:
        self.width = width
        self._hash = hashlib.blake2b(key=key[:_MOST], digest_size=1, person=name.encode()[:16])
        self._pinned: set[tuple[int, int]] = set()
        for bits, length in fixed:
            self.fix(bits, length)

    def fix(self, bits: int, length: int) -> None:
        """Pin the path to a prefix."""
        self._pinned.update((bits >> length - depth, depth) for depth in range(length))

    def keep_ends(self, bits: int, length: int) -> None:
        """Pin, below a prefix, all zeros and all ones: a network's own address and its broadcast address."""
        for depth in range(length, self.width):
            more = depth - length
            self._pinned.add((bits << more, depth))
            self._pinned.add((bits << more | (1 << more) - 1, depth))

    def __call__(self, number: int, keep: int = 0, ends: int = 0) -> int:
        """The image of ``number``. The first ``keep`` bits stay; with ``ends``, within the last so many bits
        all zeros and all ones stay what they are."""
        image = number >> self.width - keep if keep else 0
        for depth in range(keep, self.width):
            before = number >> self.width - depth
            bit = number >> self.width - depth - 1 & 1
            image = image << 1 | bit ^ self._flip(before, depth, ends)
        return image

    def _flip(self, before: int, depth: int, ends: int) -> int:
        if (before, depth) in self._pinned:
            return 0
        tail = depth - (self.width - ends)
        if ends and tail >= 0 and before & (1 << tail) - 1 in (0, (1 << tail) - 1):
            return 0
        digest = self._hash.copy()
        digest.update(depth.to_bytes(1) + before.to_bytes(16))
        return digest.digest()[0] & 1
