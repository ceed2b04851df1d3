"""TLS records without what is inside, and a ClientHello with the name it asks for."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy, memset

from analyzer.octets cimport be16


cdef inline bint tiles(const uint8_t *data, int64_t size, int64_t *end) noexcept nogil:
    """Whether only TLS records begin in ``data``, and where the last one ends."""
    cdef int64_t at = 0
    while at + 5 <= size:
        if not 20 <= data[at] <= 24 or data[at + 1] != 3 or data[at + 2] > 4:
            return False
        at += 5 + be16(data + at + 3)
    end[0] = at
    return True


cdef inline int64_t record_of(
    uint8_t kind, int64_t size, bint tiled, uint8_t *out, int64_t *length
) noexcept nogil:
    memset(out, 0, 5 + size)
    out[0], out[1], out[2], out[4] = kind, 3, 3, <uint8_t> size
    length[0] = 5 + size
    return 5 + size if tiled else 6 + size


cdef inline int64_t hello(const uint8_t *data, int64_t size, uint8_t *out, int64_t *length) noexcept nogil:
    """A ClientHello but for its random, its offers, and all extensions but the first server name."""
    cdef int64_t at = 43, long_, kind
    length[0] = 11
    memcpy(out, data, 11)
    out[2], out[3], out[4], out[6], out[7], out[8], out[10] = 3, 0, 64, 0, 0, 38, 3
    if at + 1 > size:
        return 11
    at += 1 + data[at]
    if at + 2 > size:
        return 11
    at += 2 + be16(data + at)
    if at + 1 > size:
        return 11
    at += 1 + data[at] + 2
    while at + 4 <= size:
        kind, long_ = be16(data + at), be16(data + at + 2)
        at += 4
        if kind == 0:
            if at + 5 > size:
                return 11
            long_ = be16(data + at + 3)
            at += 5
            if at + long_ > size:
                return 11
            # Up to there: no session, no ciphers, no compressions, no extensions before the name.
            memset(out + 11, 0, 45)
            memcpy(out + 56, data + at - 2, 2 + long_)
            length[0] = 58 + long_
            return length[0]
        at += long_
    return 11


cdef inline int64_t tls(
    const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 5246 section 6.2, RFC 8446 section 5: what a record is, and whether records fill the segment."""
    cdef int64_t record, shake, end = 0
    cdef bint tiled
    if size < 11:
        return -1
    length[0] = 11
    if data[0] & 0x80:
        memcpy(out, data, 11)
        return 11
    record = be16(data + 3)
    if not 20 <= data[0] <= 24 or data[1] != 3 or data[2] > 4 or not 0 < record <= 16384 + 2048:
        out[0], length[0] = 0, 1
        return 1
    tiled = tiles(data, size, &end) and end == wire
    if data[0] >= 23:
        return record_of(23, 1, tiled, out, length)
    if data[0] == 20:
        if record == 1:
            return record_of(20, 1, tiled, out, length)
        out[0], length[0] = 0, 1
        return 1
    if data[0] == 21:
        if record != 2:
            return record_of(21, 3, tiled, out, length)
        memcpy(out, data, 7)
        out[2], length[0] = 3, 7
        return 7
    shake = (<int64_t> data[6]) << 16 | be16(data + 7)
    if 1 <= data[5] <= 2 and 38 <= shake <= 1 << 17 and data[9] == 3:
        if data[5] == 1:
            return hello(data, size, out, length)
        memcpy(out, data, 11)
        out[2], out[3], out[4], out[6], out[7], out[8] = 3, 0, 64, 0, 0, 38
        return 11
    memcpy(out, data, 11)
    # The same bytes, so records begin in them as they do in all: only where they end is left to say.
    return end + (not tiled) if tiles(out, 11, &end) else 11
