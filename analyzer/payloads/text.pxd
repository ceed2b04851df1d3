"""The first line of a message in lines of text."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memchr, memcpy


cdef inline int64_t text(
    bint line, const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 9112 sections 3 and 4: what follows the first line, and all where no start line can begin so."""
    cdef const uint8_t *end
    if size < 2:
        return -1
    if not (65 <= data[1] <= 90 or data[1] == 32 or data[1] == 45 or data[1] == 95):  # letter, space, - and _
        out[0], out[1], length[0] = 0, 0, 2
        return 2
    end = <const uint8_t *> memchr(data, 10, size) if line else NULL
    if end == NULL:
        return -1
    length[0] = end - data + 1
    memcpy(out, data, length[0])
    return length[0]
