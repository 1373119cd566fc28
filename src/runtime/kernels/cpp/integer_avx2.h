// Bytes and their dot products by AVX2, and by AVX-VNNI where TOKENFLARE_AVX_VNNI says so: eight sums a register.
#include <immintrin.h>

namespace tokenflare {
namespace {

inline Ints JoinInts(__m256i low, __m256i high) { return {{(IntPart)low, (IntPart)high}}; }
inline Vector JoinFloats(__m256 low, __m256 high) { return {{(Part)low, (Part)high}}; }

inline Part FmaPart(Part a, Part b, Part c) { return (Part)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
inline Part RootPart(Part a) { return (Part)_mm256_sqrt_ps((__m256)a); }
// Sixteen float16.
inline Vector LoadHalves(const uint8_t *from) {
  const __m128i *halves = reinterpret_cast<const __m128i *>(from);
  return JoinFloats(_mm256_cvtph_ps(_mm_loadu_si128(halves)), _mm256_cvtph_ps(_mm_loadu_si128(halves + 1)));
}
inline void StoreHalves(uint8_t *to, const Vector &values) {
  for (int p = 0; p < kParts; p++) {
    const __m128i halves = _mm256_cvtps_ph((__m256)values.parts[p], _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(to) + p, halves);
  }
}
inline float HalfAt(const uint8_t *from, int64_t index) {
  uint16_t half;
  __builtin_memcpy(&half, from + 2 * index, sizeof half);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}
inline float Widen(Float16 half) { return HalfAt(reinterpret_cast<const uint8_t *>(&half), 0); }
// To the nearest, ties to even.
inline Ints Round(const Vector &values) {
  return JoinInts(_mm256_cvtps_epi32((__m256)values.parts[0]), _mm256_cvtps_epi32((__m256)values.parts[1]));
}
inline void StoreBytes(int8_t *to, const Ints &values) {
  const __m256i packed = _mm256_packs_epi32((__m256i)values.parts[0], (__m256i)values.parts[1]);
  const __m256i words = _mm256_permute4x64_epi64(packed, 0xd8);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(to), bytes);
}
TOKENFLARE_INLINE void StoreRow(int8_t *to, const Ints &low, const Ints &high) {
  StoreBytes(to, low);
  StoreBytes(to + kWidth, high);
}
inline int32_t SumInts(const Ints &values) {
  const IntPart eight = values.parts[0] + values.parts[1];
  int32_t sum = 0;
  for (int i = 0; i < kPartWidth; i++) sum += eight[i];
  return sum;
}

inline __m256i LoadBytes(const uint8_t *from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)); }
// Four signed bytes, in all eight places.
inline __m256i SplatQuad(const int8_t *from) {
  int32_t quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return _mm256_set1_epi32(quad);
}

// Sixteen bytes as floats.
inline Vector WidenUnsigned(const uint8_t *from) {
  const __m256i low = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from)));
  const __m256i high = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from + 8)));
  return ToFloats(JoinInts(low, high));
}
inline Vector WidenSigned(const uint8_t *from) {
  const __m256i low = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from)));
  const __m256i high = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from + 8)));
  return ToFloats(JoinInts(low, high));
}

typedef uint16_t Lanes __attribute__((vector_size(32)));

// The bits from `bit` on, moved to bit 4 of their bytes.
inline __m256i MoveToFour(__m256i bits, int bit, char mask) {
  const Lanes moved = (Lanes)bits >> bit << 4;
  return _mm256_and_si256((__m256i)moved, _mm256_set1_epi8(mask));
}

// The stored numbers of a quad: those of outputs 8 `group` and on, and those 16 above them.
template <Format kFormat>
TOKENFLARE_INLINE void LoadQuad(const uint8_t *quads, int quad, int group, __m256i (&weights)[2]) {
  if constexpr (kFormat == Format::kQ8) {
    weights[0] = LoadBytes(quads + quad * 128 + group * 32);
    weights[1] = LoadBytes(quads + quad * 128 + 64 + group * 32);
    return;
  }
  const __m256i nibbles = LoadBytes(quads + quad * 64 + group * 32);
  weights[0] = _mm256_and_si256(nibbles, _mm256_set1_epi8(15));
  weights[1] = _mm256_and_si256(_mm256_srli_epi16(nibbles, 4), _mm256_set1_epi8(15));
  const uint8_t *high = quads + 512 + group * 32;
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    if constexpr (LayoutOf(kFormat).high_bits == 1) {
      weights[half] = _mm256_or_si256(weights[half], MoveToFour(LoadBytes(high + half * 64), quad, 0x10));
    } else if constexpr (LayoutOf(kFormat).high_bits == 2) {
      const __m256i bits = LoadBytes(high + quad / 4 * 128 + half * 64);
      weights[half] = _mm256_or_si256(weights[half], MoveToFour(bits, quad % 4 * 2, 0x30));
    }
  }
}

