"""A frame's bytes while addresses in them are replaced: in place, no length ever changes."""

from __future__ import annotations

from collections import Counter

from analyzer.pseudonyms import Pseudonyms
from analyzer.pseudonyms.mapping import ADDRESS_BYTES


class Patch:
    """``data`` is the frame in the making, ``counts`` says what was done or left, by word.

    Nothing behind the ``end`` that is given, or behind the data, is touched.
    """

    def __init__(self, data: bytearray, pseudonyms: Pseudonyms, counts: Counter[str]) -> None:
        self.data, self.pseudonyms, self.counts = data, pseudonyms, counts

    def number(self, at: int, size: int) -> int:
        """``size`` bytes at ``at`` in network order; what is cut counts as zero."""
        return int.from_bytes(self.data[at : at + size].ljust(size, b"\0"))

    def ip4(self, at: int, end: int) -> None:
        """Replace the IPv4 address at ``at``."""
        if self._whole(at, 4, end):
            self.data[at : at + 4] = self.pseudonyms.ip4(self.number(at, 4)).to_bytes(4)

    def ip6(self, at: int, end: int) -> None:
        """Replace the IPv6 address at ``at``."""
        if self._whole(at, 16, end):
            self.data[at : at + 16] = self.pseudonyms.ip6(self.number(at, 16)).to_bytes(16)

    def mac(self, at: int, end: int) -> None:
        """Replace the MAC address at ``at``."""
        if self._whole(at, 6, end):
            self.data[at : at + 6] = self.pseudonyms.mac(self.number(at, 6)).to_bytes(6)

    def _whole(self, at: int, size: int, end: int) -> bool:
        """Whether an address is there whole. Of one that is cut nothing stays: it tells the network."""
        end = min(end, len(self.data))
        if at < end < at + size:
            self.blank(at, end)
        return at + size <= end

    def ip4s(self, at: int, end: int) -> None:
        """Replace IPv4 addresses from ``at`` up to ``end``."""
        for place in range(at, end, 4):
            self.ip4(place, end)

    def ip6s(self, at: int, end: int) -> None:
        """Replace IPv6 addresses from ``at`` up to ``end``."""
        for place in range(at, end, 16):
            self.ip6(place, end)

    def cut(self, at: int) -> None:
        """Drop what follows ``at``, as a snapshot length would."""
        del self.data[at:]

    def blank(self, at: int, end: int) -> None:
        """Zeros from ``at`` up to ``end``."""
        end = min(end, len(self.data))
        if at < end:
            self.data[at:end] = bytes(end - at)

    def texts(self, at: int, end: int) -> None:
        """Replace addresses written as text: by the pseudonym where it is as long, else digits by ``x``."""
        piece = bytes(self.data[at:end])
        for match in ADDRESS_BYTES.finditer(piece):
            written = match[0].decode("ascii")
            said = self.pseudonyms.text(written)
            if said == written and not self.pseudonyms.names_address(written):
                continue
            if len(said) != len(written):
                said = "".join("x" if char.isalnum() else char for char in written)
            begin = at + match.start()
            self.data[begin : begin + len(said)] = said.encode("ascii")
            self.counts["texts"] += 1
