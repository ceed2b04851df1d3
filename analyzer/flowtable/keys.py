"""What makes two packets members of one flow, as bytes that a dict can hold.

A key has its ends in a fixed order, the smaller (address, port) first, so both directions of a
conversation have one key. The *way* of a packet is 0 from the first end to the second, 1 back; it
is 0 where both ends are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from analyzer.tables import TCP, UDP

Array = np.ndarray[Any, Any]

KEY: Final = np.dtype(
    [
        ("version", "u1"),
        # Ports 0 and 0 that were read are another flow than ports that are not in the frame.
        ("ported", "u1"),
        ("transport", "<u4"),
        ("hi0", "<u8"),
        ("lo0", "<u8"),
        ("hi1", "<u8"),
        ("lo1", "<u8"),
        ("port0", "<u2"),
        ("port1", "<u2"),
    ]
)

_MIX: Final = tuple(
    np.uint64(odd)
    for odd in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xFF51AFD7ED558CCD,
        0xC4CEB9FE1A85EC53,
        0xD6E8FEB86659FD93,
    )
)


def ported(transport: Array) -> Array:
    """Whether quoted packets of these transports (uint32) belong to flows with ports: booleans."""
    with_ports: Array = (transport == TCP) | (transport == UDP)
    return with_ports


def keys(columns: Mapping[str, Array], with_ports: Array) -> tuple[Array, Array]:
    """The KEY and the way of every row of ``columns`` (PACKETS or QUOTES).

    ``with_ports`` is a boolean per row; the ports of the other rows are left out.
    """
    src_hi, src_lo = columns["src_hi"], columns["src_lo"]
    dst_hi, dst_lo = columns["dst_hi"], columns["dst_lo"]
    src_port = np.where(with_ports, columns["src_port"], 0)
    dst_port = np.where(with_ports, columns["dst_port"], 0)
    low = (src_lo > dst_lo) | ((src_lo == dst_lo) & (src_port > dst_port))
    back = (src_hi > dst_hi) | ((src_hi == dst_hi) & low)
    table = np.empty(len(src_hi), KEY)
    table["version"] = columns["version"]
    table["ported"] = with_ports
    table["transport"] = columns["transport"]
    table["hi0"] = np.where(back, dst_hi, src_hi)
    table["lo0"] = np.where(back, dst_lo, src_lo)
    table["hi1"] = np.where(back, src_hi, dst_hi)
    table["lo1"] = np.where(back, src_lo, dst_lo)
    table["port0"] = np.where(back, dst_port, src_port)
    table["port1"] = np.where(back, src_port, dst_port)
    return table, back.astype(np.uint8)


def as_bytes(table: Array) -> list[bytes]:
    """Each row of a KEY table as bytes."""
    blob, size = table.tobytes(), KEY.itemsize
    return [blob[at : at + size] for at in range(0, len(blob), size)]


def as_table(rows: list[bytes]) -> Array:
    """The KEY table of what :func:`as_bytes` gave."""
    return np.frombuffer(b"".join(rows), KEY)


def grouped(table: Array) -> tuple[Array, Array]:
    """Rows of a KEY table that are equal, brought together: ``(order, starts)``.

    ``order`` is a permutation in which equal rows are neighbours, the earlier row first; ``starts``
    are the positions in ``order`` where another key begins.
    """
    if not len(table):
        nothing = np.zeros(0, np.intp)
        return nothing, nothing
    mixed = _mixed(table)
    order = np.argsort(mixed, kind="stable")
    arranged, bounds = table[order], mixed[order]
    starts = _changes(bounds[1:] != bounds[:-1])
    differs = arranged[1:] != arranged[:-1]
    # Sorting a 64-bit hash is much faster than sorting keys. Where two keys share one, which takes
    # intent, sort the keys themselves: the groups are exact in any case.
    if not np.array_equal(_changes(differs), starts):
        order = np.lexsort([table[name] for name in KEY.names or ()])
        arranged = table[order]
        starts = _changes(arranged[1:] != arranged[:-1])
    return order, starts


def _changes(differs: Array) -> Array:
    return np.concatenate(([0], np.flatnonzero(differs) + 1))


def _mixed(table: Array) -> Array:
    ports = table["port0"].astype(np.uint64) << np.uint64(16) | table["port1"]
    kind = table["transport"].astype(np.uint64) << np.uint64(16) | (
        table["version"].astype(np.uint64) << np.uint64(1) | table["ported"]
    )
    mixed = np.zeros(len(table), np.uint64)
    parts = (table["hi0"], table["lo0"], table["hi1"], table["lo1"], ports, kind)
    for factor, part in zip(_MIX, parts, strict=True):
        mixed = (mixed ^ part) * factor
        mixed ^= mixed >> np.uint64(29)
    return mixed
