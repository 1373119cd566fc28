#include "multiply_bfloat.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "growing_memory.h"
#include "pool.h"
#include "processor.h"

namespace tokenflare {

#if defined(__x86_64__)

namespace {

// Tiles of both operands that stay in the caches while a chunk is multiplied: a column of blocks of B in the first
// level, the rows of A in the second.
constexpr int64_t kTilesOfDepth = 16;
constexpr int64_t kBlocksOfChunk = 2;

int64_t Blocks(int64_t lanes) { return (lanes + kBlockSide - 1) / kBlockSide; }

using RoundTile = void (*)(const Strided &, int64_t, int64_t, int64_t, int64_t, uint8_t *);

// [blocks of lanes][depth][2] tiles.
void RoundOperand(const Strided &from, int64_t lanes, int64_t depth, RoundTile round, uint8_t *tiles) {
  const int64_t num_tiles = (depth + kTileDepth - 1) / kTileDepth;
  ParallelFor(Blocks(lanes), [&](int64_t block) {
    uint8_t *to = tiles + block * num_tiles * 2 * kTileBytes;
    for (int64_t tile = 0; tile < num_tiles; tile++) {
      for (int64_t half = 0; half < 2; half++, to += kTileBytes) {
        round(from, block * kBlockSide + half * 16, lanes, tile * kTileDepth, depth, to);
      }
    }
  });
}

struct Result {
  float *numbers;
  const float *bias;
  int64_t rows, cols;
};

// One block of the result over a stretch of the depth. What of it is beyond the result goes nowhere.
void MultiplyBlock(const BFloatKernels &kernels, const Result &result, int64_t row, int64_t col, const uint8_t *a,
                   const uint8_t *b, int64_t num_tiles, bool is_first, bool is_last) {
  float *to = result.numbers + row * result.cols + col;
  const int64_t num_rows = std::min(kBlockSide, result.rows - row), num_cols = std::min(kBlockSide, result.cols - col);
  const bool is_whole = num_rows == kBlockSide && num_cols == kBlockSide;
  alignas(64) float edge[kBlockSide * kBlockSide];
  if (is_whole) {
    kernels.multiply_block(a, b, num_tiles, !is_first, to, result.cols);
  } else {
    std::memset(edge, 0, sizeof edge);
    const size_t bytes = num_cols * sizeof(float);
    for (int64_t i = 0; i < num_rows && !is_first; i++) std::memcpy(edge + i * kBlockSide, to + i * result.cols, bytes);
    kernels.multiply_block(a, b, num_tiles, !is_first, edge, kBlockSide);
    for (int64_t i = 0; i < num_rows; i++) std::memcpy(to + i * result.cols, edge + i * kBlockSide, bytes);
  }
  if (!is_last || result.bias == nullptr) return;
  for (int64_t i = 0; i < num_rows; i++) {
    for (int64_t j = 0; j < num_cols; j++) to[i * result.cols + j] += result.bias[col + j];
  }
}

// Whole numbers that bfloat16 holds, so that sums are exact.
bool ComputesRight(const BFloatKernels &kernels) {
  constexpr int64_t kRows = 40, kCols = 72, kDepth = 72;
  std::vector<float> a(kRows * kDepth), b(kCols * kDepth), bias(kCols), output(kRows * kCols);
  for (size_t i = 0; i < a.size(); i++) a[i] = static_cast<float>(i * 7 % 31) - 15;
  for (size_t i = 0; i < b.size(); i++) b[i] = static_cast<float>(i * 11 % 29) - 14;
  for (size_t i = 0; i < bias.size(); i++) bias[i] = static_cast<float>(i);
  // A by rows and B by columns, then the other way round.
  for (const bool by_rows : {true, false}) {
    const Strided left = {a.data(), by_rows ? kDepth : 1, by_rows ? 1 : kRows};
    const Strided right = {b.data(), by_rows ? 1 : kDepth, by_rows ? kCols : 1};
    MultiplyBFloat(kernels, left, right, bias.data(), kRows, kCols, kDepth, output.data());
    for (int64_t row = 0; row < kRows; row++) {
      for (int64_t col = 0; col < kCols; col++) {
        float sum = bias[col];
        for (int64_t k = 0; k < kDepth; k++) {
          sum += a[row * left.lane_stride + k * left.depth_stride] * b[col * right.lane_stride + k * right.depth_stride];
        }
        if (output[row * kCols + col] != sum) return false;
      }
    }
  }
  return true;
}

}  // namespace

const BFloatKernels *BFloatKernelsOfProcessor() {
  if (ProvidesTiles() && ComputesRight(*AmxKernels())) return AmxKernels();
  if (HasAvx512BFloat() && ComputesRight(*Avx512BFloatKernels())) return Avx512BFloatKernels();
  return nullptr;
}

const char *MultiplyBFloat(const BFloatKernels &kernels, const Strided &a, const Strided &b, const float *bias,
                           int64_t rows, int64_t cols, int64_t depth, float *output) {
  static GrowingMemory memory;
  const int64_t num_tiles = (depth + kTileDepth - 1) / kTileDepth, block_bytes = num_tiles * 2 * kTileBytes;
  const int64_t row_blocks = Blocks(rows), col_blocks = Blocks(cols);
  uint8_t *left = static_cast<uint8_t *>(memory.Reserve((row_blocks + col_blocks) * block_bytes));
  if (left == nullptr) return "the system has memory for a product";
  uint8_t *right = left + row_blocks * block_bytes;
  RoundOperand(a, rows, depth, RoundLeftTile, left);
  RoundOperand(b, cols, depth, RoundRightTile, right);
  const Result result = {output, bias, rows, cols};
  ParallelFor((row_blocks + kBlocksOfChunk - 1) / kBlocksOfChunk, [&](int64_t chunk) {
    const int64_t end = std::min(row_blocks, (chunk + 1) * kBlocksOfChunk);
    kernels.begin();
    for (int64_t tile = 0; tile < num_tiles; tile += kTilesOfDepth) {
      const int64_t count = std::min(kTilesOfDepth, num_tiles - tile), offset = tile * 2 * kTileBytes;
      for (int64_t col = 0; col < col_blocks; col++) {
        for (int64_t row = chunk * kBlocksOfChunk; row < end; row++) {
          MultiplyBlock(kernels, result, row * kBlockSide, col * kBlockSide, left + row * block_bytes + offset,
                        right + col * block_bytes + offset, count, tile == 0, tile + count == num_tiles);
        }
      }
    }
    kernels.end();
  });
  return nullptr;
}

#else

const BFloatKernels *BFloatKernelsOfProcessor() { return nullptr; }

const char *MultiplyBFloat(const BFloatKernels &, const Strided &, const Strided &, const float *, int64_t, int64_t,
                           int64_t, float *) {
  return "the processor has products in bfloat16";
}

#endif

}  // namespace tokenflare
