"""TFTP data without its bytes, and acknowledgements."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy


cdef inline int64_t tftp(
    const uint8_t *data, int64_t size, int64_t wire, uint8_t *out, int64_t *length
) noexcept nogil:
    """RFC 1350 section 5: DATA but for its bytes and whether they fill a block, and ACK."""
    if size < 4 or data[0] != 0 or not 3 <= data[1] <= 4:
        return -1
    memcpy(out, data, 4)
    length[0] = 4
    return 516 if data[1] == 3 and wire >= 516 else 4
