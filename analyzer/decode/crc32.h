/* CRC-32 (ISO 3309, as zlib computes it) of a packet, fast enough to take it of every one.
 *
 * Packets are short: zlib's call costs more than their bytes. Eight table look-ups at a time everywhere. Where
 * the processor multiplies without carries, chunk is folded on chunk as in V. Gopal et al., "Fast CRC Computation
 * for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009), and then, other than there, all lanes of the
 * last one are brought to the end at once: each half of a lane times what x to the power of its distance leaves,
 * the sum of which has 96 bits. No loop is for odd bytes: those are the first, behind zeros, which change nothing.
 *
 * All numbers are reflected, as the sum is: bit 0 is the highest power of x.
 */
#ifndef PORTMATRIX_CRC32_H
#define PORTMATRIX_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Compilers that know the widest way; what the processor knows is asked when the program runs. Not on Windows:
 * GCC does not align wide registers there that it puts on the stack (its bug 54412), and clang-cl lacks the asking. */
#if defined(__x86_64__) && !defined(_WIN32) \
    && (defined(__clang__) ? __clang_major__ >= 7 : defined(__GNUC__) && __GNUC__ >= 8)
#include <immintrin.h>
#define CRC32_FOLDS 1
#else
#define CRC32_FOLDS 0
#endif

#define CRC32_POLYNOMIAL 0xEDB88320u

enum {
    CRC32_SLICED,
    CRC32_FOLDED, /* 16 bytes at a time: x86-64 since 2010 */
    CRC32_WIDE,   /* 64 bytes at a time: AVX-512 */
    CRC32_LEAST = 16, /* shorter ones are sliced */
    CRC32_CHUNK = 256
};

static int crc32_best = CRC32_SLICED;
static uint32_t crc32_table[8][256];

#if CRC32_FOLDS
#define CRC32_ALIGNED __attribute__((aligned(64)))
/* Factors. Of a 16-byte lane, first half and second half, that goes 64 or 256 bytes on: */
static uint64_t crc32_by_64[2] CRC32_ALIGNED, crc32_by_256[2] CRC32_ALIGNED;
/* and of each half of the lanes of a chunk that is the last. */
static uint64_t crc32_ends[CRC32_CHUNK / 8] CRC32_ALIGNED;
/* A sum begins with a register of ones. What to add to the last 4 of so many bytes to the same end: */
static uint32_t crc32_ones[CRC32_CHUNK + 1];
/* 0, 1, 2 ... */
static uint8_t crc32_places[CRC32_CHUNK] CRC32_ALIGNED;
/* A shuffle that moves 16 bytes up by n and fills with zeros is at 64 - n. */
static uint8_t crc32_slide[64 + 16];

/* What x to the power of `exponent` leaves, in the upper half of 64 bits: a product has one power less. */
static uint64_t crc32_factor(unsigned exponent)
{
    uint32_t rest = 0x80000000u;
    while (--exponent)
        rest = rest & 1 ? rest >> 1 ^ CRC32_POLYNOMIAL : rest >> 1;
    return (uint64_t)rest << 32;
}

static void crc32_prepare_folds(void)
{
    for (unsigned half = 0; half < 2; half++) {
        crc32_by_64[half] = crc32_factor(8 * 64 + 64 * (1 - half));
        crc32_by_256[half] = crc32_factor(8 * 256 + 64 * (1 - half));
    }
    for (unsigned half = 0; half < CRC32_CHUNK / 8; half++)
        crc32_ends[half] = crc32_factor(32 + 64 * (CRC32_CHUNK / 8 - 1 - half));
    crc32_ones[0] = 0x9226F562u; /* four zero bytes on it is all ones */
    for (unsigned size = 1; size <= CRC32_CHUNK; size++)
        crc32_ones[size] = crc32_table[0][crc32_ones[size - 1] & 0xFF] ^ crc32_ones[size - 1] >> 8;
    for (unsigned place = 0; place < CRC32_CHUNK; place++)
        crc32_places[place] = (uint8_t)place;
    for (unsigned place = 0; place < sizeof crc32_slide; place++)
        crc32_slide[place] = place < 64 ? 0x80 : (uint8_t)(place - 64);
    __builtin_cpu_init();
    if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
        crc32_best = CRC32_FOLDED;
    if (crc32_best == CRC32_FOLDED && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("vpclmulqdq"))
        crc32_best = CRC32_WIDE;
}
#endif

