// Sixteen numbers at a time by AVX-512 with VNNI.
#include <immintrin.h>

#include <cstdint>

namespace tokenflare {
namespace {

using Floats = __m512;
using Ints = __m512i;
using Bytes = __m512i;

constexpr int kWidth = 16;

inline Floats SplatFloat(float value) { return _mm512_set1_ps(value); }
inline Ints SplatInt(int32_t value) { return _mm512_set1_epi32(value); }
inline Floats LoadFloats(const float *from) { return _mm512_loadu_ps(from); }
inline void StoreFloats(float *to, Floats values) { _mm512_storeu_ps(to, values); }
// Sixteen float16.
inline Floats LoadHalves(const uint8_t *from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)));
}
inline Floats ToFloats(Ints values) { return _mm512_cvtepi32_ps(values); }
inline Floats Fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }

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
inline Ints AddDots(Ints sums, Bytes unsigned_bytes, Bytes signed_bytes) {
  return _mm512_dpbusd_epi32(sums, unsigned_bytes, signed_bytes);
}

}  // namespace
}  // namespace tokenflare
