# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``kinds``: rows are told apart by a hash of their columns, and by the columns themselves."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memset

import os

cdef enum:
    BLOCK = 1024  # rows whose hashes are made at a time
    FEWEST = 1 << 10  # slots at first, and twice as many as kinds that there is room for
    FACTORS = 64  # columns with numbers of their own in the hash
    AHEAD = 8  # rows whose slots are asked for before they are looked at

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define portmatrix_prefetch(place) __builtin_prefetch(place)
    #else
    #define portmatrix_prefetch(place) ((void)(place))
    #endif
    """
    void portmatrix_prefetch(const void *place) noexcept nogil

cdef struct Column:
    const uint8_t *octets
    int width  # of a number: 1, 2, 4 or 8 octets
    uint64_t term
    uint64_t factor

# Of the hash. New in every process: nobody can prepare a capture whose flows all share a chain.
cdef uint64_t[FACTORS] _terms
cdef uint64_t[FACTORS] _factors
cdef uint64_t _last = int.from_bytes(os.urandom(8), "little") | 1
cdef int _place
for _place in range(FACTORS):
    _terms[_place] = int.from_bytes(os.urandom(8), "little")
    _factors[_place] = int.from_bytes(os.urandom(8), "little") | 1


cdef inline uint64_t number(const Column *column, Py_ssize_t row) noexcept nogil:
    if column.width == 1:
        return column.octets[row]
    if column.width == 2:
        return (<const uint16_t *> column.octets)[row]
    if column.width == 4:
        return (<const uint32_t *> column.octets)[row]
    return (<const uint64_t *> column.octets)[row]


cdef inline bint same(const Column *columns, int count, Py_ssize_t one, Py_ssize_t other) noexcept nogil:
    cdef int place
    for place in range(count):
        if number(&columns[place], one) != number(&columns[place], other):
            return False
    return True


cdef inline bint constant(const Column *column, Py_ssize_t rows) noexcept nogil:
    """Whether all numbers of a column are one."""
    return memcmp(column.octets, column.octets + column.width, (rows - 1) * column.width) == 0


cdef void mix(const Column *columns, int count, Py_ssize_t begin, Py_ssize_t rows, uint64_t *mixes) noexcept nogil:
    """The hashes of some rows, multilinear in secret numbers, column by column."""
    cdef const Column *column
    cdef const uint8_t *narrow
    cdef const uint16_t *short
    cdef const uint32_t *middle
    cdef const uint64_t *wide
    cdef uint64_t term, factor
    cdef Py_ssize_t row
    cdef int place
    memset(mixes, 0, rows * sizeof(uint64_t))
    for place in range(count):
        column = &columns[place]
        term, factor = column.term, column.factor
        if column.width == 1:
            narrow = column.octets + begin
            for row in range(rows):
                mixes[row] += (narrow[row] + term) * factor
        elif column.width == 2:
            short = (<const uint16_t *> column.octets) + begin
            for row in range(rows):
                mixes[row] += (short[row] + term) * factor
        elif column.width == 4:
            middle = (<const uint32_t *> column.octets) + begin
            for row in range(rows):
                mixes[row] += (middle[row] + term) * factor
        else:
            wide = (<const uint64_t *> column.octets) + begin
            for row in range(rows):
                mixes[row] += (wide[row] + term) * factor
    for row in range(rows):
        mixes[row] ^= mixes[row] >> 32
        mixes[row] *= _last
        mixes[row] ^= mixes[row] >> 29


def kinds(list columns, list widths, int64_t[::1] firsts, int64_t[::1] of):
    """The kind of each row into ``of``, and the first row of each kind into ``firsts``; returns how many kinds
    there are. ``columns`` are the octets of numbers of the ``widths``, as many numbers in each as ``of`` has."""
    cdef Py_ssize_t rows = of.shape[0], begin, row, some
    cdef const uint8_t[::1] view
    cdef Column *made = NULL
    cdef uint32_t *slots = NULL  # 1 + the kind, 0 of none
    cdef uint64_t *known = NULL  # the hash of each kind
    cdef uint64_t *more
    cdef uint64_t[BLOCK] mixes
    cdef uint64_t mask = FEWEST - 1, at
    cdef int64_t found = 0, kind
    cdef int count = 0, width
    if rows >= 0xFFFFFFFF or firsts.shape[0] < rows or len(columns) != len(widths):
        raise ValueError("columns that do not fit together")
    if not rows:
        return 0
    try:
        made = <Column *> calloc(len(columns) + 1, sizeof(Column))
        slots = <uint32_t *> calloc(FEWEST, sizeof(uint32_t))
        known = <uint64_t *> malloc(FEWEST // 2 * sizeof(uint64_t))
        if made == NULL or slots == NULL or known == NULL:
            raise MemoryError
        for view, width in zip(columns, widths):
            if width not in (1, 2, 4, 8) or view.shape[0] != rows * width:
                raise ValueError("columns that do not fit together")
            made[count].octets, made[count].width = &view[0], width
            if constant(&made[count], rows):
                continue  # it tells nothing apart
            made[count].term, made[count].factor = _terms[count % FACTORS], _factors[count % FACTORS]
            count += 1
        if not count:
            firsts[0] = 0
            memset(&of[0], 0, rows * sizeof(int64_t))
            return 1
        with nogil:
            begin = 0
            while begin < rows:
                some = min(rows - begin, <Py_ssize_t> BLOCK)
                mix(made, count, begin, some, mixes)
                for row in range(some):
                    if row + AHEAD < some:
                        portmatrix_prefetch(&slots[mixes[row + AHEAD] & mask])
                    at = mixes[row] & mask
                    while True:
                        kind = <int64_t> slots[at] - 1
                        if kind < 0:
                            break
                        if known[kind] == mixes[row] and same(made, count, firsts[kind], begin + row):
                            break
                        at = (at + 1) & mask
                    if kind < 0:
                        kind = found
                        firsts[kind] = begin + row
                        known[kind] = mixes[row]
                        found += 1
                        slots[at] = <uint32_t> found
                        if 2 * <uint64_t> found > mask:
                            more = <uint64_t *> realloc(known, 2 * (mask + 1) * sizeof(uint64_t))
                            if more == NULL:
                                raise MemoryError
                            known = more
                            mask = 4 * mask + 3
                            free(slots)
                            slots = <uint32_t *> calloc(mask + 1, sizeof(uint32_t))
                            if slots == NULL:
                                raise MemoryError
                            _arrange(slots, mask, known, found)
                    of[begin + row] = kind
                begin += BLOCK
        return found
    finally:
        free(made)
        free(slots)
        free(known)


cdef void _arrange(uint32_t *slots, uint64_t mask, const uint64_t *known, int64_t count) noexcept nogil:
    """Fill empty slots."""
    cdef int64_t kind
    cdef uint64_t at
    for kind in range(count):
        at = known[kind] & mask
        while slots[at]:
            at = (at + 1) & mask
        slots[at] = <uint32_t> (kind + 1)
