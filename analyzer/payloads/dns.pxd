"""A DNS message without its identifier, its flags and what follows the first name."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy, memset

from analyzer.octets cimport be16


cdef inline int64_t dns(
    const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 1035 section 4.1: the identifier, flags, numbers of records, and what follows the first name."""
    cdef int64_t questions, records, at = 12, labels = 0
    if size < 12:
        return -1
    questions = be16(data + 4)
    records = be16(data + 6) + be16(data + 8) + be16(data + 10)
    if 12 + 5 * questions + 11 * records > wire:
        return -1
    memset(out, 0, 12)
    out[2] = data[2] & 0xF8
    length[0] = 12
    if questions + records == 0:
        return 12
    while True:
        if at + 1 > size or 63 < data[at] < 0xC0 or labels > 127:
            return -1
        if data[at] >= 0xC0:
            at += 2
            break
        if data[at] == 0:
            at += 1
            break
        at += 1 + data[at]
        labels += 1
    if at + 2 > size:
        return -1
    out[5] = 1
    memcpy(out + 12, data + 12, at + 2 - 12)
    length[0] = at + 2
    return max(at + 2, 17)  # no question is shorter
