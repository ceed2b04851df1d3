"""A STUN message without its transaction and attributes."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcmp, memcpy, memset

from analyzer.octets cimport be16


cdef inline int64_t stun(
    bint stream, const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 8489 section 5: the transaction and the attributes; what has no cookie is none."""
    cdef int64_t attributes
    if size >= 20 and not data[0] & 0xC0 and memcmp(data + 4, b"\x21\x12\xa4\x42", 4) == 0:
        attributes = be16(data + 2)
        if attributes % 4 == 0 and (stream or 20 + attributes == wire):
            memset(out, 0, 20)
            out[0], out[1] = data[0], data[1]
            memcpy(out + 4, data + 4, 4)
            length[0] = 20
            return 20
    out[0], length[0] = 0, 1
    return 1
