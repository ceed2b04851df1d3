/* CRC-32 (ISO 3309, as zlib computes it) of a packet, fast enough to take it of every one.
 *
 * Packets are short: zlib's call costs more than their bytes. Eight table look-ups at a time everywhere;
 * where the processor multiplies without carries, 16 bytes at a time (V. Gopal et al., "Fast CRC
 * Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009; constants of its page 17).
 */
#ifndef PORTMATRIX_CRC32_H
#define PORTMATRIX_CRC32_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static uint32_t crc32_table[8][256];
static int crc32_folds;

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#define CRC32_FOLDS 1
#else
#define CRC32_FOLDS 0
#endif

static void crc32_prepare(void)
{
    for (uint32_t octet = 0; octet < 256; octet++) {
        uint32_t crc = octet;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        crc32_table[0][octet] = crc;
    }
    for (uint32_t octet = 0; octet < 256; octet++)
        for (int slice = 1; slice < 8; slice++)
            crc32_table[slice][octet] = crc32_table[0][crc32_table[slice - 1][octet] & 0xFF]
                                        ^ crc32_table[slice - 1][octet] >> 8;
#if CRC32_FOLDS
    __builtin_cpu_init();
    crc32_folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
#endif
}

/* `crc` here and below is the register, which is the complement of the sum. */
static uint32_t crc32_sliced(uint32_t crc, const uint8_t *data, size_t size)
{
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
#define CRC32_FOLD(part, by, next)                                                        \
    _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(part, by, 0x00),                     \
                                _mm_clmulepi64_si128(part, by, 0x11)), next)

/* `size` is a multiple of 16, at least 16. */
__attribute__((target("pclmul,sse4.1")))
static uint32_t crc32_folded(uint32_t crc, const uint8_t *data, size_t size)
{
    const __m128i by_64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i by_16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i low = _mm_setr_epi32(~0, 0, ~0, 0);
    const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    __m128i sum = _mm_xor_si128(CRC32_LOAD(data), _mm_cvtsi32_si128((int)crc)), rest;

    if (size >= 64) {
        __m128i second = CRC32_LOAD(data + 16), third = CRC32_LOAD(data + 32), fourth = CRC32_LOAD(data + 48);
        for (data += 64, size -= 64; size >= 64; data += 64, size -= 64) {
            sum = CRC32_FOLD(sum, by_64, CRC32_LOAD(data));
            second = CRC32_FOLD(second, by_64, CRC32_LOAD(data + 16));
            third = CRC32_FOLD(third, by_64, CRC32_LOAD(data + 32));
            fourth = CRC32_FOLD(fourth, by_64, CRC32_LOAD(data + 48));
        }
        sum = CRC32_FOLD(sum, by_16, second);
        sum = CRC32_FOLD(sum, by_16, third);
        sum = CRC32_FOLD(sum, by_16, fourth);
    } else {
        data += 16;
        size -= 16;
    }
    for (; size; data += 16, size -= 16)
        sum = CRC32_FOLD(sum, by_16, CRC32_LOAD(data));

    rest = _mm_clmulepi64_si128(sum, by_16, 0x10);
    sum = _mm_xor_si128(_mm_srli_si128(sum, 8), rest);
    rest = _mm_srli_si128(sum, 4);
    sum = _mm_clmulepi64_si128(_mm_and_si128(sum, low), _mm_set_epi64x(0, 0x0163cd6124), 0x00);
    sum = _mm_xor_si128(sum, rest);
    rest = _mm_clmulepi64_si128(_mm_and_si128(sum, low), barrett, 0x10);
    rest = _mm_clmulepi64_si128(_mm_and_si128(rest, low), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(sum, rest), 1);
}
#endif

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xFFFFFFFFu;
#if CRC32_FOLDS
    if (crc32_folds && size >= 16) {
        size_t whole = size & ~(size_t)15;
        crc = crc32_folded(crc, data, whole);
        data += whole;
        size -= whole;
    }
#endif
    return ~crc32_sliced(crc, data, size);
}

#endif
