"""An NTP message without its times."""

from libc.stdint cimport int64_t, uint8_t


cdef inline int64_t ntp(
    const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 5905 section 7.3: all but version, mode and what a control message is (RFC 9327 section 2)."""
    if size < 4 or wire < 48:
        return -1
    out[0], out[1], out[2], out[3] = data[0] & 0x3F, 0, 0, 0
    if data[0] & 7 == 6:
        out[1] = data[1] & 0x80
    length[0] = 4
    return 48