static void crc32_prepare(void)
{
    for (uint32_t octet = 0; octet < 256; octet++) {
        uint32_t crc = octet;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC32_POLYNOMIAL : crc >> 1;
        crc32_table[0][octet] = crc;
    }
    for (uint32_t octet = 0; octet < 256; octet++)
        for (int slice = 1; slice < 8; slice++)
            crc32_table[slice][octet] = crc32_table[0][crc32_table[slice - 1][octet] & 0xFF]
                                        ^ crc32_table[slice - 1][octet] >> 8;
#if CRC32_FOLDS
    crc32_prepare_folds();
#endif
}

/* All ways give the register, which is the complement of the sum. */
static uint32_t crc32_sliced(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (; size >= 8; size -= 8, data += 8) {
        uint32_t low = crc ^ ((uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16
                              | (uint32_t)data[3] << 24);
        crc = crc32_table[7][low & 0xFF] ^ crc32_table[6][low >> 8 & 0xFF] ^ crc32_table[5][low >> 16 & 0xFF]
              ^ crc32_table[4][low >> 24] ^ crc32_table[3][data[4]] ^ crc32_table[2][data[5]]
              ^ crc32_table[1][data[6]] ^ crc32_table[0][data[7]];
    }
    for (; size; size--, data++)
        crc = crc32_table[0][(crc ^ *data) & 0xFF] ^ crc >> 8;
    return crc;
}

#if CRC32_FOLDS
#define CRC32_LOAD(at) _mm_loadu_si128((const __m128i *)(at))
#define CRC32_TIMES(lane, by, plus)                                  \
    _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(lane, by, 0x00), \
                                _mm_clmulepi64_si128(lane, by, 0x11)), plus)

/* What the polynomial leaves of 96 bits (Barrett): the quotient comes from the upper 64 of them. */
__attribute__((target("pclmul,sse4.1")))
static inline uint32_t crc32_rest(__m128i sum)
{
    /* x^95 divided by the polynomial; the polynomial. */
    const __m128i by = _mm_set_epi64x(0x1DB710641, (long long)0xB4E5B025F7011641u);
    __m128i upper = _mm_srli_si128(sum, 4), quotient = _mm_clmulepi64_si128(upper, by, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(upper, _mm_clmulepi64_si128(quotient, by, 0x10)), 2);
}

/* The 16 bytes at `place` of a message that has zeros, up to 63, at places below 0. */
__attribute__((target("pclmul,sse4.1")))
static inline __m128i crc32_lane(const uint8_t *data, ptrdiff_t place)
{
    ptrdiff_t begin = place < 0 ? 0 : place;
    return _mm_shuffle_epi8(CRC32_LOAD(data + begin), CRC32_LOAD(crc32_slide + 64 + place - begin));
}

__attribute__((target("pclmul,sse4.1")))
static uint32_t crc32_folded(const uint8_t *data, size_t size)
{
    const __m128i by = CRC32_LOAD(crc32_by_64);
    const uint64_t *ends = crc32_ends + (CRC32_CHUNK - 64) / 8;
    size_t first = (size - 1) % 64 + 1;
    const uint8_t *at = data + first, *end = data + size;
    __m128i a = crc32_lane(data, (ptrdiff_t)first - 64), b = crc32_lane(data, (ptrdiff_t)first - 48);
    __m128i c = crc32_lane(data, (ptrdiff_t)first - 32), d = crc32_lane(data, (ptrdiff_t)first - 16);
    d = _mm_xor_si128(d, _mm_slli_si128(_mm_cvtsi32_si128((int)crc32_ones[first]), 12));
    for (; at != end; at += 64) {
        a = CRC32_TIMES(a, by, CRC32_LOAD(at));
        b = CRC32_TIMES(b, by, CRC32_LOAD(at + 16));
        c = CRC32_TIMES(c, by, CRC32_LOAD(at + 32));
        d = CRC32_TIMES(d, by, CRC32_LOAD(at + 48));
    }
    a = CRC32_TIMES(a, CRC32_LOAD(ends), _mm_setzero_si128());
    b = CRC32_TIMES(b, CRC32_LOAD(ends + 2), a);
    c = CRC32_TIMES(c, CRC32_LOAD(ends + 4), _mm_setzero_si128());
    d = CRC32_TIMES(d, CRC32_LOAD(ends + 6), c);
    return crc32_rest(_mm_xor_si128(b, d));
}

