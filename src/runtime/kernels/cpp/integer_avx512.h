// Bytes and their dot products by AVX-512, with VNNI where TOKENFLARE_AVX512_VNNI says so: sixteen sums a register.
#include <immintrin.h>

namespace tokenflare {
namespace {

using Bytes = __m512i;

inline Vector OfFloats(__m512 values) { return {{(Part)values}}; }
inline Part FmaPart(Part a, Part b, Part c) { return (Part)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
inline Part RootPart(Part a) { return (Part)_mm512_sqrt_ps((__m512)a); }
// Sixteen float16.
inline Vector LoadHalves(const uint8_t *from) {
  return OfFloats(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from))));
}
inline void StoreHalves(uint8_t *to, const Vector &values) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(to), _mm512_cvtps_ph((__m512)values.parts[0], _MM_FROUND_TO_NEAREST_INT));
}
inline float HalfAt(const uint8_t *from, int64_t index) {
  uint16_t half;
  __builtin_memcpy(&half, from + 2 * index, sizeof half);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}
inline float Widen(Float16 half) { return HalfAt(reinterpret_cast<const uint8_t *>(&half), 0); }
// To the nearest, ties to even.
inline Ints Round(const Vector &values) { return {{(IntPart)_mm512_cvtps_epi32((__m512)values.parts[0])}}; }
inline void StoreBytes(int8_t *to, const Ints &values) {
  _mm_storeu_si128(reinterpret_cast<__m128i *>(to), _mm512_cvtepi32_epi8((__m512i)values.parts[0]));
}
TOKENFLARE_INLINE void StoreRow(int8_t *to, const Ints &low, const Ints &high) {
  StoreBytes(to, low);
  StoreBytes(to + kWidth, high);
}
inline int32_t SumInts(const Ints &values) { return _mm512_reduce_add_epi32((__m512i)values.parts[0]); }

inline Bytes LoadBytes(const uint8_t *from) { return _mm512_loadu_si512(from); }
// Four signed bytes, in all sixteen places.
inline Bytes SplatQuad(const int8_t *from) {
  int32_t quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return _mm512_set1_epi32(quad);
}

// Sixteen bytes as floats.
inline Vector WidenUnsigned(const uint8_t *from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from));
  return OfFloats(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)));
}
inline Vector WidenSigned(const uint8_t *from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from));
  return OfFloats(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
}

typedef uint16_t Lanes __attribute__((vector_size(64)));

// The bits from `bit` on, moved to bit 4 of their bytes.
inline Bytes MoveToFour(Bytes bits, int bit, char mask) {
  const Lanes moved = (Lanes)bits >> bit << 4;
  return _mm512_and_si512((Bytes)moved, _mm512_set1_epi8(mask));
}

// The stored numbers of a quad: those of outputs 0 to 15, and those of 16 to 31.
template <Format kFormat>
inline __attribute__((always_inline)) void LoadQuad(const uint8_t *quads, int quad, Bytes (&weights)[2]) {
  if constexpr (kFormat == Format::kQ8) {
    weights[0] = LoadBytes(quads + quad * 128);
    weights[1] = LoadBytes(quads + quad * 128 + 64);
    return;
  }
  const Bytes nibbles = LoadBytes(quads + quad * 64);
  weights[0] = _mm512_and_si512(nibbles, _mm512_set1_epi8(15));
  weights[1] = _mm512_and_si512(_mm512_srli_epi16(nibbles, 4), _mm512_set1_epi8(15));
  const uint8_t *high = quads + 512;
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    if constexpr (LayoutOf(kFormat).high_bits == 1) {
      weights[half] = _mm512_or_si512(weights[half], MoveToFour(LoadBytes(high + half * 64), quad, 0x10));
    } else if constexpr (LayoutOf(kFormat).high_bits == 2) {
      const Bytes bits = LoadBytes(high + quad / 4 * 128 + half * 64);
      weights[half] = _mm512_or_si512(weights[half], MoveToFour(bits, quad % 4 * 2, 0x30));
    }
  }
}

// Where the zero point of the weights leaves a row's dot products: their sums begin there, so that it costs nothing.
template <Format kFormat, int kPart>
inline __m512i StartOf(const RowBlock &rows, int row) {
  return _mm512_set1_epi32(StartOfPart<LayoutOf(kFormat).scales, kPart>(rows, row, LayoutOf(kFormat).zero_point));
}

#ifdef TOKENFLARE_AVX512_VNNI

