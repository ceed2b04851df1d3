"""A BACnet/IP message without addresses on the way, invoke identifiers and parameters."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

from analyzer.octets cimport be16


cdef inline int64_t bacnet(
    const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """ASHRAE 135 annex J, clauses 6.2 and 20.1: addresses on the way, invoke identifiers, parameters."""
    cdef int64_t at = 4, to = 6, kind
    cdef uint8_t control
    if size < 4:
        return -1
    if be16(data + 2) != wire:
        out[0], out[1], out[2], out[3] = data[0], 0, 0, 0
        length[0] = 4
        return 4
    if data[0] != 0x81 or not 9 <= data[1] <= 11 or size < 6 or data[4] != 1:
        return -1
    control, at = data[5], 6
    if control & 0x20:
        if at + 3 > size:
            return -1
        at += 3 + data[at + 2]
    if control & 0x08:
        if at + 3 > size:
            return -1
        at += 3 + data[at + 2]
    if control & 0x20:
        at += 1
    if at > size:
        return -1
    out[0], out[1], out[2], out[4], out[5] = 0x81, 0x0A, 0, 1, control & 0x80
    if control & 0x80:
        if at + 1 > size:
            return -1
        out[to] = data[at]
        to += 1
    elif at < size:
        kind = data[at] >> 4
        if kind > 7:
            return -1
        out[to] = <uint8_t> (kind << 4)
        to, at = to + 1, at + 1
        if kind == 1:
            if at + 1 > size:
                return -1
            kind = 1 if data[at] != 0 and data[at] != 8 else 11  # Who-Is has two numbers, I-Am one
            kind = min(kind, size - at)
            memcpy(out + to, data + at, kind)
            to += kind
        else:
            if kind == 0:
                out[to] = 0
                to, at = to + 1, at + 1
            out[to] = 0
            to, at = to + 1, at + 1
            if (kind == 0 or kind == 3) and data[at - (3 if kind == 0 else 2)] & 8:
                at += 2  # the numbers of a segment
            if kind == 4:
                out[to] = 0
                to, at = to + 1, at + 1
            if at + 1 > size:
                return -1
            out[to] = data[at] if kind != 4 else 0
            to += 1
    out[3] = <uint8_t> to
    length[0] = to
    return to
