# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``lines``: columns of numbers, points in time and coded texts, put together line by line."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

cdef enum:
    _CODED = 0
    _NUMBERS = 1
    _MOMENTS = 2
    _ADDRESSES = 3
    DIGITS = 20  # of a number of 64 bits
    STAMP = 30  # 2026-01-02T03:04:05.000000007Z
    SECOND = 1000000000

CODED, NUMBERS, MOMENTS, ADDRESSES = _CODED, _NUMBERS, _MOMENTS, _ADDRESSES

cdef struct Text:
    const char *data
    int64_t size

cdef struct Column:
    int kind
    const int64_t *values
    int64_t texts
    Text *text


cdef inline char *_copied(char *to, Text *text) noexcept nogil:
    memcpy(to, text.data, text.size)
    return to + text.size


cdef inline char *_padded(char *to, int64_t number, int digits) noexcept nogil:
    cdef int place
    for place in range(digits - 1, -1, -1):
        to[place] = <char> (48 + number % 10)
        number //= 10
    return to + digits


cdef inline char *_number(char *to, int64_t number) noexcept nogil:
    cdef char digits[DIGITS]
    cdef int count = 0
    while True:
        digits[count] = <char> (48 + number % 10)
        number //= 10
        count += 1
        if number == 0:
            break
    while count:
        count -= 1
        to[0] = digits[count]
        to += 1
    return to


cdef char *_moment(char *to, int64_t moment) noexcept nogil:
    """RFC 3339 in UTC, six digits where they say it all, else nine. Days as in Hinnant's civil_from_days."""
    cdef int64_t seconds = moment // SECOND, rest = moment % SECOND, days, era, day, year, piece, month
    if rest < 0:
        seconds, rest = seconds - 1, rest + SECOND
    days = seconds // 86400
    seconds %= 86400
    if seconds < 0:
        days, seconds = days - 1, seconds + 86400
    days += 719468  # from 0000-03-01
    era = (days if days >= 0 else days - 146096) // 146097
    day = days - era * 146097
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    piece = (5 * day + 2) // 153
    day += 1 - (153 * piece + 2) // 5
    month = piece + 3 if piece < 10 else piece - 9
    year += era * 400 + (1 if month <= 2 else 0)
    to = _padded(to, year, 4)
    to[0] = b"-"
    to = _padded(to + 1, month, 2)
    to[0] = b"-"
    to = _padded(to + 1, day, 2)
    to[0] = b"T"
    to = _padded(to + 1, seconds // 3600, 2)
    to[0] = b":"
    to = _padded(to + 1, seconds // 60 % 60, 2)
    to[0] = b":"
    to = _padded(to + 1, seconds % 60, 2)
    to[0] = b"."
    to = _padded(to + 1, rest, 9) if rest % 1000 else _padded(to + 1, rest // 1000, 6)
    to[0] = b"Z"
    return to + 1


cdef inline char *_address(char *to, int64_t quad) noexcept nogil:
    cdef int place
    for place in range(24, -8, -8):
        to = _number(to, quad >> place & 255)
        to[0] = b"."
        to += 1
    return to - 1


def lines(list pieces, list columns):
    """The lines of as many rows as the columns have: ``pieces[0]``, a cell, ``pieces[1]`` … ``pieces[-1]``.

    A column is ``(kind, array, texts)``. CODED: places in ``texts``. NUMBERS: written between the first two of
    ``texts``, or, where negative, the third. MOMENTS: ns since 1970, between both. ADDRESSES: IPv4 addresses
    between both; -1 stands for the third of ``texts``, -2 for the fourth …
    """
    cdef int64_t count = len(columns), rows = 0, place, row, room = 0, value
    cdef const int64_t[::1] array
    cdef Column *made
    cdef Column *column
    cdef Text *around
    cdef char *to
    cdef char *begin
    cdef list texts
    cdef bytes text
    if len(pieces) != count + 1:
        raise ValueError("a piece before each column, and one behind the last")
    made = <Column *> calloc(count + 1, sizeof(Column))
    around = <Text *> calloc(count + 1, sizeof(Text))
    try:
        if made == NULL or around == NULL:
            raise MemoryError
        for place in range(count + 1):
            text = pieces[place]
            around[place].data = PyBytes_AS_STRING(text)
            around[place].size = PyBytes_GET_SIZE(text)
            room += around[place].size
        for place in range(count):
            kind, array, texts = columns[place]
            if place and len(array) != rows:
                raise ValueError("columns of unequal length")
            rows = len(array)
            column = &made[place]
            column.kind, column.texts = kind, len(texts)
            column.values = &array[0] if rows else NULL
            column.text = <Text *> malloc((column.texts + 1) * sizeof(Text))
            if column.text == NULL:
                raise MemoryError
            for row in range(column.texts):
                text = texts[row]
                column.text[row].data = PyBytes_AS_STRING(text)
                column.text[row].size = PyBytes_GET_SIZE(text)
            if column.kind != _CODED and column.texts < 2:
                raise ValueError("numbers stand between two texts")
            if column.kind == _MOMENTS:
                room += STAMP + column.text[0].size + column.text[1].size
            elif column.kind != _CODED:
                room += DIGITS + column.text[0].size + column.text[1].size
        room *= rows
        for place in range(count):
            column = &made[place]
            for row in range(rows):
                value = column.values[row]
                if column.kind == _CODED:
                    if not 0 <= value < column.texts:
                        raise ValueError("a code without text")
                    room += column.text[value].size
                elif column.kind != _MOMENTS and value < 0:
                    if column.kind == _NUMBERS:
                        value = -1
                    if value < 2 - column.texts:
                        raise ValueError("a negative number without text")
                    room += column.text[1 - value].size
                elif column.kind == _ADDRESSES and value >> 32:
                    raise ValueError("no IPv4 address")
        out = PyBytes_FromStringAndSize(NULL, room)
        begin = to = PyBytes_AS_STRING(out)
        for row in range(rows):
            for place in range(count):
                to = _copied(to, &around[place])
                column = &made[place]
                value = column.values[row]
                if column.kind == _CODED:
                    to = _copied(to, &column.text[value])
                elif column.kind != _MOMENTS and value < 0:
                    to = _copied(to, &column.text[1 - value if column.kind == _ADDRESSES else 2])
                else:
                    to = _copied(to, &column.text[0])
                    if column.kind == _NUMBERS:
                        to = _number(to, value)
                    elif column.kind == _MOMENTS:
                        to = _moment(to, value)
                    else:
                        to = _address(to, value)
                    to = _copied(to, &column.text[1])
            to = _copied(to, &around[count])
        return out[: to - begin]
    finally:
        if made != NULL:
            for place in range(count):
                free(made[place].text)
        free(made)
        free(around)
