# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
# cython: show_performance_hints=False
"""The compiled part of ``lines``: columns of numbers, points in time and coded texts, put together line by line."""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy

cdef enum:
    _CODED = 0
    _NUMBERS = 1
    _MOMENTS = 2
    _ADDRESSES = 3
    DIGITS = 20  # of a number of 64 bits
    STAMP = 30  # 2026-01-02T03:04:05.000000007Z
    WHOLE = 20  # 2026-01-02T03:04:05.
    SECOND = 1000000000
    STEP = 16  # octets copied at once, whether a text has as many or not
    ROOM = 1 << 16  # of the lines, at first

CODED, NUMBERS, MOMENTS, ADDRESSES = _CODED, _NUMBERS, _MOMENTS, _ADDRESSES

cdef struct Text:
    const char *data
    int64_t size

cdef struct Column:
    int kind
    const int64_t *values
    int64_t texts
    Text *text

cdef struct Clock:
    int64_t second  # since 1970, of what is in text
    char[WHOLE] text

cdef char[200] _pairs  # 00 01 ... 99
cdef char[1024] _octets  # "0.", "1." ... "255.", four apart
cdef int[256] _widths  # of them

cdef int _value
for _value in range(100):
    _pairs[2 * _value], _pairs[2 * _value + 1] = 48 + _value // 10, 48 + _value % 10
for _value in range(256):
    _text = b"%d." % _value
    _widths[_value] = len(_text)
    memcpy(&_octets[4 * _value], <const char *> _text, _widths[_value])


cdef inline char *_copied(char *to, const Text *text) noexcept nogil:
    """Both sides have STEP octets more than any text needs."""
    if text.size <= STEP:
        memcpy(to, text.data, STEP)
    else:
        memcpy(to, text.data, text.size)
    return to + text.size


cdef inline char *_padded(char *to, int64_t number, int digits) noexcept nogil:
    """The number in as many digits; an even number of them."""
    cdef int place
    for place in range(digits - 2, -2, -2):
        memcpy(to + place, &_pairs[2 * (number % 100)], 2)
        number //= 100
    return to + digits


cdef inline char *_number(char *to, uint64_t number) noexcept nogil:
    cdef int count = 1
    cdef uint64_t power = 10
    cdef char *at
    if number < 10:
        to[0] = <char> (48 + number)
        return to + 1
    while count < DIGITS - 1 and number >= power:
        count += 1
        power *= 10
    at = to + count
    while number >= 10:
        at -= 2
        memcpy(at, &_pairs[2 * (number % 100)], 2)
        number //= 100
    if at > to:
        to[0] = <char> (48 + number)
    return to + count


cdef void _set(Clock *clock, int64_t second) noexcept nogil:
    """RFC 3339 in UTC. Days as in Hinnant's civil_from_days."""
    cdef int64_t seconds = second, days, era, day, year, piece, month
    cdef char *to = clock.text
    clock.second = second
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


