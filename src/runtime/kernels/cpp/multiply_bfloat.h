#ifndef TOKENFLARE_MULTIPLY_BFLOAT_H_
#define TOKENFLARE_MULTIPLY_BFLOAT_H_

#include <cstdint>

#include "multiply_strided.h"

namespace tokenflare {

// Products of numbers that are rounded to bfloat16, with sums in float32, by instructions for just that.

// A block of the result, kBlockSide wide and high, adds up in registers.
constexpr int64_t kBlockSide = 32;
// Both operands are rounded to tiles of 16 lanes and this depth.
constexpr int64_t kTileDepth = 32;
constexpr int64_t kTileBytes = 16 * kTileDepth * 2;

// What one processor has for it.
struct BFloatKernels {
  const char *name;
  // Before and after a thread multiplies blocks.
  void (*begin)();
  void (*end)();
  // sums = a b, or sums += a b: [32, depth], [depth, 32] -> [32, 32], rows of sums `stride` numbers apart. Operands are
  // [num_tiles][2] tiles, one after the other in the depth.
  void (*multiply_block)(const uint8_t *a, const uint8_t *b, int64_t num_tiles, bool adds, float *sums, int64_t stride);
};

// Tiles of 16 lanes from numbers whose lanes, or depth, lie side by side; what is missing is zero.
// [16 lanes][32 depth], as the left operand wants them.
void RoundLeftTile(const Strided &from, int64_t lane, int64_t num_lanes, int64_t k, int64_t depth, uint8_t *tile);
// [16 pairs of the depth][16 lanes][2], as the right operand wants them.
void RoundRightTile(const Strided &from, int64_t lane, int64_t num_lanes, int64_t k, int64_t depth, uint8_t *tile);

// The fastest of this processor that computes right; null where there are none.
const BFloatKernels *BFloatKernelsOfProcessor();

#if defined(__x86_64__)
const BFloatKernels *AmxKernels();
const BFloatKernels *Avx512BFloatKernels();
#endif

// As MultiplyStrided.
const char *MultiplyBFloat(const BFloatKernels &kernels, const Strided &a, const Strided &b, const float *bias,
                           int64_t rows, int64_t cols, int64_t depth, float *output);

}  // namespace tokenflare

#endif  // TOKENFLARE_MULTIPLY_BFLOAT_H_