#define CRC32_SUM512(one, two, three) _mm512_ternarylogic_epi64(one, two, three, 0x96)
#define CRC32_TIMES512(lanes, by, plus) \
    CRC32_SUM512(_mm512_clmulepi64_epi128(lanes, by, 0x00), _mm512_clmulepi64_epi128(lanes, by, 0x11), plus)
#define CRC32_LOAD512(at) _mm512_loadu_si512((const void *)(at))
/* 64 bytes, zeros at places below `begin`, where nothing is read. */
#define CRC32_LANES512(at, places, begin) \
    _mm512_maskz_loadu_epi8(_mm512_cmpge_epu8_mask(_mm512_load_si512(places), begin), (const void *)(at))

__attribute__((target("pclmul,sse4.1,avx512f,avx512bw,vpclmulqdq")))
static uint32_t crc32_wide(const uint8_t *data, size_t size)
{
    const __m512i by = _mm512_broadcast_i32x4(CRC32_LOAD(crc32_by_256));
    size_t first = (size - 1) % CRC32_CHUNK + 1;
    /* Numbers, for they may point in front of the message. */
    uintptr_t at = (uintptr_t)data + first - CRC32_CHUNK, last = (uintptr_t)data + size - CRC32_CHUNK;
    const __m512i begin = _mm512_set1_epi8((char)(CRC32_CHUNK - first));
    __m512i a = CRC32_LANES512(at, crc32_places, begin);
    __m512i b = CRC32_LANES512(at + 64, crc32_places + 64, begin);
    __m512i c = CRC32_LANES512(at + 128, crc32_places + 128, begin);
    __m512i d = CRC32_LANES512(at + 192, crc32_places + 192, begin);
    __m256i half;
    d = _mm512_xor_si512(d, _mm512_maskz_set1_epi32(1 << 15, (int)crc32_ones[first]));
    while (at != last) {
        at += CRC32_CHUNK;
        a = CRC32_TIMES512(a, by, CRC32_LOAD512(at));
        b = CRC32_TIMES512(b, by, CRC32_LOAD512(at + 64));
        c = CRC32_TIMES512(c, by, CRC32_LOAD512(at + 128));
        d = CRC32_TIMES512(d, by, CRC32_LOAD512(at + 192));
    }
    a = CRC32_TIMES512(a, CRC32_LOAD512(crc32_ends), _mm512_setzero_si512());
    b = CRC32_TIMES512(b, CRC32_LOAD512(crc32_ends + 8), a);
    c = CRC32_TIMES512(c, CRC32_LOAD512(crc32_ends + 16), _mm512_setzero_si512());
    d = CRC32_TIMES512(d, CRC32_LOAD512(crc32_ends + 24), c);
    d = _mm512_xor_si512(b, d);
    half = _mm256_xor_si256(_mm512_castsi512_si256(d), _mm512_extracti64x4_epi64(d, 1));
    return crc32_rest(_mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}
#endif

/* The sum by a way from CRC32_SLICED to `crc32_best`. */
static inline uint32_t crc32_by(int way, const uint8_t *data, size_t size)
{
#if CRC32_FOLDS
    if (size >= CRC32_LEAST && way == CRC32_WIDE)
        return ~crc32_wide(data, size);
    if (size >= CRC32_LEAST && way == CRC32_FOLDED)
        return ~crc32_folded(data, size);
#endif
    (void)way;
    return ~crc32_sliced(data, size);
}

#endif
