"""A stranger's bytes, read only where there are any: every range goes through ``octets``, which checks both ends.

For compiled modules; a range outside raises ``IndexError``. Numbers are big-endian, as on the wire.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define octets_soon(at) __builtin_prefetch(at)
    #define octets_unlikely(what) __builtin_expect(!!(what), 0)
    #else
    #define octets_soon(at) ((void)(at))
    #define octets_unlikely(what) (what)
    #endif

    static int octets_outside(void)
    {
        PyGILState_STATE state = PyGILState_Ensure();
        PyErr_SetString(PyExc_IndexError, "outside of the buffer");
        PyGILState_Release(state);
        return -1;
    }
    """
    int outside "octets_outside"() except -1 nogil
    bint unlikely "octets_unlikely"(bint what) noexcept nogil
    # Have the processor fetch what is there, or would be: nothing is read.
    void soon "octets_soon"(const uint8_t *at) noexcept nogil


cdef struct View:
    const uint8_t *data
    Py_ssize_t size


cdef inline View view_of(const uint8_t[::1] buffer) noexcept:
    """``buffer``, which has to outlive the view."""
    cdef View view
    view.size = buffer.shape[0]
    view.data = &buffer[0] if view.size else NULL
    return view


cdef inline const uint8_t *octets(View view, Py_ssize_t at, Py_ssize_t size) except NULL nogil:
    """Where the ``size`` bytes at ``at`` are, at least one."""
    # Unsigned, what is below zero is far outside.
    if unlikely(<size_t>at >= <size_t>view.size or <size_t>(size - 1) >= <size_t>(view.size - at)):
        outside()
        return NULL
    return view.data + at


cdef inline uint32_t be16(const uint8_t *at) noexcept nogil:
    return <uint32_t>at[0] << 8 | at[1]


cdef inline uint64_t be32(const uint8_t *at) noexcept nogil:
    return <uint64_t>at[0] << 24 | <uint64_t>at[1] << 16 | <uint64_t>at[2] << 8 | at[3]


cdef inline uint64_t be48(const uint8_t *at) noexcept nogil:
    return <uint64_t>be16(at) << 32 | be32(at + 2)


cdef inline uint64_t be64(const uint8_t *at) noexcept nogil:
    return be32(at) << 32 | be32(at + 4)
