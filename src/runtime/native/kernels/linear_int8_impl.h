// The product of rounded rows and a matrix of integers in panels.
//
// Integers are exact, and each float sum starts at zero and adds its blocks from the first to the last: a result has
// the same bits whatever the tile, the thread or the instruction set.

namespace tokenflare {
namespace {

template <BlockFormat kFormat, int kRows>
struct TileSums {
  Floats values[kRows][2];  // [rows][32 outputs]
};

// One block of a panel, times the rows of a tile.
template <BlockFormat kFormat, int kRows>
inline __attribute__((always_inline)) void MultiplyBlock(const uint8_t *block, const RowBlock &rows,
                                                         Floats (&sums)[kRows][2]) {
  constexpr bool kHasMinimum = kFormat == BlockFormat::kQ4Min;
  constexpr int32_t kZero = ZeroPoint(kFormat);
  Ints dots[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    // The dot products begin where the zero point of the weights leaves them, so that it costs nothing.
    dots[row][0] = dots[row][1] = SplatInt(-kZero * rows.sums[row]);
  }
  const uint8_t *quads = block + (kHasMinimum ? 2 : 1) * kScaleBytes;
#pragma GCC unroll 8
  for (int quad = 0; quad < kBlockDepth / kQuad; quad++) {
    Bytes weights[2];
    if constexpr (kFormat == BlockFormat::kQ8) {
      weights[0] = LoadBytes(quads + quad * 128);
      weights[1] = LoadBytes(quads + quad * 128 + 64);
    } else {
      const Bytes nibbles = LoadBytes(quads + quad * 64);
      weights[0] = LowNibbles(nibbles);
      weights[1] = HighNibbles(nibbles);
    }
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Bytes numbers = SplatQuad(rows.numbers[row] + quad * kQuad);
      dots[row][0] = AddDots(dots[row][0], weights[0], numbers);
      dots[row][1] = AddDots(dots[row][1], weights[1], numbers);
    }
  }
  const Floats scales[2] = {LoadHalves(block), LoadHalves(block + kScaleBytes / 2)};
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    const Floats scale = SplatFloat(rows.scales[row]);
    sums[row][0] = Fma(ToFloats(dots[row][0]), scales[0] * scale, sums[row][0]);
    sums[row][1] = Fma(ToFloats(dots[row][1]), scales[1] * scale, sums[row][1]);
  }
  if constexpr (kHasMinimum) {
    const Floats minimums[2] = {LoadHalves(block + kScaleBytes), LoadHalves(block + kScaleBytes * 3 / 2)};
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) {
      const Floats sum = SplatFloat(rows.scales[row] * static_cast<float>(rows.sums[row]));
      sums[row][0] = Fma(minimums[0], sum, sums[row][0]);
      sums[row][1] = Fma(minimums[1], sum, sums[row][1]);
    }
  }
}

struct TileProduct {
  const uint8_t *panel;
  const RowBlock *rows;
  int64_t num_blocks;
  bool prefetches;
  float *output;  // [rows][stride], of the panel's first column
  int64_t stride;
  int num_cols;  // of the panel that there are
  const float *bias;      // [32], or null
  const float *residual;  // as output, or null
  bool gelu;
};

// How far ahead a tile asks for weights.
constexpr int64_t kBytesAhead = 4096;

template <BlockFormat kFormat, int kRows>
void MultiplyTile(const TileProduct &product) {
  Floats sums[kRows][2];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) sums[row][0] = sums[row][1] = SplatFloat(0.0f);
  const uint8_t *block = product.panel;
  for (int64_t b = 0; b < product.num_blocks; b++, block += BlockBytes(kFormat)) {
    if (product.prefetches) {
      for (int64_t byte = 0; byte < BlockBytes(kFormat); byte += 64) __builtin_prefetch(block + kBytesAhead + byte, 0, 3);
    }
    MultiplyBlock<kFormat, kRows>(block, product.rows[b], sums);
  }
  for (int row = 0; row < kRows; row++) {
    FinishRow(product, row, sums[row]);
  }
}

template <BlockFormat kFormat, int kRows = kTileRows>
inline void MultiplyRows(int num_rows, const TileProduct &product) {
  if (num_rows == kRows) {
    MultiplyTile<kFormat, kRows>(product);
  } else if constexpr (kRows > 1) {
    MultiplyRows<kFormat, kRows - 1>(num_rows, product);
  }
}

}  // namespace
}  // namespace tokenflare
