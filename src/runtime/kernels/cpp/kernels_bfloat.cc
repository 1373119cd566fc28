// Compiled with the instructions of AMX and AVX-512 for bfloat16; each function is called where the processor has its own.
#include <immintrin.h>

#include <cstdint>

#include "multiply_bfloat.h"
#include "tiles.h"

namespace tokenflare {
namespace {

// Rounded to even, in the upper half of each number.
inline __m512i Rounded(__m512 numbers) {
  const __m512i bits = _mm512_castps_si512(numbers);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  return _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
}

// Sixteen rows of sixteen words become columns.
inline void Transpose(__m512i (&rows)[16]) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    rows[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    rows[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    rows[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    rows[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(rows[i], rows[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(rows[i], rows[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(rows[8 + i], rows[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(rows[8 + i], rows[12 + i], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    rows[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    rows[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    rows[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
    rows[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
  }
}

inline __mmask16 First(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}

// 32 numbers of a lane's depth, as 16 pairs.
inline __m512i PairsOfDepth(const float *numbers, int64_t depth) {
  const __m512i low = Rounded(_mm512_maskz_loadu_ps(First(depth), numbers));
  const __m512i high = Rounded(_mm512_maskz_loadu_ps(First(depth - 16), numbers + 16));
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(_mm512_srli_epi32(low, 16))),
                            _mm512_cvtepi32_epi16(_mm512_srli_epi32(high, 16)), 1);
}

// Two steps of the depth of 16 lanes, as 16 pairs.
inline __m512i PairsOfLanes(const float *first, const float *second, __mmask16 lanes) {
  const __m512i low = Rounded(_mm512_maskz_loadu_ps(lanes, first));
  const __m512i high = second == nullptr ? _mm512_setzero_si512() : Rounded(_mm512_maskz_loadu_ps(lanes, second));
  return _mm512_or_si512(_mm512_srli_epi32(low, 16), _mm512_and_si512(high, _mm512_set1_epi32(0xffff0000)));
}

// Sixteen lanes, each with the pairs of its depth.
inline void LoadLanes(const Strided &from, int64_t lane, int64_t num_lanes, int64_t k, int64_t depth, __m512i (&rows)[16]) {
  for (int64_t i = 0; i < 16; i++) {
    const float *numbers = from.numbers + (lane + i) * from.lane_stride + k;
    rows[i] = lane + i < num_lanes ? PairsOfDepth(numbers, depth - k) : _mm512_setzero_si512();
  }
}

// Sixteen pairs of steps of the depth, each with sixteen lanes.
inline void LoadPairs(const Strided &from, int64_t lane, int64_t num_lanes, int64_t k, int64_t depth, __m512i (&rows)[16]) {
  const __mmask16 lanes = First(num_lanes - lane);
  for (int64_t i = 0; i < 16; i++) {
    const int64_t step = k + 2 * i;
    const float *numbers = from.numbers + step * from.depth_stride + lane;
    const float *second = step + 1 < depth ? numbers + from.depth_stride : nullptr;
    rows[i] = step < depth ? PairsOfLanes(numbers, second, lanes) : _mm512_setzero_si512();
  }
}

inline void StoreRows(const __m512i (&rows)[16], uint8_t *tile) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) _mm512_storeu_si512(tile + 64 * i, rows[i]);
}

constexpr TileShapes kTileShapes = {{64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

void BeginTiles() { _tile_loadconfig(&kTileShapes); }
void EndTiles() { _tile_release(); }

void MultiplyTiles(const uint8_t *a, const uint8_t *b, int64_t num_tiles, bool adds, float *sums, int64_t stride) {
  const int64_t row_bytes = stride * 4;
  float *lower = sums + 16 * stride;
  if (adds) {
    _tile_loadd(0, sums, row_bytes);
    _tile_loadd(1, sums + 16, row_bytes);
    _tile_loadd(2, lower, row_bytes);
    _tile_loadd(3, lower + 16, row_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t i = 0; i < num_tiles; i++) {
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    _tile_loadd(7, b + kTileBytes, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, a + kTileBytes, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    a += 2 * kTileBytes;
    b += 2 * kTileBytes;
  }
  _tile_stored(0, sums, row_bytes);
  _tile_stored(1, sums + 16, row_bytes);
  _tile_stored(2, lower, row_bytes);
  _tile_stored(3, lower + 16, row_bytes);
}

// The product of a block without tiles: by vectors, eight rows at a time.
void MultiplyVectors(const uint8_t *a, const uint8_t *b, int64_t num_tiles, bool adds, float *sums, int64_t stride) {
  for (int64_t row = 0; row < kBlockSide; row += 8) {
    float *to = sums + row * stride;
    __m512 left[8], right[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      left[i] = adds ? _mm512_loadu_ps(to + i * stride) : _mm512_setzero_ps();
      right[i] = adds ? _mm512_loadu_ps(to + i * stride + 16) : _mm512_setzero_ps();
    }
    const uint8_t *rows = a + row / 16 * kTileBytes + row % 16 * 64;
    for (int64_t tile = 0; tile < num_tiles; tile++) {
      const uint8_t *pairs = rows + tile * 2 * kTileBytes, *cols = b + tile * 2 * kTileBytes;
      for (int pair = 0; pair < 16; pair++) {
        const __m512bh first = (__m512bh)_mm512_loadu_si512(cols + pair * 64);
        const __m512bh second = (__m512bh)_mm512_loadu_si512(cols + kTileBytes + pair * 64);
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
          int32_t word;
          __builtin_memcpy(&word, pairs + i * 64 + pair * 4, sizeof word);
          const __m512bh value = (__m512bh)_mm512_set1_epi32(word);
          left[i] = _mm512_dpbf16_ps(left[i], value, first);
          right[i] = _mm512_dpbf16_ps(right[i], value, second);
        }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      _mm512_storeu_ps(to + i * stride, left[i]);
      _mm512_storeu_ps(to + i * stride + 16, right[i]);
    }
  }
}

void DoNothing() {}

constexpr BFloatKernels kAmx = {"AMX", BeginTiles, EndTiles, MultiplyTiles};
constexpr BFloatKernels kAvx512 = {"AVX-512 BF16", DoNothing, DoNothing, MultiplyVectors};

}  // namespace

void RoundLeftTile(const Strided &from, int64_t lane, int64_t num_lanes, int64_t k, int64_t depth, uint8_t *tile) {
  __m512i rows[16];
  if (from.depth_stride == 1) {
    LoadLanes(from, lane, num_lanes, k, depth, rows);
  } else {
    LoadPairs(from, lane, num_lanes, k, depth, rows);
    Transpose(rows);
  }
  StoreRows(rows, tile);
}

void RoundRightTile(const Strided &from, int64_t lane, int64_t num_lanes, int64_t k, int64_t depth, uint8_t *tile) {
  __m512i rows[16];
  if (from.depth_stride == 1) {
    LoadLanes(from, lane, num_lanes, k, depth, rows);
    Transpose(rows);
  } else {
    LoadPairs(from, lane, num_lanes, k, depth, rows);
  }
  StoreRows(rows, tile);
}

const BFloatKernels *AmxKernels() { return &kAmx; }
const BFloatKernels *Avx512BFloatKernels() { return &kAvx512; }

}  // namespace tokenflare
