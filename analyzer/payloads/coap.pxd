"""A CoAP message without its identifier, token and content."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy, memset

from analyzer.octets cimport be16


cdef inline int64_t extended(const uint8_t *data, int64_t size, int64_t *at, int64_t nibble) noexcept nogil:
    """A delta or a length that may go on in the next bytes; -1 where they end or it is reserved."""
    if nibble < 13:
        return nibble
    if nibble == 15 or at[0] + nibble - 12 > size:
        return -1
    at[0] += nibble - 12
    return data[at[0] - 1] + 13 if nibble == 13 else be16(data + at[0] - 2) + 269


cdef inline int64_t coap(
    const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 7252 section 3: message identifier, token, payload, and options that are no part of a path."""
    cdef int64_t at, delta, value, number = 0
    cdef bint cut = wire > size
    if size < 4:
        return -1
    memcpy(out, data, size)
    out[2] = out[3] = 0
    length[0] = size
    if data[0] >> 6 != 1 or data[0] & 15 > 8 or data[1] == 0:
        return wire
    at = 4 + (data[0] & 15)
    if at > size:
        memset(out + 4, 0, size - 4)
        return size + cut
    memset(out + 4, 0, at - 4)
    while at < size:
        if data[at] == 0xFF:
            if at + 1 < size:
                out[at + 1] = 0
                length[0] = at + 2
            return length[0] + cut
        delta, value = data[at] >> 4, data[at] & 15
        at += 1
        delta = extended(data, size, &at, delta)
        value = extended(data, size, &at, value)
        if delta < 0 or value < 0:
            break
        number += delta
        if number > 0xFFFF or at + value > size:
            break
        if number != 11 and number != 15:
            memset(out + at, 0, value)
        at += value
    return size + cut