cdef inline char *_moment(char *to, int64_t moment, Clock *clock) noexcept nogil:
    """Six digits of a second where they say it all, else nine."""
    cdef int64_t second = moment // SECOND, rest = moment % SECOND
    if rest < 0:
        second, rest = second - 1, rest + SECOND
    if second != clock.second:
        _set(clock, second)
    memcpy(to, clock.text, WHOLE)
    to = _padded(to + WHOLE, rest // 1000, 6)
    rest %= 1000
    if rest:
        to[0] = <char> (48 + rest // 100)
        to = _padded(to + 1, rest % 100, 2)
    to[0] = b"Z"
    return to + 1


cdef inline char *_address(char *to, int64_t quad) noexcept nogil:
    cdef int place, octet
    for place in range(24, -8, -8):
        octet = <int> (quad >> place & 255)
        memcpy(to, &_octets[4 * octet], 4)
        to += _widths[octet]
    return to - 1


def lines(list pieces, list columns):
    """The lines of as many rows as the columns have: ``pieces[0]``, a cell, ``pieces[1]`` … ``pieces[-1]``.

    A column is ``(kind, array, texts)``. CODED: places in ``texts``. NUMBERS: written between the first two of
    ``texts``, or, where negative, the third. MOMENTS: ns since 1970, between both. ADDRESSES: IPv4 addresses
    between both; -1 stands for the third of ``texts``, -2 for the fourth …
    Pieces and texts are UTF-8, in which surrogates may pass.
    """
    cdef int64_t count = len(columns), rows = 0, kept = 0, place, row, size, line, room, value
    cdef const int64_t[::1] array
    cdef Column *made = NULL
    cdef Column *column
    cdef Text last
    cdef Clock clock
    cdef char *pool = NULL
    cdef char *free_at
    cdef char *out = NULL
    cdef char *to
    cdef char *more
    cdef list texts, shapes = []
    cdef bytes before, text
    if len(pieces) != count + 1:
        raise ValueError("a piece before each column, and one behind the last")
    # What is the same in every line goes before the next thing that is not.
    before, size = b"", STEP
    for place in range(count):
        before += pieces[place]
        kind, array, texts = columns[place]
        if place and len(array) != rows:
            raise ValueError("columns of unequal length")
        rows = len(array)
        if kind != _CODED and len(texts) < 2:
            raise ValueError("numbers stand between two texts")
        if kind == _CODED and len(texts) == 1:
            for row in range(rows):
                if array[row]:
                    raise ValueError("a code without text")
            before += <bytes?> texts[0]
            continue
        # Before the second text there is a number, before any other the piece.
        texts = [
            <bytes?> one if kind != _CODED and at == 1 else before + <bytes?> one for at, one in enumerate(texts)
        ]
        for text in texts:
            size += len(text)
        shapes.append((kind, array, texts))
        before = b""
    before += pieces[count]
    size += len(before)
    try:
        made = <Column *> calloc(len(shapes) + 1, sizeof(Column))
        pool = free_at = <char *> malloc(size)
        if made == NULL or pool == NULL:
            raise MemoryError
        last.data, last.size = free_at, len(before)
        memcpy(free_at, <const char *> before, last.size)
        free_at += last.size
        line = last.size + STEP
        for kind, array, texts in shapes:
            column = &made[kept]
            column.kind, column.texts = kind, len(texts)
            column.values = &array[0] if rows else NULL
            column.text = <Text *> malloc((column.texts + 1) * sizeof(Text))
            if column.text == NULL:
                raise MemoryError
            kept += 1
            size = 0
            for row in range(column.texts):
                text = texts[row]
                column.text[row].data, column.text[row].size = free_at, len(text)
                memcpy(free_at, <const char *> text, len(text))
                free_at += len(text)
                size = max(size, <int64_t> len(text))
            line += size if kind == _CODED else 2 * size + STAMP
        room = max(<int64_t> ROOM, 2 * line)
        out = to = <char *> malloc(room)
        if out == NULL:
            raise MemoryError
        clock.second = 0
        _set(&clock, 0)
        for row in range(rows):
            if out + room - to < line:
                size = to - out
                room *= 2
                more = <char *> realloc(out, room)
                if more == NULL:
                    raise MemoryError
                out, to = more, more + size
            for place in range(kept):
                column = &made[place]
                value = column.values[row]
                if column.kind == _CODED:
                    if not 0 <= value < column.texts:
                        raise ValueError("a code without text")
                    to = _copied(to, &column.text[value])
                    continue
                if value < 0 and column.kind != _MOMENTS:
                    if column.kind == _NUMBERS:
                        value = -1
                    if value < 2 - column.texts:
                        raise ValueError("a negative number without text")
                    to = _copied(to, &column.text[1 - value])
                    continue
                to = _copied(to, &column.text[0])
                if column.kind == _NUMBERS:
                    to = _number(to, <uint64_t> value)
                elif column.kind == _MOMENTS:
                    to = _moment(to, value, &clock)
                elif value >> 32:
                    raise ValueError("no IPv4 address")
                else:
                    to = _address(to, value)
                if column.text[1].size:
                    to = _copied(to, &column.text[1])
            to = _copied(to, &last)
        return PyUnicode_DecodeUTF8(out, to - out, "surrogatepass")
    finally:
        free(out)
        free(pool)
        if made != NULL:
            for place in range(kept):
                free(made[place].text)
        free(made)
