// Bytes and their dot products by AVX2, and by AVX-VNNI where TOKENFLARE_AVX_VNNI says so: eight sums a register.
#include <immintrin.h>

namespace tokenflare {
namespace {

typedef float HalfVector __attribute__((vector_size(32)));
typedef int32_t HalfInts __attribute__((vector_size(32)));

template <typename Half, int... i>
inline auto Join(Half low, Half high, std::integer_sequence<int, i...>) {
  return __builtin_shufflevector(low, high, i...);
}
constexpr auto kSixteen = std::make_integer_sequence<int, 16>();

inline Ints JoinInts(__m256i low, __m256i high) { return Join((HalfInts)low, (HalfInts)high, kSixteen); }
inline __m256i LowInts(Ints values) {
  return (__m256i)__builtin_shufflevector(values, values, 0, 1, 2, 3, 4, 5, 6, 7);
}
inline __m256i HighInts(Ints values) {
  return (__m256i)__builtin_shufflevector(values, values, 8, 9, 10, 11, 12, 13, 14, 15);
}

inline Vector Fma(Vector a, Vector b, Vector c) { return a * b + c; }
// Sixteen float16.
inline Vector LoadHalves(const uint8_t *from) {
  const __m128i *halves = reinterpret_cast<const __m128i *>(from);
  return Join((HalfVector)_mm256_cvtph_ps(_mm_loadu_si128(halves)), (HalfVector)_mm256_cvtph_ps(_mm_loadu_si128(halves + 1)),
              kSixteen);
}
inline float HalfAt(const uint8_t *from, int64_t index) {
  uint16_t half;
  __builtin_memcpy(&half, from + 2 * index, sizeof half);
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}
// To the nearest, ties to even.
inline Ints Round(Vector values) {
  const HalfVector low = __builtin_shufflevector(values, values, 0, 1, 2, 3, 4, 5, 6, 7);
  const HalfVector high = __builtin_shufflevector(values, values, 8, 9, 10, 11, 12, 13, 14, 15);
  return JoinInts(_mm256_cvtps_epi32((__m256)low), _mm256_cvtps_epi32((__m256)high));
}
inline void StoreBytes(int8_t *to, Ints values) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(LowInts(values), HighInts(values)), 0xd8);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(to), bytes);
}
inline int32_t SumInts(Ints values) {
  int32_t sum = 0;
  for (int i = 0; i < kWidth; i++) sum += values[i];
  return sum;
}

inline __m256i LoadBytes(const uint8_t *from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)); }
// Four signed bytes, in all eight places.
inline __m256i SplatQuad(const int8_t *from) {
  int32_t quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return _mm256_set1_epi32(quad);
}

#ifdef TOKENFLARE_AVX_VNNI

// Sixteen outputs of a block and the rows: `load` gives two times eight of a quad, as unsigned bytes.
template <int kRows, typename Load>
inline __attribute__((always_inline)) void DotSixteen(const RowBlock &rows, int32_t zero_point, const Load &load,
                                                      __m256i (&sums)[kRows][2]) {
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = _mm256_set1_epi32(-zero_point * rows.sums[row]);
#pragma GCC unroll 8
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    __m256i weights[2];
    load(quad, weights);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const __m256i numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
      sums[row][0] = _mm256_dpbusd_avx_epi32(sums[row][0], weights[0], numbers);
      sums[row][1] = _mm256_dpbusd_avx_epi32(sums[row][1], weights[1], numbers);
    }
  }
}

