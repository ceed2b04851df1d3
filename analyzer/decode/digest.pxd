"""The CRC-32 that the compiled decoder takes of every packet."""

from libc.stdint cimport uint8_t, uint32_t

from analyzer.octets cimport View, octets

cdef extern from "crc32.h" nogil:
    void crc32_prepare()
    int crc32_best
    uint32_t crc32_by(int way, const uint8_t *data, size_t size)


cdef inline uint32_t digest(View view, Py_ssize_t pos, Py_ssize_t end) except? 0xFFFFFFFF nogil:
    """Of the bytes from ``pos`` to ``end``, at least one."""
    return crc32_by(crc32_best, octets(view, pos, end - pos), end - pos)