// Where the zero point of the weights leaves a row's dot products.
template <Format kFormat, int kPart>
inline __m256i StartOf(const RowBlock &rows, int row) {
  return _mm256_set1_epi32(StartOfPart<LayoutOf(kFormat).scales, kPart>(rows, row, LayoutOf(kFormat).zero_point));
}

#ifdef TOKENFLARE_AVX_VNNI

// The dot products of some of a block's outputs and the rows of a tile, over the part of the depth that has one scale:
// outputs 8 `group` and on, and those 16 above them.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotGroup(const uint8_t *quads, const RowBlock &rows, int group, IntPart (&dots)[kRows][2]) {
  constexpr int kNumQuads = kBlockDepth / kQuad / LayoutOf(kFormat).scales;
  __m256i sums[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = StartOf<kFormat, kPart>(rows, row);
#pragma GCC unroll 2
  for (int quad = kPart * kNumQuads; quad < (kPart + 1) * kNumQuads; quad++) {
    __m256i weights[2];
    LoadQuad<kFormat>(quads, quad, group, weights);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const __m256i numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
      sums[row][0] = _mm256_dpbusd_avx_epi32(sums[row][0], weights[0], numbers);
      sums[row][1] = _mm256_dpbusd_avx_epi32(sums[row][1], weights[1], numbers);
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
TOKENFLARE_INLINE void DotBytes(const uint8_t *quads, const RowBlock &rows, int group, __m256i (&sums)[kRows][2]) {
  const __m256i ones = _mm256_set1_epi16(1), top_bits = _mm256_set1_epi8(static_cast<char>(0x80));
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = _mm256_setzero_si256();
#pragma GCC unroll 1
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    __m256i stored[2];
    LoadQuad<Format::kQ8>(quads, quad, group, stored);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const __m256i weights = _mm256_xor_si256(stored[half], top_bits);
      const __m256i magnitudes = _mm256_abs_epi8(weights);
#pragma GCC unroll 6
      for (int row = 0; row < kRows; row++) {
        const __m256i numbers = _mm256_sign_epi8(SplatQuad(rows.numbers[row] + quad * kQuad), weights);
        const __m256i products = _mm256_madd_epi16(_mm256_maddubs_epi16(magnitudes, numbers), ones);
        sums[row][half] = _mm256_add_epi32(sums[row][half], products);
      }
    }
  }
}

// Of less than bytes.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotNibbles(const uint8_t *quads, const RowBlock &rows, int group, __m256i (&sums)[kRows][2]) {
  constexpr int kNumQuads = kBlockDepth / kQuad / LayoutOf(kFormat).scales;
  constexpr int kInHalves = QuadsInHalves(kFormat);
  const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = StartOf<kFormat, kPart>(rows, row);
#pragma GCC unroll 1
  for (int first = kPart * kNumQuads; first < (kPart + 1) * kNumQuads; first += kInHalves) {
    __m256i halves[kRows][2];
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) halves[row][0] = halves[row][1] = _mm256_setzero_si256();
#pragma GCC unroll 2
    for (int quad = first; quad < first + kInHalves; quad++) {
      __m256i weights[2];
      LoadQuad<kFormat>(quads, quad, group, weights);
#pragma GCC unroll 6
      for (int row = 0; row < kRows; row++) {
        const __m256i numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
        halves[row][0] = _mm256_add_epi16(halves[row][0], _mm256_maddubs_epi16(weights[0], numbers));
        halves[row][1] = _mm256_add_epi16(halves[row][1], _mm256_maddubs_epi16(weights[1], numbers));
      }
    }
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      sums[row][0] = _mm256_add_epi32(sums[row][0], _mm256_madd_epi16(halves[row][0], ones));
      sums[row][1] = _mm256_add_epi32(sums[row][1], _mm256_madd_epi16(halves[row][1], ones));
    }
  }
}

// The dot products of some of a block's outputs and the rows of a tile, over the part of the depth that has one scale:
// outputs 8 `group` and on, and those 16 above them.
template <Format kFormat, int kPart, int kRows>
TOKENFLARE_INLINE void DotGroup(const uint8_t *quads, const RowBlock &rows, int group, IntPart (&dots)[kRows][2]) {
  __m256i sums[kRows][2];
  if constexpr (kFormat == Format::kQ8) DotBytes<kRows>(quads, rows, group, sums);
  else DotNibbles<kFormat, kPart, kRows>(quads, rows, group, sums);
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    dots[row][0] = (IntPart)sums[row][0];
    dots[row][1] = (IntPart)sums[row][1];
  }
}

#endif

}  // namespace
}  // namespace tokenflare
