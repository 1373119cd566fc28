// Bytes and their dot products by AVX-512 with VNNI.
#include <immintrin.h>

namespace tokenflare {
namespace {

using Bytes = __m512i;

inline Vector Fma(Vector a, Vector b, Vector c) { return (Vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
// Sixteen float16.
inline Vector LoadHalves(const uint8_t *from) {
  return (Vector)_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)));
}
inline float HalfAt(const uint8_t *from, int64_t index) {
  uint16_t half;
  __builtin_memcpy(&half, from + 2 * index, sizeof half);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}
// To the nearest, ties to even.
inline Ints Round(Vector values) { return (Ints)_mm512_cvtps_epi32((__m512)values); }
inline void StoreBytes(int8_t *to, Ints values) {
  _mm_storeu_si128(reinterpret_cast<__m128i *>(to), _mm512_cvtepi32_epi8((__m512i)values));
}
inline int32_t SumInts(Ints values) { return _mm512_reduce_add_epi32((__m512i)values); }

inline Bytes LoadBytes(const uint8_t *from) { return _mm512_loadu_si512(from); }
// Four signed bytes, in all sixteen places.
inline Bytes SplatQuad(const int8_t *from) {
  int32_t quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return _mm512_set1_epi32(quad);
}

// The dot products of a block's 32 outputs and the rows of a tile.
template <Format kFormat, int kRows>
inline __attribute__((always_inline)) void DotBlock(const uint8_t *quads, const RowBlock &rows, Ints (&dots)[kRows][2]) {
  __m512i sums[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    // The sums begin where the zero point of the weights leaves them, so that it costs nothing.
    sums[row][0] = sums[row][1] = _mm512_set1_epi32(-ZeroPoint(kFormat) * rows.sums[row]);
  }
#pragma GCC unroll 8
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    Bytes weights[2];
    if constexpr (kFormat == Format::kQ8) {
      weights[0] = LoadBytes(quads + quad * 128);
      weights[1] = LoadBytes(quads + quad * 128 + 64);
    } else {
      const Bytes nibbles = LoadBytes(quads + quad * 64);
      weights[0] = _mm512_and_si512(nibbles, _mm512_set1_epi8(15));
      weights[1] = _mm512_and_si512(_mm512_srli_epi16(nibbles, 4), _mm512_set1_epi8(15));
    }
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Bytes numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
      sums[row][0] = _mm512_dpbusd_epi32(sums[row][0], weights[0], numbers);
      sums[row][1] = _mm512_dpbusd_epi32(sums[row][1], weights[1], numbers);
    }
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    dots[row][0] = (Ints)sums[row][0];
    dots[row][1] = (Ints)sums[row][1];
  }
}

}  // namespace
}  // namespace tokenflare