template <Format kFormat, int kRows>
inline __attribute__((always_inline)) void DotBlock(const uint8_t *quads, const RowBlock &rows, Ints (&dots)[kRows][2]) {
  __m256i sums[2][kRows][2];
  const __m256i mask = _mm256_set1_epi8(15);
  for (int half = 0; half < 2; half++) {
    DotSixteen<kRows>(
        rows, ZeroPoint(kFormat),
        [&](int quad, __m256i (&weights)[2]) {
          if constexpr (kFormat == Format::kQ8) {
            weights[0] = LoadBytes(quads + quad * 128 + half * 64);
            weights[1] = LoadBytes(quads + quad * 128 + half * 64 + 32);
          } else {
            const __m256i nibbles = LoadBytes(quads + quad * 64 + half * 32);
            weights[0] = _mm256_and_si256(nibbles, mask);
            weights[1] = _mm256_and_si256(_mm256_srli_epi16(nibbles, 4), mask);
          }
        },
        sums[half]);
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    if constexpr (kFormat == Format::kQ8) {
      dots[row][0] = JoinInts(sums[0][row][0], sums[0][row][1]);
      dots[row][1] = JoinInts(sums[1][row][0], sums[1][row][1]);
    } else {
      dots[row][0] = JoinInts(sums[0][row][0], sums[1][row][0]);
      dots[row][1] = JoinInts(sums[0][row][1], sums[1][row][1]);
    }
  }
}

#else

// Eight outputs of a block of bytes. Two products of bytes stay within 16 bits as long as one factor is unsigned and at
// most 128: the magnitude of the weight, its sign given to the row's number.
template <int kRows>
inline __attribute__((always_inline)) void DotEight(const uint8_t *quads, const RowBlock &rows, __m256i (&sums)[kRows]) {
  const __m256i ones = _mm256_set1_epi16(1), top_bits = _mm256_set1_epi8(static_cast<char>(0x80));
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row] = _mm256_setzero_si256();
#pragma GCC unroll 2
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    const __m256i weights = _mm256_xor_si256(LoadBytes(quads + quad * 128), top_bits);
    const __m256i magnitudes = _mm256_abs_epi8(weights);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const __m256i numbers = _mm256_sign_epi8(SplatQuad(rows.numbers[row] + quad * kQuad), weights);
      sums[row] = _mm256_add_epi32(sums[row], _mm256_madd_epi16(_mm256_maddubs_epi16(magnitudes, numbers), ones));
    }
  }
}

// Eight outputs by low nibbles and eight by high ones. The sums of a block's eight quads stay within 16 bits:
// 8 * 2 * 15 * 127 is 30,480.
template <int kRows>
inline __attribute__((always_inline)) void DotNibbles(const uint8_t *quads, const RowBlock &rows,
                                                      __m256i (&sums)[kRows][2]) {
  const __m256i mask = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = _mm256_setzero_si256();
#pragma GCC unroll 2
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    const __m256i nibbles = LoadBytes(quads + quad * 64);
    const __m256i low = _mm256_and_si256(nibbles, mask), high = _mm256_and_si256(_mm256_srli_epi16(nibbles, 4), mask);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const __m256i numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
      sums[row][0] = _mm256_add_epi16(sums[row][0], _mm256_maddubs_epi16(low, numbers));
      sums[row][1] = _mm256_add_epi16(sums[row][1], _mm256_maddubs_epi16(high, numbers));
    }
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    sums[row][0] = _mm256_madd_epi16(sums[row][0], ones);
    sums[row][1] = _mm256_madd_epi16(sums[row][1], ones);
  }
}

template <Format kFormat, int kRows>
inline __attribute__((always_inline)) void DotBlock(const uint8_t *quads, const RowBlock &rows, Ints (&dots)[kRows][2]) {
  if constexpr (kFormat == Format::kQ8) {
    __m256i sums[4][kRows];
    for (int eight = 0; eight < 4; eight++) DotEight<kRows>(quads + eight * 32, rows, sums[eight]);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      dots[row][0] = JoinInts(sums[0][row], sums[1][row]);
      dots[row][1] = JoinInts(sums[2][row], sums[3][row]);
    }
  } else {
    __m256i sums[2][kRows][2];
    for (int eight = 0; eight < 2; eight++) DotNibbles<kRows>(quads + eight * 32, rows, sums[eight]);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Ints zero = SplatInt(ZeroPoint(kFormat) * rows.sums[row]);
      dots[row][0] = JoinInts(sums[0][row][0], sums[1][row][0]) - zero;
      dots[row][1] = JoinInts(sums[0][row][1], sums[1][row][1]) - zero;
    }
  }
}

#endif

}  // namespace
}  // namespace tokenflare