// The dot products of a block's outputs and the rows of a tile, over the part of the depth that has one scale: a register
// of outputs 0 to 15 and one of outputs 16 to 31.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotGroup(const uint8_t *quads, const RowBlock &rows, int, IntPart (&dots)[kRows][2]) {
  constexpr int kNumQuads = kBlockDepth / kQuad / LayoutOf(kFormat).scales;
  __m512i sums[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = StartOf<kFormat, kPart>(rows, row);
#pragma GCC unroll 2
  for (int quad = kPart * kNumQuads; quad < (kPart + 1) * kNumQuads; quad++) {
    Bytes weights[2];
    LoadQuad<kFormat>(quads, quad, weights);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Bytes numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
      sums[row][0] = _mm512_dpbusd_epi32(sums[row][0], weights[0], numbers);
      sums[row][1] = _mm512_dpbusd_epi32(sums[row][1], weights[1], numbers);
    }
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    dots[row][0] = (IntPart)sums[row][0];
    dots[row][1] = (IntPart)sums[row][1];
  }
}

#else

// Of bytes. Two products stay within 16 bits as long as one factor is unsigned and at most 128: the magnitude of the
// weight, its sign given to the row's number.
template <int kRows>
TOKENFLARE_INLINE void DotBytes(const uint8_t *quads, const RowBlock &rows, __m512i (&sums)[kRows][2]) {
  const __m512i ones = _mm512_set1_epi16(1), top_bits = _mm512_set1_epi8(static_cast<char>(0x80));
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = _mm512_setzero_si512();
#pragma GCC unroll 1
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    Bytes stored[2];
    LoadQuad<Format::kQ8>(quads, quad, stored);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const Bytes weights = _mm512_xor_si512(stored[half], top_bits), magnitudes = _mm512_abs_epi8(weights);
      const __mmask64 is_negative = _mm512_movepi8_mask(weights);
#pragma GCC unroll 6
      for (int row = 0; row < kRows; row++) {
        const Bytes splat = SplatQuad(rows.numbers[row] + quad * kQuad);
        const Bytes numbers = _mm512_mask_sub_epi8(splat, is_negative, _mm512_setzero_si512(), splat);
        const __m512i products = _mm512_madd_epi16(_mm512_maddubs_epi16(magnitudes, numbers), ones);
        sums[row][half] = _mm512_add_epi32(sums[row][half], products);
      }
    }
  }
}

// Of less than bytes.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotNibbles(const uint8_t *quads, const RowBlock &rows, __m512i (&sums)[kRows][2]) {
  constexpr int kNumQuads = kBlockDepth / kQuad / LayoutOf(kFormat).scales;
  constexpr int kInHalves = QuadsInHalves(kFormat);
  const __m512i ones = _mm512_set1_epi16(1);
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = StartOf<kFormat, kPart>(rows, row);
#pragma GCC unroll 1
  for (int first = kPart * kNumQuads; first < (kPart + 1) * kNumQuads; first += kInHalves) {
    __m512i halves[kRows][2];
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) halves[row][0] = halves[row][1] = _mm512_setzero_si512();
#pragma GCC unroll 2
    for (int quad = first; quad < first + kInHalves; quad++) {
      Bytes weights[2];
      LoadQuad<kFormat>(quads, quad, weights);
#pragma GCC unroll 6
      for (int row = 0; row < kRows; row++) {
        const Bytes numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
        halves[row][0] = _mm512_add_epi16(halves[row][0], _mm512_maddubs_epi16(weights[0], numbers));
        halves[row][1] = _mm512_add_epi16(halves[row][1], _mm512_maddubs_epi16(weights[1], numbers));
      }
    }
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      sums[row][0] = _mm512_add_epi32(sums[row][0], _mm512_madd_epi16(halves[row][0], ones));
      sums[row][1] = _mm512_add_epi32(sums[row][1], _mm512_madd_epi16(halves[row][1], ones));
    }
  }
}

// As with VNNI.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotGroup(const uint8_t *quads, const RowBlock &rows, int, IntPart (&dots)[kRows][2]) {
  __m512i sums[kRows][2];
  if constexpr (kFormat == Format::kQ8) DotBytes<kRows>(quads, rows, sums);
  else DotNibbles<kFormat, kPart, kRows>(quads, rows, sums);
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    dots[row][0] = (IntPart)sums[row][0];
    dots[row][1] = (IntPart)sums[row][1];
  }
}

#endif

}  // namespace
}  // namespace tokenflare
