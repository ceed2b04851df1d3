# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``picking``: one pass over a batch instead of one over each column."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t


def using(
    const uint32_t[::1] transports,
    const uint8_t[::1] kinds,
    const uint16_t[::1] src_ports,
    const uint16_t[::1] dst_ports,
    const int64_t[::1] captured,
    const uint8_t[::1] ports,
    uint32_t transport,
    uint8_t kind,
    int64_t least,
    int64_t[::1] rows,
):
    """Fill ``rows``, as long as the columns, with those of ``analyzer.picking.using``; how many they are.

    ``ports`` says of each of 65536 ports whether it is one of theirs.
    """
    cdef int64_t row, found = 0
    for row in range(len(kinds)):
        if (
            transports[row] == transport
            and (ports[dst_ports[row]] or ports[src_ports[row]])
            and kinds[row] == kind
            and captured[row] >= least
        ):
            rows[found] = row
            found += 1
    return found
