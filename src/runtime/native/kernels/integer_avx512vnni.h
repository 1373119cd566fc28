// Bytes and their dot products by AVX-512 with VNNI.
#include <immintrin.h>

namespace tokenflare {
namespace {

using Bytes = __m512i;
using Dots = Ints;

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
inline Bytes LowNibbles(Bytes bytes) { return _mm512_and_si512(bytes, _mm512_set1_epi8(15)); }
inline Bytes HighNibbles(Bytes bytes) { return _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15)); }
// Four signed bytes, in all sixteen places.
inline Bytes SplatQuad(const int8_t *from) {
  int32_t quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return _mm512_set1_epi32(quad);
}
// sums + the dot products of four unsigned and four signed bytes each.
inline Dots AddDots(Dots sums, Bytes unsigned_bytes, Bytes signed_bytes) {
  return (Dots)_mm512_dpbusd_epi32((__m512i)sums, unsigned_bytes, signed_bytes);
}

}  // namespace
}  // namespace tokenflare
